"""The arithmetic of Prometheus 3 over samples, in pure functions.

A sample is ``(time in ms, value)``; samples are in order of time. A range is left-open, as in Prometheus 3:
(at - range, at].
Where Prometheus gives no result, or NaN because there is nothing to say, the functions over samples give None.
Source of the formulas: Prometheus 3, promql/functions.go (extrapolatedRate, instantValue) and promql/quantile.go
(BucketQuantile, BucketFraction).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

Sample = tuple[int, float]
Bucket = tuple[float, float]
"""(upper bound, cumulative count)"""

NAN: Final = float("nan")
_SMALL_DELTA: Final = 1e-12
_CLEAR: Final = 1e-9
_TINY: Final = 1e-290
_MIN_NORMAL: Final = 2.2250738585072014e-308
_MAX_FLOAT: Final = 1.7976931348623157e308


def in_range(samples: Sequence[Sample], at_ms: int, range_ms: int) -> list[Sample]:
    """The samples of the range vector ``[range]`` at a time: later than ``at - range``, not later than ``at``."""
    return [sample for sample in samples if at_ms - range_ms < sample[0] <= at_ms]


def rate(samples: Sequence[Sample], *, at_ms: int, range_ms: int) -> float | None:
    """Increase of a counter a second, resets corrected, extrapolated to its edges; None: no two samples."""
    return _extrapolated(samples, at_ms, range_ms, counter=True, per_second=True)


def increase(samples: Sequence[Sample], *, at_ms: int, range_ms: int) -> float | None:
    """``rate`` times the range: seldom a whole number (as in Prometheus); ``counted`` is what was really counted."""
    return _extrapolated(samples, at_ms, range_ms, counter=True, per_second=False)


def delta(samples: Sequence[Sample], *, at_ms: int, range_ms: int) -> float | None:
    """Difference of a gauge over the range, extrapolated to its edges; None: < 2 samples."""
    return _extrapolated(samples, at_ms, range_ms, counter=False, per_second=False)


def irate(samples: Sequence[Sample], *, at_ms: int, range_ms: int) -> float | None:
    """Increase per second between the last two samples of the range; after a reset the last value counts as a whole."""
    inside = in_range(samples, at_ms, range_ms)
    if len(inside) < 2 or inside[-1][0] == inside[-2][0]:
        return None
    (before_ms, before), (last_ms, last) = inside[-2:]
    grown = last if last < before else last - before
    return grown / ((last_ms - before_ms) / 1000)


def counted(samples: Sequence[Sample], *, at_ms: int, range_ms: int) -> float | None:
    """What a counter really counted between the first and the last sample of the range: no extrapolation."""
    inside = in_range(samples, at_ms, range_ms)
    return None if len(inside) < 2 else _grown(inside)


def avg_over_time(samples: Sequence[Sample], *, at_ms: int, range_ms: int) -> float | None:
    """Mean of the samples in the range (each counts the same, as in Prometheus); None without any."""
    inside = in_range(samples, at_ms, range_ms)
    return mean([value for _, value in inside]) if inside else None


def mean(values: Sequence[float]) -> float:
    """The exact mean of at least one value. Infinities of both signs make NaN; a sum too large for a float does not."""
    try:
        return math.fsum(values) / len(values)
    except (ValueError, OverflowError):
        return sum(value / len(values) for value in values)


def avg(values: Iterable[float | None]) -> float | None:
    """Mean over several series at one time; unknown ones are left out."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def total(values: Iterable[float | None]) -> float | None:
    """Sum over several series at one time; unknown ones are left out, None when all are."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def ratio(part: float | None, whole: float | None) -> float | None:
    """``part / whole``; None instead of NaN and infinity (nothing counted in the range)."""
    return part / whole if part is not None and whole else None


def extrapolation(first_ms: int, last_ms: int, count: int, at_ms: int, range_ms: int) -> tuple[float, float, float]:
    """Seconds (sampled, to the start, to the end) that ``rate`` uses when ``count`` >= 2 samples lie in the range."""
    sampled = (last_ms - first_ms) / 1000
    spacing = sampled / (count - 1)
    threshold = spacing * 1.1
    to_start = (first_ms - (at_ms - range_ms)) / 1000
    to_end = (at_ms - last_ms) / 1000
    if to_start >= threshold:
        to_start = spacing / 2
    if to_end >= threshold:
        to_end = spacing / 2
    return sampled, to_start, to_end


def _extrapolated(
    samples: Sequence[Sample], at_ms: int, range_ms: int, *, counter: bool, per_second: bool
) -> float | None:
    inside = in_range(samples, at_ms, range_ms)
    if len(inside) < 2 or inside[0][0] == inside[-1][0]:
        return None
    first = inside[0][1]
    result = _grown(inside) if counter else inside[-1][1] - first
    sampled, to_start, to_end = extrapolation(inside[0][0], inside[-1][0], len(inside), at_ms, range_ms)
    if counter and result > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / result))  # a counter was never below zero
    factor = (sampled + to_start + to_end) / sampled
    if per_second:
        factor /= range_ms / 1000
    return result * factor


def _grown(samples: Sequence[Sample]) -> float:
    """Last less first, and for every drop the value before it: one after the other, as Prometheus adds them."""
    result = samples[-1][1] - samples[0][1]
    previous = samples[0][1]
    for _, value in samples:
        if value < previous:
            result += previous
        previous = value
    return result


def histogram_quantile(q: float, buckets: Iterable[Bucket]) -> float:
    """The q-quantile of cumulative buckets, linear inside a bucket; NaN when nothing was observed."""
    return histogram_quantiles((q,), buckets)[0]


def histogram_quantiles(qs: Sequence[float], buckets: Iterable[Bucket]) -> list[float]:
    """``histogram_quantile`` for several q of the same buckets."""
    ready = prepared(buckets)
    return [quantile(q, ready) for q in qs]


def quantile(q: float, buckets: list[Bucket]) -> float:
    """``histogram_quantile`` of buckets that are ``prepared`` already."""
    if math.isnan(q):
        return NAN
    if not 0 <= q <= 1:
        return -math.inf if q < 0 else math.inf
    if len(buckets) < 2 or not buckets[-1][1]:
        return NAN
    rank = q * buckets[-1][1]
    index = bisect_left(range(len(buckets) - 1), True, key=lambda at: buckets[at][1] >= rank)
    if index == len(buckets) - 1:
        return buckets[-2][0]  # it lies beyond the last finite bound: "at least this"
    end, count = buckets[index]
    if index == 0:
        return end if end <= 0 else end * (rank / count) if count else NAN
    start, below = buckets[index - 1]
    return start + (end - start) * ((rank - below) / (count - below))


def histogram_fraction(lower: float, upper: float, buckets: Iterable[Bucket]) -> float:
    """The part of the observations between two values, linear inside a bucket; NaN without observations."""
    merged = _merged(buckets)
    if not merged or not merged[-1][1] or math.isnan(lower) or math.isnan(upper):
        return NAN
    if lower >= upper:
        return 0.0
    count = merged[-1][1]
    return (min(_rank(upper, merged), count) - min(_rank(lower, merged), count)) / count


def _rank(value: float, buckets: list[Bucket]) -> float:
    """How many observations lie below ``value``."""
    start = 0.0 if buckets[0][0] > 0 else -math.inf
    below = 0.0
    for end, count in buckets:
        if start >= value:
            return below
        if end > value:
            return count if start == -math.inf else below + (count - below) * (value - start) / (end - start)
        start, below = end, count
    return buckets[-1][1]


def _merged(buckets: Iterable[Bucket]) -> list[Bucket]:
    """Sorted, equal bounds added up; empty when the last bound is not +Inf."""
    result: list[Bucket] = []
    for bound, count in sorted(buckets, key=_bound):
        if result and result[-1][0] == bound:
            result[-1] = (bound, result[-1][1] + count)
        else:
            result.append((bound, count))
    return result if result and result[-1][0] == math.inf else []


def _bound(bucket: Bucket) -> float:
    return bucket[0]


def prepared(buckets: Iterable[Bucket]) -> list[Bucket]:
    """Sorted, equal bounds merged (empty when the last one is not +Inf), and ``monotonic``."""
    return monotonic(_merged(buckets))


def monotonic(buckets: list[Bucket]) -> list[Bucket]:
    """Sorted buckets with float noise levelled, and a count below the one before it raised to it. Changes the list."""
    previous = buckets[0][1] if buckets else 0.0
    for index in range(1, len(buckets)):
        bound, count = buckets[index]
        if count - previous > _CLEAR * count > _TINY:  # far from noise: most of them
            previous = count
        elif count == previous:
            continue
        elif count < previous or _almost_equal(previous, count):
            buckets[index] = (bound, previous)
        else:
            previous = count
    return buckets


def _almost_equal(one: float, other: float) -> bool:
    difference = abs(one - other)
    size = abs(one) + abs(other)
    if one == 0 or other == 0 or size < _MIN_NORMAL:
        return difference < _SMALL_DELTA * _MIN_NORMAL
    return difference / min(size, _MAX_FLOAT) < _SMALL_DELTA
