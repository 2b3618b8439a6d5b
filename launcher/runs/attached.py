"""The life of a run that only watches a server which vdeck did not start.

It has no processes, and nothing here can send a signal: whatever becomes of the server, and wherever it runs, it is not
touched. Beside ``Life``, which the supervisor drives for the runs of our own, it has the same few methods.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from launcher import paths
from launcher.runs.keeper import Keeper
from launcher.runs.record import RunRecord
from launcher.runs.server import ServerWatch
from launcher.runs.state import boot_id


class Watching:
    """Status ``running`` until somebody detaches; ``ready`` while the server answers. ``over`` once it has ended."""

    def __init__(
        self,
        run: paths.RunPaths,
        record: RunRecord,
        keeper: Keeper,
        secrets: Mapping[str, str],
    ) -> None:
        self.over = False
        self._run = run
        self._record = record
        self._keeper = keeper
        self._server = ServerWatch(record, keeper, secrets.get("VLLM_API_KEY"))

    def begin(self, mode: str, damage: str | None) -> None:
        """Start to watch, or go on: also after a restart of this machine, for nothing here depends on a process."""
        state = self._keeper.state
        if mode == "start":
            self._keeper.event("attached", self._record.attached)
        else:
            self._keeper.event("supervisor", "taken over by a new supervisor")
        if damage is not None and damage.endswith("damaged"):
            self._keeper.event("problem", f"{damage}; made anew")
        state.boot, state.pids, state.step, state.step_process = boot_id(), [], None, None
        state.started = state.started or (self._record.created if damage is not None else time.time())
        state.ready, state.ended = False, None  # the first tick asks
        if state.wanted == "stop":  # the other one was killed before it could detach
            self._end()
            return
        state.wanted = None
        self._keeper.status("running", state.reason)
        self._server.begin()

    def tick(self, now: float) -> float:
        """Do what is due and say how many seconds may pass until the next call."""
        if self.over:
            return 0.05
        if not os.path.isdir(self._run.folder):  # removed by hand: nobody wants to know, and closing would make it anew
            self.over = True
            return 0.05
        self._server.tick(now)
        return max(0.02, min(1.0, self._server.next_at - now))

    def stop(self, *, force: bool, grace_s: float | None, why: str | None) -> None:
        """Detach. With ``why`` it is only this supervisor that must go (the machine shuts down, say): the record stays
        as it is, and whoever looks next goes on with it."""
        if self.over:
            return
        if why is not None:
            self._keeper.event("supervisor", f"{why}; the next vdeck goes on watching")
            self._keeper.state.reason = "nobody watches it at the moment"
            self._leave()
            return
        self._keeper.state.wanted = "stop"
        self._end()

    def restart(self) -> None:
        """Nobody restarts what vdeck did not start: such a wish is noted and left alone."""
        self._keeper.event("intent", "restart asked for; vdeck did not start this server and leaves it alone")

    def _end(self) -> None:
        self._keeper.state.ended = time.time()
        self._keeper.state.supervisor = None
        self._keeper.status("terminated", "detached; the server was left alone")
        self._leave()

    def _leave(self) -> None:
        """Close what is open; the picture must not say ``ready`` while nobody looks."""
        self._server.stopped()
        self._keeper.state.ready = False
        self.over = True
