"""Is a goal kept? A verdict that does not flap, and its sentence. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from .goals import Goal, attainment
from .promql import Bucket

ENOUGH: Final = 20
"""Observations for a first verdict: below that one slow request alone is more than the 5 % that the usual goal allows,
so a miss would say nothing about the server."""
STILL_ENOUGH: Final = 10
"""Observations to stay with one: traffic around ENOUGH must not make verdicts come and go."""
MARGIN: Final = 0.01
"""A missed goal holds again when the share is that much better than asked (or half way to 100 %, if that is nearer)."""


class Verdict(NamedTuple):
    missed: bool | None
    """None: too little was observed to say."""
    attained: float | None
    observed: float
    """Observations in the time that was looked at."""


def judge(goal: Goal, buckets: Sequence[Bucket], before: bool | None) -> Verdict:
    """The verdict on what ``buckets`` (cumulative) observed; ``before`` is what the last verdict said of missed."""
    count = buckets[-1][1] if buckets else 0.0
    attained = attainment(goal.limit_s, buckets)
    if attained is None or count < (ENOUGH if before is None else STILL_ENOUGH):
        return Verdict(None, attained, count)
    wanted = goal.share + min(MARGIN, (1 - goal.share) / 2) if before else goal.share
    return Verdict(attained < wanted, attained, count)


def sentence(goal: Goal, verdict: Verdict, span_s: float) -> str:
    """``TTFT goal missed: 81 % within 500 ms over 5 min, wanted 95 %``."""
    title, over = goal.title, _span(span_s)
    if verdict.missed is None or verdict.attained is None:
        return f"{title} goal: no verdict any more, {verdict.observed:.0f} observations over {over} are too few"
    word = "missed" if verdict.missed else "holds again"
    part = math.floor(verdict.attained * 1000) / 10  # downwards: 94.97 % must not read as the 95 % that are missed
    return f"{title} goal {word}: {part:g} % within {limit(goal.limit_s)} over {over}, wanted {goal.share * 100:g} %"


def limit(seconds: float) -> str:
    """A limit in words: ``500 ms``, ``20 s``."""
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
