"""Prometheus' functions over a window, for many points of time and many series at once.

All series of a window were sampled at the same times, so which samples lie in the range of a point, and how far the
result is extrapolated, is worked out once (``Grid``) and shared. The results are those of ``promql``.

What differs from Prometheus, all on purpose: a point that lies in a gap (the scrape before it failed), or whose newest
sample is old, has no value; nor has a series that the newest page lacks, where Prometheus goes on with the samples
before; a value NaN is no sample; and where vdeck itself restarted the server, counters are known to have begun again,
even if they are higher now.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import inf
from operator import le
from typing import NamedTuple

from .promql import Bucket, extrapolation, histogram_fraction, monotonic, quantile
from .window import Track, Window

_LOOKBACK = 4
"""A value is shown for so many sample distances; then it is old."""
_LOOKBACK_MS = 5000
"""But at least so long."""


class Span(NamedTuple):
    """The samples ``first`` to ``last`` (both included) that a point is made of, and how to extrapolate (seconds)."""

    first: int
    last: int
    sampled: float
    to_start: float
    to_end: float


class Grid:
    """Points of time over a window, and the range ``(point - range_ms, point]`` of each."""

    def __init__(self, window: Window, points: Sequence[int], range_ms: int) -> None:
        self.window = window
        self.points = points
        self.range_ms = range_ms
        gaps = [event.ms for event in window.events if event.kind == "gap"]
        restarts = [event.ms for event in window.events if event.kind == "restart"]
        times = window.times
        self.restarts = [at for at in (bisect_right(times, ms) for ms in restarts) if 0 < at < len(times)]
        self.at = [_newest(times, gaps, point, window.spacing_ms) for point in points]
        self.spans = self._spans(times)

    def _spans(self, times: Sequence[int]) -> list[Span | None]:
        found: list[Span | None] = []
        for point, newest in zip(self.points, self.at):
            first = bisect_right(times, point - self.range_ms)
            if newest is None or newest <= first:
                found.append(None)
            else:
                shape = extrapolation(times[first], times[newest], newest - first + 1, point, self.range_ms)
                found.append(Span(first, newest, *shape))
        return found

    def only(self, times: array[int]) -> Grid:
        """The same points over some of the samples: for a series that was not always there."""
        part = Grid.__new__(Grid)
        part.window, part.points, part.range_ms = self.window, self.points, self.range_ms
        whole = self.window.times
        part.restarts = [bisect_right(times, whole[at] - 1) for at in self.restarts]
        part.at = []
        for newest in self.at:
            at = bisect_right(times, whole[newest]) - 1 if newest is not None else -1
            part.at.append(at if newest is not None and at >= 0 and times[at] == whole[newest] else None)
        part.spans = part._spans(times)
        return part


def _newest(times: Sequence[int], gaps: list[int], point: int, spacing_ms: int) -> int | None:
    """The sample that is the present one at a time; None in a gap, and when there is none, or only an old one."""
    at = bisect_right(times, point) - 1
    if at < 0 or point - times[at] > max(_LOOKBACK * spacing_ms, _LOOKBACK_MS):
        return None
    gap = bisect_right(gaps, point) - 1
    return None if gap >= 0 and gaps[gap] > times[at] else at


def rates(values: array[float], grid: Grid, *, per_second: bool = True) -> list[float | None]:
    """``rate`` of a counter at each point; ``per_second`` False: ``increase``. None where there are no two samples."""
    if _incomplete(values):
        grid, values = _present(values, grid)
    resets = _resets(values, grid.restarts)
    range_s = grid.range_ms / 1000 if per_second else 1.0
    result: list[float | None] = []
    for span in grid.spans:
        if span is None:
            result.append(None)
            continue
        low, high, sampled, to_start, to_end = span
        first = values[low]
        grown = values[high] - first
        if resets:
            for row in resets[bisect_right(resets, low) : bisect_right(resets, high)]:
                grown += values[row - 1]  # one after the other, as Prometheus adds them
        if grown > 0 and first >= 0:
            to_zero = sampled * (first / grown)  # a counter was never below zero
            if to_zero < to_start:
                to_start = to_zero
        result.append(grown * ((sampled + to_start + to_end) / sampled / range_s))
    return result


def present(values: array[float], grid: Grid) -> list[float | None]:
    """A gauge at each point: its newest sample; None in a gap, and where the series is not there."""
    result: list[float | None] = []
    for at in grid.at:
        value = values[at] if at is not None else None
        result.append(None if value is None or value != value else value)
    return result


def summed(columns: Sequence[list[float | None]]) -> list[float | None]:
    """The sum over series (engines) at each point; unknown ones left out, None when all are unknown."""
    if len(columns) == 1:
        return columns[0]
    result: list[float | None] = []
    for values in zip(*columns):
        known = [value for value in values if value is not None]
        result.append(sum(known) if known else None)
    return result


def averaged(columns: Sequence[list[float | None]]) -> list[float | None]:
    """The mean over series (engines) at each point; unknown ones left out, None when all are unknown."""
    if len(columns) == 1:
        return columns[0]
    result: list[float | None] = []
    for values in zip(*columns):
        known = [value for value in values if value is not None]
        result.append(sum(known) / len(known) if known else None)
    return result


class Buckets:
    """``sum by (le) (rate(bucket))``: the bounds in order, and at each point the cumulative rates that are known (None:
    none of them)."""

    def __init__(self, bounds: list[float], points: list[list[Bucket] | None]) -> None:
        self.bounds = bounds
        self.points = points

    @cached_property
    def ready(self) -> list[list[Bucket] | None]:
        """The points as quantiles need them: merged and monotonic."""
        whole = bool(self.bounds) and self.bounds[-1] == inf
        return [monotonic(point[:]) if point and whole and point[-1][0] == inf else None for point in self.points]


def bucket_rates(tracks: Sequence[Track], grid: Grid) -> Buckets:
    """The buckets of a histogram, each series' rate first, then summed over the engines."""
    bounds: dict[float, list[list[float | None]]] = {}
    for track in tracks:
        bound = track.series.le
        if bound is not None:
            bounds.setdefault(bound, []).append(rates(track.values, grid))
    order = sorted(bounds)
    columns = [summed(bounds[bound]) for bound in order]
    points: list[list[Bucket] | None] = []
    for counts in zip(*columns):
        known = [(bound, count) for bound, count in zip(order, counts) if count is not None]
        points.append(known or None)
    return Buckets(order, points if columns else [None] * len(grid.points))


def quantiles(buckets: Buckets, q: float) -> list[float | None]:
    """``histogram_quantile(q, …)`` at each point; None: nothing was observed."""
    return [_known(quantile(q, ready)) if ready else None for ready in buckets.ready]


def fractions(buckets: Buckets, limit: float) -> list[float | None]:
    """``histogram_fraction(0, limit, …)`` at each point; None: nothing was observed."""
    return [_known(histogram_fraction(0, limit, point)) if point else None for point in buckets.points]


def _known(value: float) -> float | None:
    return None if value != value else value


def _incomplete(values: array[float]) -> bool:
    total = sum(values)
    return total != total


def _present(values: array[float], grid: Grid) -> tuple[Grid, array[float]]:
    """The samples that are there, and the grid over only those."""
    rows = [row for row, value in enumerate(values) if value == value]
    times = grid.window.times
    return grid.only(array("q", [times[row] for row in rows])), array("d", [values[row] for row in rows])


def _resets(values: array[float], restarts: list[int]) -> list[int]:
    """The rows at which the counter began again: it fell, or vdeck restarted the server just before."""
    rows = {at for at in restarts if 0 < at < len(values)}
    if not all(map(le, values, values[1:])):
        rows.update(row for row, (before, value) in enumerate(pairwise(values), 1) if value < before)
    return sorted(rows)
