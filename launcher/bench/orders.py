"""Why a worker must stop before its work is done: somebody cancels, or the run is no longer what is to be measured."""

from __future__ import annotations

import os
import signal
import time

from launcher import paths
from launcher.runs import files, listing
from launcher.runs.view import RunView

LOOK_S = 0.5
"""So often the run is looked at."""


class Cancelled(Exception):
    """Somebody asked for the end."""


class RunGone(Exception):
    """The run cannot be measured any more; the text says why in one clause."""


class Orders:
    """Asked in every turn of the worker; raises when it is to stop."""

    def __init__(self, at: paths.BenchPaths, run_id: str) -> None:
        self._at = at
        self._run_id = run_id
        self._asked = False
        self._due = 0.0
        self._restarts: int | None = None

    def listen(self) -> None:
        """SIGTERM and SIGINT cancel."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def check(self, *, now: bool = False) -> None:
        """Raises Cancelled or RunGone. The run itself is looked at twice a second, with ``now`` at once."""
        if self._asked or self._cancelled():
            raise Cancelled
        if not now and time.monotonic() < self._due:
            return
        self._due = time.monotonic() + LOOK_S
        if not os.path.isdir(self._at.folder):
            raise Cancelled  # removed by hand: nobody wants to know
        run = listing.load(self._run_id)
        why = gone(run)
        if why is not None:
            raise RunGone(why)
        if self._restarts is None:
            self._restarts = run.restarts
        elif run.restarts != self._restarts:
            raise RunGone("the run was restarted")

    def _cancelled(self) -> bool:
        value, _ = files.read_json(self._at.intent)
        return value is not None and value.get("want") == "cancel"

    def _on_signal(self, *_: object) -> None:
        self._asked = True


def gone(run: RunView) -> str | None:
    """Why this run cannot be measured now, in one clause; None when it can."""
    if not run.live:
        return f"the run ended ({run.status}{': ' + run.reason if run.reason else ''})"
    if run.status == "stopping":
        return "the run is being stopped"
    if not run.ready:
        return f"the server is not ready{': ' + run.reason if run.reason else ''}"
    return None
