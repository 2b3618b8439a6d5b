"""Answers of several models to one prompt: which came first, which was written fastest. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from launcher.chat.turn import Turn
from tui import format as words

SAME = 0.03
"""A difference below this share is none: two answers of one server differ by more."""


def verdicts(turns: Sequence[Turn | None]) -> list[str]:
    """A line for each answer, once all are there; before that, and for one answer alone, empty lines."""
    if len(turns) < 2 or any(turn is None for turn in turns):
        return [""] * len(turns)
    stats: list[Mapping[str, Any]] = [turn.stats if turn is not None and turn.error is None else {} for turn in turns]
    first = [_figure(one, "ttft_s") for one in stats]
    speed = [_figure(one, "tokens_per_s") for one in stats]
    return [
        "   ".join(part for part in (_first(first, index), _speed(speed, index)) if part) for index in range(len(turns))
    ]


def _first(values: Sequence[float | None], index: int) -> str:
    """``▲ soonest``, or how much later than the soonest."""
    known = [value for value in values if value is not None]
    mine = values[index]
    if mine is None or len(known) < 2:
        return ""
    best = min(known)
    if mine - best <= SAME * best:
        return "▲ soonest"
    return f"▼ {words.latency(mine - best)} later"


def _speed(values: Sequence[float | None], index: int) -> str:
    """``▲ fastest``, or which share of the fastest."""
    known = [value for value in values if value is not None]
    mine = values[index]
    if mine is None or len(known) < 2:
        return ""
    best = max(known)
    return "▲ fastest" if best - mine <= SAME * best else f"▼ {mine / best:.0%} as fast"


def _figure(stats: Mapping[str, Any], key: str) -> float | None:
    value = stats.get(key)
    known = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return float(value) if known and value is not None else None
