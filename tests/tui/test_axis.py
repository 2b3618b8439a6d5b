"""tui.axis: round values, powers of ten, round local times."""

from __future__ import annotations

import itertools
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import axis

MIB = 1024.0**2


@pytest.mark.parametrize(
    ("span", "parts", "step"),
    [
        (10, 5, 2), (10, 4, 5), (1, 4, 0.5), (7.3, 4, 2), (0.03, 3, 0.01), (1e9, 3, 5e8), (0, 3, 1), (math.nan, 3, 1),
        (5, 0, 1),
    ],
)  # fmt: skip
def test_round_steps(span: float, parts: int, step: float) -> None:
    assert axis.round_step(span, parts) == pytest.approx(step)


@pytest.mark.parametrize(
    ("values", "parts", "unit", "hi", "ticks"),
    [
        ([7.3], 4, "", 8, (0, 2, 4, 6, 8)),
        ([812], 3, "tok/s", 1000, (0, 500, 1000)),
        ([], 2, "s", 1, (0, 0.5, 1)),
        ([None, math.nan, math.inf, 3], 3, "req", 3, (0, 1, 2, 3)),
        ([0.2], 4, "ratio", 1, (0, 0.5, 1)),
        ([1.5], 4, "ratio", 1.5, (0, 0.5, 1, 1.5)),
        ([0.3], 2, "%", 100, (0, 50, 100)),
        ([100.0], 2, "%", 100, (0, 50, 100)),
        ([140.0], 2, "%", 200, (0, 100, 200)),
        ([0, 0], 2, "s", 1, (0, 0.5, 1)),
        ([1], 1, "", 1, (0, 1)),
        ([-4, -2], 2, "", 1, (0, 0.5, 1)),
        ([900 * MIB], 3, "B", 1000 * MIB, (0, 500 * MIB, 1000 * MIB)),
        ([74 * 1024 * MIB], 2, "B", 100 * 1024 * MIB, (0, 50 * 1024 * MIB, 100 * 1024 * MIB)),
        ([3], 2, "B", 4, (0, 2, 4)),
    ],
)
def test_linear_axes(values: list[float | None], parts: int, unit: str, hi: float, ticks: tuple[float, ...]) -> None:
    found = axis.linear(values, parts, unit)
    assert (found.lo, found.log) == (0.0, False)
    assert found.hi == pytest.approx(hi)
    assert found.ticks == pytest.approx(ticks)


@given(st.lists(st.floats(0, 1e300), max_size=5), st.integers(1, 12), st.sampled_from(["", "s", "B", "%", "ratio"]))
def test_a_linear_axis_holds_every_value_with_few_ticks(values: list[float], parts: int, unit: str) -> None:
    found = axis.linear(values, parts, unit)
    assert found.hi > 0
    assert all(value <= found.hi * (1 + 1e-9) for value in values)
    assert found.ticks[0] == 0 and len(found.ticks) <= parts + 1


@pytest.mark.parametrize(
    ("values", "parts", "lo", "hi", "ticks"),
    [
        ([0.03, 4.2], 3, 0.01, 10, (0.01, 0.1, 1, 10)),
        ([0.03, 4.2], 2, 0.01, 10, (0.01, 1)),
        ([2, 7], 3, 1, 10, (1, 2, 5, 10)),
        ([2, 7], 2, 1, 10, (1, 10)),
        ([1, 100], 3, 1, 100, (1, 10, 100)),
        ([None, 0, -3, math.inf, math.nan], 3, 1, 10, (1, 2, 5, 10)),
        ([10], 3, 10, 100, (10, 20, 50, 100)),
    ],
)  # fmt: skip
def test_axes_of_powers_of_ten(
    values: list[float | None], parts: int, lo: float, hi: float, ticks: tuple[float, ...]
) -> None:
    found = axis.logarithmic(values, parts)
    assert (found.lo, found.hi, found.log) == (pytest.approx(lo), pytest.approx(hi), True)
    assert found.ticks == pytest.approx(ticks)


def test_values_on_an_axis_of_powers_of_ten() -> None:
    found = axis.Axis(0.01, 100.0, (), log=True)
    assert found.ends == (-2, 2)
    projected = found.project([1.0, 0.0, -5.0, None, 10.0, math.nan])
    assert projected[:3] == [0, -2, -2] and projected[3] is None and projected[4] == pytest.approx(1)
    assert projected[5] is not None and math.isnan(projected[5])
    straight = axis.Axis(0.0, 8.0, ())
    assert straight.project([1.0, None]) == [1.0, None] and straight.at(3.0) == 3.0 and straight.ends == (0, 8)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6), st.integers(1, 12))
def test_any_values_have_an_axis_of_powers_of_ten(values: list[float], parts: int) -> None:
    found = axis.logarithmic(values, parts)
    assert 0 < found.lo < found.hi and found.ticks
    assert all(before < after for before, after in itertools.pairwise(found.ticks))


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "width", "ticks"),
    [
        (60, 40, [(0, "00:00:00"), (20, "00:00:30"), (39, "00:01:00")]),
        (300, 40, [(0, "00:00"), (16, "00:02"), (31, "00:04")]),
        (900, 40, [(0, "00:00"), (13, "00:05"), (26, "00:10"), (39, "00:15")]),
        (86400, 60, [(0, "00:00"), (15, "06:00"), (30, "12:00"), (44, "18:00"), (59, "00:00")]),
        (60, 5, []),
        (0, 20, []),
    ],
)
def test_time_ticks(utc: None, seconds: int, width: int, ticks: list[tuple[int, str]]) -> None:
    assert list(axis.time_ticks(0, seconds * 1000, width)) == ticks


def test_ticks_are_round_in_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")  # 5 h 30 min
    time.tzset()
    try:
        labels = [tick.label for tick in axis.time_ticks(0, 86_400_000, 50)]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert labels and all(label.endswith(":00") for label in labels)


@given(st.integers(0, 4_000_000_000), st.integers(1, 200_000), st.integers(0, 120))
def test_any_ticks_stand_inside_and_apart(start_s: int, span_s: int, width: int) -> None:
    ticks = axis.time_ticks(start_s * 1000, (start_s + span_s) * 1000, width)
    assert all(0 <= tick.at < width for tick in ticks)
    assert all(before.at + len(before.label) + 1 < after.at for before, after in itertools.pairwise(ticks))
