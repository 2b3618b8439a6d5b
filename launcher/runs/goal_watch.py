"""The goals of a run, judged by its supervisor over the last five minutes: events, ``missed`` in the state, a mark."""

from __future__ import annotations

from collections.abc import Callable

from launcher.metrics import goals as rules
from launcher.metrics import verdict as verdicts
from launcher.metrics.bucket_ring import BucketRing
from launcher.metrics.exposition import Page
from launcher.metrics.goals import Goal, Goals
from launcher.metrics.verdict import Verdict
from launcher.runs import goal_file
from launcher.runs.keeper import Keeper

SPAN_S = 300.0
EVERY_S = 5.0
HOLD_S = 60.0
"""A missed goal is called missed for at least that long: nobody wants a bell more often."""
LOOK_S = 1.0


class GoalWatch:
    """Times are monotonic seconds. ``mark`` puts a word on the metric history."""

    def __init__(self, keeper: Keeper, mark: Callable[[str], None]) -> None:
        self._keeper = keeper
        self._mark = mark
        self._path = keeper.run.goals
        self._goals = Goals()
        self._next_look = 0.0
        self._ring = BucketRing(rules.FAMILIES, span_s=SPAN_S, every_s=EVERY_S)
        self._missed: dict[str, bool] = {}
        """The last verdict by goal; a goal without one is not in it."""
        self._since: dict[str, float] = {}
        """When a goal began to be missed."""
        self._stamp = goal_file.stamp(self._path)
        self._take(0.0, quiet=True)

    def clear(self) -> None:
        """A server begins or has ended: what the one before did is not held against it."""
        self._ring.clear()
        self._missed.clear()
        self._keeper.state.missed = []

    def look(self, now: float) -> None:
        """Take in what somebody wrote into ``goals.json``; at most once a second."""
        if now < self._next_look:
            return
        self._next_look = now + LOOK_S
        stamp = goal_file.stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            self._take(now)

    def page(self, page: Page, now: float) -> None:
        """Judge by one more page; most pages only pass by."""
        if self._ring.add(page, now):  # also without goals: one that is set later is judged at once
            self._judge(now)

    def _take(self, now: float, *, quiet: bool = False) -> None:
        """Read the file; those it had when the supervisor began are no news."""
        found, why = goal_file.read(self._path)
        if found is None:
            self._keeper.event("problem", f"{why}; the goals stay as they were")
        elif found != self._goals:
            if not quiet:
                self._keeper.event("goal", f"goals set: {', '.join(map(_words, found.goals)) or 'none'}")
            self._set(found, now)

    def _set(self, goals: Goals, now: float) -> None:
        for key in rules.KEYS:
            if goals.of(key) != self._goals.of(key):
                self._missed.pop(key, None)
        self._goals = goals
        self._keeper.state.notify = goals.notify
        self._judge(now)

    def _judge(self, now: float) -> None:
        for goal in self._goals.goals:
            before = self._missed.get(goal.key)
            found = verdicts.judge(goal, self._ring.buckets(goal.key), before)
            if found.missed is None:
                self._missed.pop(goal.key, None)
            elif before and not found.missed and now - self._since[goal.key] < HOLD_S:
                continue
            else:
                self._missed[goal.key] = found.missed
            self._tell(goal, found, before, now)
        self._keeper.state.missed = [key for key in rules.KEYS if self._missed.get(key)]

    def _tell(self, goal: Goal, found: Verdict, before: bool | None, now: float) -> None:
        if bool(found.missed) == bool(before):
            return
        self._keeper.event("goal", verdicts.sentence(goal, found, self._ring.span_s))
        if found.missed:
            self._since[goal.key] = now
            self._mark("goal")


def _words(goal: Goal) -> str:
    return f"{goal.title} {verdicts.limit(goal.limit_s)} ({goal.share * 100:g} %)"
