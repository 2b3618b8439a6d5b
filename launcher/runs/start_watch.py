"""What the supervisor makes of a start: what remains by earlier ones, how far a download is, whether anything moves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

from launcher.runs import diagnose, starts
from launcher.runs.download import Download
from launcher.runs.keeper import Keeper
from launcher.runs.movement import Movement, gpu_memory
from launcher.runs.record import RunRecord

PROGRESS_S = 1.0
_FETCHING = ("config", "download")


class StartWatch:
    """One for a run; ``begin`` with each attempt."""

    def __init__(self, record: RunRecord, keeper: Keeper) -> None:
        self._record = record
        self._keeper = keeper
        self._state = keeper.state
        self._key: str | None = None
        self._earlier: tuple[starts.Start, ...] = ()
        self._download: Download | None = None
        self._movement = Movement(self._sizes, lambda pids: gpu_memory(record.gpus, pids))
        self._next_progress = 0.0
        self._progress: str | None = None

    def begin(self, env: Mapping[str, str]) -> None:
        """A server begins to start with these variables."""
        self._key = starts.key(self._record, _hardware(self._record))
        self._earlier = starts.load(self._key) if self._key is not None else ()
        model, folder = self._record.model, diagnose.server_args(self._record).get("download-dir")
        self._download = Download(model, env, folder if isinstance(folder, str) else None) if model else None
        self._movement.clear()
        self._progress = None

    def phase(self, name: str) -> None:
        """A phase began: what do earlier starts say?"""
        state = self._state
        before = [entry[0] for entry in state.phases[:-1]]
        found = starts.expect(self._earlier, name, before) if self._earlier and name != "ready" else None
        state.expect = [found.phase_s, found.longest_s, found.later_s, found.starts] if found is not None else None

    def ready(self) -> None:
        """The start is over; the next one may be measured by it. A full disk costs that, not the run."""
        self._settle()
        if self._key is None:
            return
        try:
            starts.remember(self._key, self._state.phases)
        except OSError:
            return

    def over(self) -> None:
        """The start came to nothing, or was ended."""
        self._settle()

    def tick(self, now: float, pids: Iterable[int]) -> None:
        """While it starts. ``now``: monotonic seconds."""
        if self._download is not None and self._state.phase in _FETCHING:
            if now >= self._next_progress:
                self._next_progress = now + PROGRESS_S
                self._progress = self._download.progress(now)
            self._state.progress = self._state.progress or self._progress
        self._movement.look(now, pids)
        still = self._movement.still_s(now)
        if still is None:
            if self._state.still is not None:
                self._keeper.event("stall", "it moves again")
            self._state.still = None
        elif self._state.still is None:
            self._state.still = round(time.time() - still, 1)
            self._keeper.event("stall", f"nothing has moved for {still:.0f} s: no log, no CPU, no disk, no GPU memory")

    def _settle(self) -> None:
        self._state.expect = self._state.still = None

    def _sizes(self) -> int:
        try:
            log = os.path.getsize(self._keeper.run.output)
        except OSError:
            log = 0
        return log + (self._download.size() if self._download is not None else 0)


def _hardware(record: RunRecord) -> str:
    """The kind of GPU, or the processor: a start on another one is another start."""
    if record.gpus:
        from launcher.host import gpus

        return ", ".join(gpu.name for gpu in gpus.read(processes=False) if gpu.index in record.gpus)
    return f"{os.cpu_count()} CPUs"
