"""What a supervisor makes of the pages that it records: is the server healthy, does it keep its goals."""

from __future__ import annotations

from collections.abc import Callable

from launcher.metrics.exposition import Page
from launcher.runs.goal_watch import GoalWatch
from launcher.runs.health import HealthWatch
from launcher.runs.keeper import Keeper


class Observer:
    """Times are monotonic seconds. ``mark`` puts a word on the metric history."""

    def __init__(self, keeper: Keeper, mark: Callable[[str], None]) -> None:
        self._health = HealthWatch(keeper)
        self._goals = GoalWatch(keeper, mark)

    def look(self, now: float) -> None:
        """Every turn: has somebody set other goals?"""
        self._goals.look(now)

    def page(self, page: Page, now: float) -> None:
        """One page of a server that is ready."""
        self._health.page(page, now)
        self._goals.page(page, now)

    def clear(self) -> None:
        """Another process will answer, or none: what was seen of this one counts no more."""
        self._health.clear()
        self._goals.clear()
