"""The rules in which releases of Prometheus differ, written out once more, so that a 2.x can be the oracle of 3.x code.

vdeck follows Prometheus 3. A 2.x differs in two lines of ``rate`` (and in one of ``histogram_quantile`` before 2.49):

window  2.x: a sample exactly at the left edge of the range counts; 3.x: it does not (the range is left-open)
clamp   2.x: "a counter was never below zero" is applied before "too far from the edge: half a spacing"; 3.x: after it
noise   before 2.49: buckets that differ by less than 1e-12 are taken as different
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

Sample = tuple[int, float]
Bucket = tuple[float, float]


class Rules(NamedTuple):
    """What a version does in the three points."""

    closed: bool
    clamp_first: bool
    noise: bool

    @classmethod
    def of(cls, version: tuple[int, ...]) -> Rules:
        """The rules of a Prometheus."""
        return cls(version < (3,), version < (3,), version < (2, 49))


OURS = Rules(closed=False, clamp_first=False, noise=False)


def window(samples: Sequence[Sample], at_ms: int, range_ms: int, rules: Rules) -> list[Sample]:
    """The samples of the range."""
    start = at_ms - range_ms
    return [sample for sample in samples if start < sample[0] <= at_ms or (rules.closed and sample[0] == start)]


def rate(samples: Sequence[Sample], at_ms: int, range_ms: int, rules: Rules) -> float | None:
    """``rate`` as this version computes it."""
    value = increase(samples, at_ms, range_ms, rules)
    return None if value is None else value / (range_ms / 1000)


def increase(samples: Sequence[Sample], at_ms: int, range_ms: int, rules: Rules) -> float | None:
    """``increase`` as this version computes it."""
    return _extrapolated(window(samples, at_ms, range_ms, rules), at_ms, range_ms, True, rules)


def delta(samples: Sequence[Sample], at_ms: int, range_ms: int, rules: Rules) -> float | None:
    """``delta`` as this version computes it."""
    return _extrapolated(window(samples, at_ms, range_ms, rules), at_ms, range_ms, False, rules)


def irate(samples: Sequence[Sample], at_ms: int, range_ms: int, rules: Rules) -> float | None:
    """``irate`` as this version computes it."""
    inside = window(samples, at_ms, range_ms, rules)[-2:]
    if len(inside) < 2:
        return None
    (start, before), (end, last) = inside
    return (last if last < before else last - before) / ((end - start) / 1000)


def avg_over_time(samples: Sequence[Sample], at_ms: int, range_ms: int, rules: Rules) -> float | None:
    """``avg_over_time`` as this version computes it."""
    values = [value for _, value in window(samples, at_ms, range_ms, rules)]
    if not values:
        return None
    if all(map(math.isfinite, values)):
        return math.fsum(values) / len(values)
    return sum(value for value in values if not math.isfinite(value))


FUNCTIONS: dict[str, Callable[[Sequence[Sample], int, int, Rules], float | None]] = {
    "rate": rate,
    "increase": increase,
    "irate": irate,
    "delta": delta,
    "avg_over_time": avg_over_time,
}


def _extrapolated(inside: list[Sample], at_ms: int, range_ms: int, counter: bool, rules: Rules) -> float | None:
    if len(inside) < 2:
        return None
    (first_ms, first), (last_ms, last) = inside[0], inside[-1]
    grown = last - first
    if counter:
        for (_, before), (_, after) in pairwise(inside):
            if after < before:
                grown += before
    sampled = (last_ms - first_ms) / 1000
    spacing = sampled / (len(inside) - 1)
    to_start = (first_ms - (at_ms - range_ms)) / 1000
    to_end = (at_ms - last_ms) / 1000
    to_zero = sampled * (first / grown) if counter and grown > 0 and first >= 0 else math.inf
    if rules.clamp_first:
        to_start = min(to_start, to_zero)
    if to_start >= spacing * 1.1:
        to_start = spacing / 2
    if not rules.clamp_first:
        to_start = min(to_start, to_zero)
    if to_end >= spacing * 1.1:
        to_end = spacing / 2
    return grown * ((sampled + to_start + to_end) / sampled)


def touches(samples: Sequence[Sample], at_ms: int, range_ms: int) -> bool:
    """Whether the window or the clamp rule plays a part here at all: a sample lies on the left edge, or the zero of the
    counter lies between the first sample and a left edge that is too far away."""
    if any(ms == at_ms - range_ms for ms, _ in samples):
        return True
    inside = window(samples, at_ms, range_ms, OURS)
    if len(inside) < 2:
        return False
    sampled = inside[-1][0] - inside[0][0]
    far = inside[0][0] - (at_ms - range_ms) >= 1.1 * sampled / (len(inside) - 1) * (1 - 1e-12)
    grown = inside[-1][1] - inside[0][1] + sum(a[1] for a, b in pairwise(inside) if b[1] < a[1])
    return far and grown > 0 and inside[0][1] >= 0


def quantile(q: float, buckets: Sequence[Bucket], rules: Rules) -> float:
    """``histogram_quantile`` as this version computes it."""
    if math.isnan(q) or not 0 <= q <= 1:
        return math.nan if math.isnan(q) else math.copysign(math.inf, q)
    ready = merged(buckets)
    if not ready or ready[-1][0] != math.inf:
        return math.nan
    bounds, counts = [bound for bound, _ in ready], _monotonic([count for _, count in ready], rules)
    if len(bounds) < 2 or counts[-1] == 0:
        return math.nan
    rank = q * counts[-1]
    at = bisect_left(range(len(bounds) - 1), True, key=lambda index: counts[index] >= rank)
    if at == len(bounds) - 1:
        return bounds[-2]
    if at == 0:
        if bounds[0] <= 0:
            return bounds[0]
        return bounds[0] * (rank / counts[0]) if counts[0] else math.nan
    part = (rank - counts[at - 1]) / (counts[at] - counts[at - 1])
    return bounds[at - 1] + (bounds[at] - bounds[at - 1]) * part


def merged(buckets: Sequence[Bucket]) -> list[Bucket]:
    """In order of the bounds, equal bounds added up."""
    found: dict[float, float] = {}
    for bound, count in buckets:
        found[bound] = found[bound] + count if bound in found else count
    return sorted(found.items())


def _monotonic(counts: list[float], rules: Rules) -> list[float]:
    result, highest = counts[:1], counts[0]
    for count in counts[1:]:
        if count < highest or (not rules.noise and near(count, highest)):
            result.append(highest)
            continue
        result.append(count)
        if count > highest or not rules.noise:  # a NaN: the old code forgets it, the new one goes on from it
            highest = count
    return result


def near(one: float, other: float) -> bool:
    """Whether two counts differ by what rounding leaves: less than 1e-12 of their sum."""
    size = abs(one) + abs(other)
    if one == 0 or other == 0 or size < 2.2250738585072014e-308:
        return abs(one - other) < 1e-12 * 2.2250738585072014e-308
    return abs(one - other) / min(size, 1.7976931348623157e308) < 1e-12


def around(samples: Sequence[Sample], at_ms: int, range_ms: int) -> Sequence[Sample]:
    """The samples of the range and one more on each side: what any function looks at, found quickly."""
    first = bisect_left(samples, (at_ms - range_ms, -math.inf))
    return samples[max(0, first - 1) : bisect_left(samples, (at_ms + 1, -math.inf)) + 1]
