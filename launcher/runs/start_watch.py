"""What a supervisor knows of a start beside its log: how long it may take, how far a download is, whether it moves."""

from __future__ import annotations

import time
from collections.abc import Mapping

from launcher import paths
from launcher.runs import command, hub_cache, starts
from launcher.runs.download import DownloadWatch
from launcher.runs.keeper import Keeper
from launcher.runs.record import RunRecord, StepRecord
from launcher.runs.stall import StallWatch


class StartWatch:
    """One start of a vLLM server, from its first phase until it is ready. Writes into the keeper's state."""

    def __init__(
        self,
        run: paths.RunPaths,
        record: RunRecord,
        keeper: Keeper,
        *,
        env: Mapping[str, str],
        step: StepRecord | None,
        whole: bool = True,
    ) -> None:
        """``whole``: watched from its beginning; the times of another one (and of one that stood still) are no measure
        for later starts."""
        self._state = keeper.state
        self._keeper = keeper
        self._whole = whole
        self._key = starts.key(record)
        self._earlier = starts.read(self._key)
        self._stall = StallWatch(run.output, record.gpus)
        self._download: DownloadWatch | None = None
        if record.model is not None and hub_cache.is_hub_name(record.model) and step is not None:
            self._download = DownloadWatch(record.model, env, command.server_flags((step,)))

    @property
    def progress(self) -> str | None:
        """How far the download is in percent, while one goes on and its size is known."""
        got = self._state.download
        if got is None or got[0] is None or not got[1]:
            return None
        return f"{min(99, int(got[0] * 100 / got[1]))} %"

    def phase(self) -> None:
        """Another phase began: what do earlier starts say of it?"""
        state = self._state
        if state.phase is None:
            return
        found = starts.rests(self._earlier, starts.durations(state.phases), state.phase)
        state.expect = [[round(rest.present_s, 2), round(rest.later_s, 2)] for rest in found]

    def look(self, now: float) -> None:
        """Do what is due. ``now``: monotonic seconds."""
        state = self._state
        if self._download is not None and state.phase in ("config", "download") and self._download.due(now):
            got = self._download.look(now)
            state.download = got if state.phase == "download" else None
        still = self._stall.look(now, {entry[0] for entry in state.pids}, self._download.bytes if self._download else 0)
        if still is not None:
            self._say(still, now)

    def _say(self, still: bool, now: float) -> None:
        state = self._state
        spent = now - self._stall.moved_at
        if still and state.still_since is None:
            state.still_since = round(time.time() - spent, 1)
            self._whole = False  # no measure for others
            self._keeper.event(
                "problem", f"nothing has moved for {spent:.0f} s: no log line, no disk, no CPU, no GPU memory"
            )
        elif not still and state.still_since is not None:
            self._keeper.event("note", f"it moves again, after {time.time() - state.still_since:.0f} s")
            state.still_since = None

    def ready(self) -> None:
        """The server answers: keep how long it took."""
        if self._whole:
            starts.add(self._key, starts.durations(self._state.phases))
