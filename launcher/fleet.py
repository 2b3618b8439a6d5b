"""The fleet: all runs of this user as one frozen snapshot. The one owner of what is read again and again."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import NamedTuple

from launcher import paths
from launcher.host import gpus
from launcher.host.gpus import Gpu
from launcher.metrics import figures
from launcher.metrics.figures import Figures
from launcher.metrics.history import History
from launcher.prometheus import target_file
from launcher.runs import listing
from launcher.runs.adopt import Adopter
from launcher.runs.view import RunView

Stamp = tuple[int, int, int]


class Snapshot(NamedTuple):
    """One moment of the fleet. ``figures`` has an entry for each run whose server gave metrics; ``problem`` says why
    the state folder could not be read, when it could not."""

    runs: tuple[RunView, ...] = ()
    figures: Mapping[str, Figures] = {}
    gpus: tuple[Gpu, ...] = ()
    taken: float = 0.0
    problem: str | None = None

    def run(self, run_id: str | None) -> RunView | None:
        """The run with this id, or None."""
        return next((run for run in self.runs if run.id == run_id), None)


class Fleet:
    """Reads run folders, only what changed since the last poll. Not thread-safe: one poll at a time."""

    def __init__(self) -> None:
        self.chosen: str | None = None
        """The run that is looked at: it gets all figures, the others what the table shows."""
        self._views: dict[str, tuple[Stamp | None, RunView]] = {}
        self._histories: dict[str, History] = {}
        self._adopter = Adopter()

    def poll(self) -> Snapshot:
        """The fleet now: a few milliseconds of file reads, no network. Adopts runs without a supervisor."""
        now = time.time()
        try:
            ids = listing.run_ids()
        except OSError as error:
            return Snapshot(taken=now, problem=f"{paths.runs_dir()} cannot be read: {error.strerror}")
        runs = tuple(self._view(run_id, now) for run_id in ids)
        for gone in set(self._views) - set(ids):
            del self._views[gone]
            self._histories.pop(gone, None)
        self._adopter.look(runs)
        target_file.sweep({run.id for run in runs if run.live})
        found = {run.id: value for run in runs if run.ready and (value := self._figures(run, now)) is not None}
        return Snapshot(runs, found, gpus.read(), now)

    def history(self, run_id: str) -> History | None:
        """The metric history of a run for reading, or None while it has none. The same object each time."""
        known = self._histories.get(run_id)
        if known is None:
            folder = paths.RunPaths.of(run_id).metrics
            if not os.path.isdir(folder):
                return None
            known = self._histories[run_id] = History(folder)
        return known

    def _view(self, run_id: str, now: float) -> RunView:
        run = paths.RunPaths.of(run_id)
        stamp = _stamp(run.state)
        known = self._views.get(run_id)
        if known is not None and known[0] == stamp and stamp is not None:
            return known[1]
        view = listing.load(run_id)
        self._views[run_id] = (stamp, view)
        return view

    def _figures(self, run: RunView, now: float) -> Figures | None:
        history = self.history(run.id)
        if history is None:
            return None
        history.refresh()
        look = figures.current if run.id == self.chosen else figures.brief
        return look(history, now_ms=int(now * 1000))


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
