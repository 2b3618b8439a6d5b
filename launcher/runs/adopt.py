"""Runs whose supervisor was killed get a new one from whoever sees it first: a command, or the screen."""

from __future__ import annotations

import time
from collections.abc import Iterable

from launcher.clusters import registry
from launcher.errors import VdeckError
from launcher.runs import listing
from launcher.runs.view import RunView

AGAIN_S = 5.0
"""A supervisor that cannot come up (disk full) is not started ten times a second."""


def adopt(run: RunView) -> None:
    """Start a supervisor that takes the run over. When several do so at once the lock lets one through."""
    registry.get(run.cluster).launch(run.folder, "adopt")


class Adopter:
    """Looks at runs again and again and adopts those that nobody supervises."""

    def __init__(self) -> None:
        self._tried: dict[str, float] = {}

    def look(self, runs: Iterable[RunView]) -> list[str]:
        """Adopt what needs it; the ids. Being unable to is no fault of the caller's work."""
        adopted = []
        now = time.monotonic()
        for run in runs:
            if run.status in ("completed", "failed", "terminated") or now - self._tried.get(run.id, -AGAIN_S) < AGAIN_S:
                continue
            if not listing.needs_supervisor(run):
                continue
            self._tried[run.id] = now
            try:
                adopt(run)
                adopted.append(run.id)
            except (VdeckError, OSError):
                continue
        return adopted
