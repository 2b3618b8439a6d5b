"""The last part of a life: stop what is left, then be sure that nothing is, in memory and on the GPUs."""

from __future__ import annotations

from launcher.runs.roster import Roster
from launcher.runs.stop import Stopper

GPU_WAIT_S = 5.0
"""The driver takes a moment to give the memory of a killed process back."""


class Ending:
    """Runs a stopper to its end; then says how the run is to be called."""

    def __init__(
        self, roster: Roster, stopper: Stopper, final: tuple[str, str | None], *, gpus: tuple[int, ...]
    ) -> None:
        self._roster = roster
        self._stopper = stopper
        self._final = final
        self._gpus = gpus
        self._pids: set[int] = set()
        self._gone_at: float | None = None

    def hurry(self) -> None:
        """Somebody asked again, with force, while the end was under way."""
        self._stopper.hurry()

    def tick(self, now: float, wrappers: set[int]) -> tuple[str, str | None] | None:
        """One look; (status, reason) once nothing is left, None before."""
        members = self._roster.look()
        if not members:
            members = self._roster.surely_none()
        self._pids.update(members)
        if not self._stopper.step(now, members, wrappers):
            return None
        if self._gone_at is None:
            self._gone_at = now
        if self._gpus and now - self._gone_at < GPU_WAIT_S and self._held():
            return None
        return self._final

    def _held(self) -> bool:
        from launcher.host import gpus  # only a run that has GPUs pays for this import

        ours = [gpu for gpu in gpus.read() if gpu.index in self._gpus]
        return any(self._pids & set(gpu.pids) for gpu in ours)
