"""A trend in one row of characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇"  # no full block: rows of the table would touch


def spark(values: Sequence[float | None], width: int) -> str:
    """The newest values as bars, oldest first; the tallest is the peak of what is shown.

    More values than columns are averaged into equal buckets, counted from the newest. Nothing known: blank.
    """
    if width <= 0 or not values:
        return ""
    columns = _buckets(values, width)
    known = [value for value in columns if value is not None]
    peak = max(known, default=0.0)
    if not known:
        return ""
    bars = [" " if value is None else _BARS[_level(value, peak)] for value in columns]
    return "".join(bars).rjust(width)


def _level(value: float, peak: float) -> int:
    if peak <= 0 or value <= 0:
        return 0
    return min(len(_BARS) - 1, max(1, math.ceil(value / peak * (len(_BARS) - 1))))


def _buckets(values: Sequence[float | None], width: int) -> list[float | None]:
    size = max(1, math.ceil(len(values) / width))
    columns: list[float | None] = []
    for end in range(len(values), 0, -size):
        known = [v for v in values[max(0, end - size) : end] if v is not None and math.isfinite(v)]
        columns.append(sum(known) / len(known) if known else None)
    columns.reverse()
    return columns[-width:]


def fill(fraction: float | None, width: int) -> str:
    """A bar that is full up to ``fraction`` (0..1), one eighth block for the part of a cell; blank when unknown."""
    if fraction is None or not math.isfinite(fraction) or width <= 0:
        return " " * max(0, width)
    filled = max(0.0, min(1.0, fraction)) * width
    whole = int(filled)
    bar = _BARS[-1] * whole
    if whole < width:
        bar += _BARS[round((filled - whole) * (len(_BARS) - 1))]
    return bar.ljust(width, _BARS[0])
