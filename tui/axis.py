"""Round axes for charts: values from 0 upwards or by powers of ten, and local times. Pure functions."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_SPANS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_BYTES = ("B", "B/s")


class Axis(NamedTuple):
    """A y axis from ``lo`` to ``hi`` with round ``ticks``, in the unit of the values."""

    lo: float
    hi: float
    ticks: tuple[float, ...]
    log: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The ends in the scale of ``project``."""
        return (math.log10(self.lo), math.log10(self.hi)) if self.log else (self.lo, self.hi)

    def project(self, values: Sequence[float | None]) -> Sequence[float | None]:
        """The values as they are drawn: themselves, or their powers of ten (what is not above 0 stands at the end)."""
        return [None if v is None else self._power(v) for v in values] if self.log else values

    def at(self, value: float) -> float:
        """One value as it is drawn."""
        return self._power(value) if self.log else value

    def _power(self, value: float) -> float:
        return math.log10(value) if value > 0 else value if value != value else math.log10(self.lo)


def linear(values: Iterable[float | None], parts: int, unit: str = "") -> Axis:
    """An axis from 0 to the next round number above every value, in at most ``parts`` steps.

    Percent always go to 100, ratios to 1 while no value is above; bytes have round binary steps. Without any value the
    axis goes to 1.
    """
    peak = max((v for v in values if v is not None and math.isfinite(v)), default=0.0)
    top = {"%": 100.0, "ratio": 1.0}.get(unit)
    fixed = top is not None and peak <= top
    end = top if top is not None and fixed else peak if peak > 0 else 1.0
    base = 1024.0 ** max(0, math.floor(math.log2(end) / 10)) if unit in _BYTES else 1.0
    step = round_step(end / base, max(1, parts)) * base
    steps = max(1, math.ceil(end / step - 1e-9))
    hi = end if fixed else step * steps
    return Axis(0.0, hi, tuple(step * index for index in range(steps + 1) if step * index <= hi * (1 + 1e-9)))


_LARGEST = 308
"""The largest power of ten that a number can be."""


def logarithmic(values: Iterable[float | None], parts: int) -> Axis:
    """An axis of powers of ten around every value above 0; 1 to 10 without any."""
    seen = [v for v in values if v is not None and 0 < v < math.inf]
    low = _exponent(min(seen, default=1.0))
    high = min(_LARGEST, max(low + 1, math.ceil(math.log10(max(seen, default=10.0)) - 1e-9)))
    every = max(1, math.ceil((high - low) / max(1, parts)))
    factors = (1, 2, 5) if high - low == 1 and parts >= 3 else (1,)
    ticks = [10.0**power * factor for power in range(low, high, every) for factor in factors]
    if (high - low) % every == 0:
        ticks.append(10.0**high)
    return Axis(10.0**low, 10.0**high, tuple(ticks), log=True)


def _exponent(value: float) -> int:
    return min(_LARGEST - 1, max(-300, math.floor(math.log10(value) + 1e-9)))


def round_step(span: float, parts: int) -> float:
    """The smallest of 1, 2, 5 x 10^n that cuts ``span`` into at most ``parts`` parts; 1.0 for no span."""
    if not math.isfinite(span) or span <= 0 or parts < 1:
        return 1.0
    raw = span / parts
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 1e-300 else 1e-300
    for factor in (1, 2, 5):
        if factor * power >= raw * (1 - 1e-9):
            return factor * power
    return 10 * power


class Tick(NamedTuple):
    """A mark of the time axis at a cell column."""

    at: int
    label: str


def time_ticks(start_ms: int, end_ms: int, width: int) -> tuple[Tick, ...]:
    """Round local times for an axis of ``width`` cells, as far apart as their labels need."""
    span_s = (end_ms - start_ms) / 1000
    if width < 8 or span_s <= 0:
        return ()
    offset = time.localtime(start_ms / 1000).tm_gmtoff
    for step in _SPANS_S:
        room = len("00:00:00" if step < 60 else "00:00") + 3
        if step / span_s * (width - 1) >= room:
            break
    else:
        return ()
    first = math.ceil((start_ms / 1000 + offset) / step) * step - offset
    ticks = []
    at = float(first)
    while at <= end_ms / 1000:
        pattern = "%H:%M:%S" if step < 60 else "%H:%M"
        column = (at * 1000 - start_ms) / (end_ms - start_ms) * (width - 1)
        ticks.append(Tick(round(column), time.strftime(pattern, time.localtime(at))))
        at += step
    return tuple(ticks)
