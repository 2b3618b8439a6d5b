"""Goals (SLOs) of a run: how long a first token, the next token and a whole request may take, and how often.

What histograms can and cannot say. The share of the observations within a limit is read off the cumulative buckets,
linear inside the bucket in which the limit lies (Prometheus' ``histogram_fraction``): exact when the limit is a bound
of the server's buckets, an estimate else. Each goal is judged for itself: whether *the same request* met all of them
(joint goodput) is not in the histograms and cannot be known from outside; ``vllm bench serve --goodput`` can, for it
sees every request. TTFT and ITL count aborted requests too, and a request counts when its token comes or when it ends,
not when it arrives. A request that waits for ever is in no histogram: that is what ``health`` is for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from . import names
from .promql import Bucket, histogram_fraction

TITLES: Final = {"ttft": "TTFT", "itl": "ITL", "e2e": "E2E"}
KEYS: Final = tuple(TITLES)
FAMILIES: Final = {"ttft": names.TTFT, "itl": names.ITL, "e2e": names.E2E}
"""The histogram that each goal is judged by; the first name that the server has."""
SHARE: Final = 0.95
"""How often a goal must hold when nobody says."""
NOTIFY: Final = ("off", "bell", "desktop")


class Goal(NamedTuple):
    """``share`` (0 to 1) of the requests (ITL: of the tokens) within ``limit_s`` seconds."""

    key: str
    """ttft, itl or e2e"""
    limit_s: float
    share: float = SHARE

    @property
    def title(self) -> str:
        """As people write it: TTFT, ITL, E2E."""
        return TITLES[self.key]


class Goals(NamedTuple):
    """What a run is to keep to, in the order of ``KEYS``, and what the screen does when it begins to miss one."""

    goals: tuple[Goal, ...] = ()
    notify: str = "off"
    """off, bell or desktop"""

    def of(self, key: str) -> Goal | None:
        """The goal with this key."""
        return next((goal for goal in self.goals if goal.key == key), None)


def ordered(goals: Iterable[Goal]) -> tuple[Goal, ...]:
    """One goal for each key, the last that was given, in the order of ``KEYS``."""
    last = {goal.key: goal for goal in goals}
    return tuple(last[key] for key in KEYS if key in last)


def attainment(limit_s: float, buckets: Iterable[Bucket]) -> float | None:
    """The share of the observations within ``limit_s``; None when nothing was observed, or there is no +Inf bucket."""
    share = histogram_fraction(-math.inf, limit_s, buckets)
    return None if math.isnan(share) else share


def to_json(goals: Goals) -> dict[str, Any]:
    """The document of ``goals.json``."""
    return {"goals": [goal._asdict() for goal in goals.goals], "notify": goals.notify}


def from_json(value: Mapping[str, Any]) -> Goals:
    """The goals in a document; keys of a newer vdeck are left out. Raises ValueError when it holds no goals."""
    entries = value.get("goals", [])
    if not isinstance(entries, list):
        raise ValueError("goals must be a list")
    notify = value.get("notify", "off")
    if notify not in NOTIFY:
        raise ValueError("notify must be off, bell or desktop")
    return Goals(ordered(goal for entry in entries if (goal := _goal(entry)) is not None), notify)


def _goal(entry: Any) -> Goal | None:
    if not isinstance(entry, dict):
        raise ValueError("a goal must be a mapping")
    key = entry.get("key")
    if key not in TITLES:
        return None
    limit_s, share = _number(entry.get("limit_s")), _number(entry.get("share", SHARE))
    if not 0 < limit_s < math.inf or not 0 < share <= 1:
        raise ValueError(f"the goal {key} has no sound limit and share")
    return Goal(key, limit_s, share)


def _number(value: Any) -> float:
    """As float; NaN for what is no number."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
