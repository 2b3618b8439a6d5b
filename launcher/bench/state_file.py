"""``state.json`` of a benchmark: written by its worker, when something changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from launcher.bench.plan import Load
from launcher.bench.result import Progress, Status
from launcher.runs import files

SAVE_S = 0.25
"""Progress is written so often at the most."""


class StateFile:
    """The one owner of a benchmark's state."""

    def __init__(self, path: str, mask: Callable[[str], str]) -> None:
        """``mask``: takes the secrets of the run out of what clients and servers say."""
        self._path = path
        self._mask = mask
        self._value: dict[str, Any] = {
            "status": "starting", "reason": None, "worker": os.getpid(), "started": time.time(), "ended": None,
            "progress": None, "measuring": None, "measuring_since": None,
        }  # fmt: skip
        self._written: dict[str, Any] = {}
        self._due = 0.0

    def progress(self, progress: Progress) -> None:
        """Where it is: a new step is on disk at once, a count within ``SAVE_S``."""
        before = self._value["progress"] or {}
        stepped = (before.get("load"), before.get("step")) != (progress.load, progress.step)
        self._value |= {"status": "running", "progress": progress._asdict()}
        self._save(now=stepped)

    def measuring(self, load: Load | None, since: float | None) -> None:
        """The load whose requests are under way since then (seconds since the epoch); None when none is."""
        self._value |= {"measuring": None if load is None else list(load), "measuring_since": since}
        self._save(now=True)

    def end(self, status: Status, reason: str | None) -> None:
        """The last word."""
        said = None if reason is None else self._mask(reason)
        self._value |= {
            "status": status, "reason": said, "ended": time.time(), "progress": None, "measuring": None,
            "measuring_since": None,
        }  # fmt: skip
        self._save(now=True)

    def _save(self, *, now: bool = False) -> None:
        if self._value == self._written or (not now and time.monotonic() < self._due):
            return
        try:
            files.write_json(self._path, self._value)
        except OSError:  # a full disk: the next one may succeed, and the measurement goes on
            return
        self._written = dict(self._value)
        self._due = time.monotonic() + SAVE_S
