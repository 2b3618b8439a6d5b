"""The arithmetic by hand-computed cases, and all edge cases that real scrapes bring."""

import math

import pytest

from launcher.metrics import promql

INF, NAN = math.inf, math.nan


def every(step_s: float, *values: float) -> list[tuple[int, float]]:
    """Samples at step, 2 step, …"""
    return [(round((index + 1) * step_s * 1000), value) for index, value in enumerate(values)]


RATES = [
    # samples, at, range, increase: (last - first + resets) x (sampled + to start + to end) / sampled
    pytest.param(every(10, 0, 10, 20, 30), 40_000, 40_000, 30 * (30 + 0 + 0) / 30, id="zero at the first sample"),
    pytest.param(every(10, 100, 110, 120, 130), 40_000, 40_000, 30 * (30 + 10 + 0) / 30, id="reaches to both edges"),
    pytest.param(every(10, 100, 110, 120, 130), 42_000, 42_000, 30 * (30 + 10 + 2) / 30, id="end 2 s after the last"),
    pytest.param(every(10, 100, 110, 120, 130), 60_000, 60_000, 30 * (30 + 10 + 5) / 30, id="end too far: half a step"),
    pytest.param(every(10, 100, 110, 120, 130), 45_000, 145_000, 30 * (30 + 5 + 5) / 30, id="window longer than data"),
    pytest.param(every(10, 2, 12, 22), 30_000, 30_000, 20 * (20 + 2 + 0) / 20, id="never below zero: 2 s to zero"),
    pytest.param(every(10, 5, 15, 3, 13), 40_000, 40_000, (8 + 15) * (30 + 30 * 5 / 23) / 30, id="one reset"),
    pytest.param(every(10, 9, 1, 9, 2), 40_000, 40_000, (-7 + 9 + 9) * (30 + 10) / 30, id="two resets"),
    pytest.param(every(10, 7, 7, 7), 30_000, 30_000, 0.0, id="equal for the whole window"),
    pytest.param(every(10, 100, 104), 20_000, 20_000, 4 * (10 + 10) / 10, id="exactly two samples"),
    pytest.param(every(10, 100, 110, 120, 130), 40_000, 30_000, 20 * (20 + 10) / 20, id="left edge is left open"),
    pytest.param([(1000, 10), (4000, 13), (5000, 14)], 5000, 5000, 4 * (4 + 1) / 4, id="irregular"),
    pytest.param(every(10, 1), 10_000, 60_000, None, id="one sample"),
    pytest.param([], 10_000, 60_000, None, id="no sample"),
    pytest.param(every(10, 1, 2, 3), 90_000, 30_000, None, id="all too old"),
]


@pytest.mark.parametrize(("samples", "at", "width", "expected"), RATES)
def test_increase_and_rate(samples: list[tuple[int, float]], at: int, width: int, expected: float | None) -> None:
    increase = promql.increase(samples, at_ms=at, range_ms=width)
    rate = promql.rate(samples, at_ms=at, range_ms=width)
    if expected is None:
        assert increase is None
        assert rate is None
    else:
        assert increase == pytest.approx(expected, rel=1e-12)
        assert rate == pytest.approx(expected / (width / 1000), rel=1e-12)


def test_a_gap_inside_the_window_is_spanned() -> None:
    samples = [(10_000, 100.0), (20_000, 110.0), (50_000, 140.0), (60_000, 150.0)]
    # spacing (60 - 10) / 3 = 16.67 s, threshold 18.3 s: the 10 s to the start count in full
    assert promql.increase(samples, at_ms=60_000, range_ms=60_000) == pytest.approx(50 * (50 + 10) / 50)


def test_delta_knows_no_reset_and_no_zero() -> None:
    assert promql.delta(every(10, 5, 9, 1), at_ms=30_000, range_ms=30_000) == pytest.approx(-4 * (20 + 10) / 20)


def test_irate_uses_the_last_two_samples() -> None:
    assert promql.irate(every(10, 0, 100, 130), at_ms=35_000, range_ms=60_000) == 3.0
    assert promql.irate(every(10, 0, 100, 30), at_ms=30_000, range_ms=60_000) == 3.0  # after a reset: the value itself
    assert promql.irate(every(10, 5), at_ms=30_000, range_ms=60_000) is None
    assert promql.irate(every(10, 1, 2, 3), at_ms=30_000, range_ms=10_000) is None  # the left sample is outside


def test_counted_is_the_plain_difference() -> None:
    assert promql.counted(every(10, 5, 15, 3, 13), at_ms=60_000, range_ms=60_000) == 23
    assert promql.counted(every(10, 5), at_ms=60_000, range_ms=60_000) is None


def test_nan_and_infinite_values_pass_through() -> None:
    assert math.isnan(promql.rate(every(10, 1, NAN, NAN), at_ms=30_000, range_ms=30_000) or 0)
    assert promql.rate(every(10, 1, 2, INF), at_ms=30_000, range_ms=30_000) == INF


def test_averages() -> None:
    assert promql.avg_over_time(every(10, 1, 2, 6), at_ms=30_000, range_ms=30_000) == 3.0
    assert promql.avg_over_time([], at_ms=30_000, range_ms=30_000) is None
    assert promql.avg([1.0, None, 3.0]) == 2.0
    assert promql.avg([None]) is None
    assert promql.total([1.0, None, 3.0]) == 4.0
    assert promql.total([]) is None
    assert promql.ratio(6.0, 3.0) == 2.0
    assert promql.ratio(0.0, 0.0) is None
    assert promql.ratio(None, 3.0) is None


BUCKETS = [(0.1, 10.0), (0.5, 30.0), (1.0, 40.0), (INF, 40.0)]
QUANTILES = [
    pytest.param(0.5, BUCKETS, 0.1 + 0.4 * (20 - 10) / 20, id="inside a bucket"),
    pytest.param(0.25, BUCKETS, 0.1, id="exactly on a bound"),
    pytest.param(0.125, BUCKETS, 0.05, id="the first bucket begins at 0"),
    pytest.param(0, BUCKETS, 0.0, id="q 0"),
    pytest.param(1, BUCKETS, 1.0, id="q 1"),
    pytest.param(-0.1, BUCKETS, -INF, id="q below 0"),
    pytest.param(1.1, BUCKETS, INF, id="q above 1"),
    pytest.param(NAN, BUCKETS, NAN, id="q NaN"),
    pytest.param(0.99, [(0.1, 1.0), (0.5, 2.0), (INF, 10.0)], 0.5, id="beyond the last bound: that bound"),
    pytest.param(0.5, [(0.1, 0.0), (INF, 4.0)], 0.1, id="all in +Inf"),
    pytest.param(0.9, [(0.3, 8.0), (0.5, 8.0), (INF, 8.0)], 0.27, id="all in the first bucket"),
    pytest.param(0.5, [(-1.0, 5.0), (1.0, 10.0), (INF, 10.0)], -1.0, id="first bound not above 0"),
    pytest.param(0.75, [(-1.0, 5.0), (1.0, 10.0), (INF, 10.0)], 0.0, id="a bucket across 0"),
    pytest.param(0.5, [(0.1, 0.0), (INF, 0.0)], NAN, id="nothing observed"),
    pytest.param(0.5, [(INF, 5.0)], NAN, id="one bucket"),
    pytest.param(0.5, [(0.1, 5.0), (1.0, 9.0)], NAN, id="no +Inf"),
    pytest.param(0.5, [], NAN, id="no bucket"),
    pytest.param(0.5, [(0.1, NAN), (INF, NAN)], 0.1, id="NaN counts: the last finite bound, as Prometheus has it"),
    pytest.param(0.5, [(INF, 40.0), (1.0, 40.0), (0.1, 10.0), (0.5, 30.0)], 0.3, id="unsorted"),
    pytest.param(0.5, [(1.0, 4.0), (1.0, 6.0), (INF, 8.0), (INF, 12.0)], 1.0, id="equal bounds are added"),
    pytest.param(0.5, [(0.1, 10.0), (0.5, 6.0), (1.0, 20.0), (INF, 20.0)], 0.1, id="a count that falls is raised"),
    pytest.param(0.75, [(0.1, 10.0), (0.5, 6.0), (1.0, 20.0), (INF, 20.0)], 0.75, id="and then counts as raised"),
    pytest.param(1, [(0.1, 1.0), (0.5, 1.0 + 1e-13), (1.0, 1.0 + 2e-13), (INF, 1.0 + 3e-13)], 0.1, id="float noise"),
]


@pytest.mark.parametrize(("q", "buckets", "expected"), QUANTILES)
def test_histogram_quantile(q: float, buckets: list[tuple[float, float]], expected: float) -> None:
    assert promql.histogram_quantile(q, buckets) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_several_quantiles_at_once() -> None:
    assert promql.histogram_quantiles((0.25, 0.5), BUCKETS) == [0.1, pytest.approx(0.3)]


FRACTIONS = [
    pytest.param(0, 0.5, BUCKETS, 0.75, id="on a bound"),
    pytest.param(-INF, 0.3, BUCKETS, 0.5, id="inside a bucket"),
    pytest.param(0.05, 0.1, BUCKETS, 0.125, id="inside the first"),
    pytest.param(0.1, INF, BUCKETS, 0.75, id="upper infinite"),
    pytest.param(2, 9, [(1.0, 5.0), (INF, 10.0)], 0.0, id="the +Inf bucket has no inside"),
    pytest.param(0, INF, [(1.0, 5.0), (INF, 10.0)], 1.0, id="everything"),
    pytest.param(0.5, 0.5, BUCKETS, 0.0, id="empty range"),
    pytest.param(0.9, 0.1, BUCKETS, 0.0, id="reversed range"),
    pytest.param(NAN, 0.1, BUCKETS, NAN, id="NaN"),
    pytest.param(0, 1, [(0.1, 0.0), (INF, 0.0)], NAN, id="nothing observed"),
    pytest.param(0, 1, [(0.1, 1.0)], NAN, id="no +Inf"),
    pytest.param(0, 1, [], NAN, id="no bucket"),
    pytest.param(-2, 1, [(-1.0, 4.0), (1.0, 8.0), (INF, 8.0)], 0.5, id="first bucket without a lower bound"),
]


@pytest.mark.parametrize(("lower", "upper", "buckets", "expected"), FRACTIONS)
def test_histogram_fraction(lower: float, upper: float, buckets: list[tuple[float, float]], expected: float) -> None:
    assert promql.histogram_fraction(lower, upper, buckets) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_fraction_is_the_inverse_of_quantile() -> None:
    for q in (0.01, 0.3, 0.5, 0.77, 0.95):
        value = promql.histogram_quantile(q, BUCKETS)
        assert promql.histogram_fraction(0, value, BUCKETS) == pytest.approx(q)
