"""tui.braille: dots, owners and round axes, as text."""

from __future__ import annotations

import itertools
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import braille

EMPTY = "⠀"


def rows(*series: list[float | None], width: int, height: int, lo: float = 0.0, hi: float = 1.0) -> list[str]:
    return list(braille.paint(series, width, height, lo, hi).rows)


@pytest.mark.parametrize(
    ("samples", "picture"),
    [
        ([0, 0, 0, 0], ["⠀⠀", "⣀⣀"]),
        ([1, 1, 1, 1], ["⠉⠉", "⠀⠀"]),
        ([0, 1 / 7, 2 / 7, 3 / 7], ["⠀⠀", "⡠⠊"]),
        ([0, None, None, 0], ["⠀⠀", "⡀⢀"]),
        ([None, None, None, None], ["⠀⠀", "⠀⠀"]),
        ([1], ["⠀⠈", "⠀⠀"]),
        ([0, 0, 1, 1], ["⠀⡏", "⣸⠀"]),
        ([1, 1, 0, 0], ["⢹⠀", "⠀⣇"]),
    ],
)
def test_goldens(samples: list[float | None], picture: list[str]) -> None:
    assert rows(samples, width=2, height=2) == picture


def test_a_ramp() -> None:
    assert rows([i / 15 for i in range(16)], width=8, height=2) == ["⠀⠀⠀⠀⣀⠤⠒⠉", "⣀⠤⠒⠉⠀⠀⠀⠀"]


def test_a_step_is_closed_from_top_to_bottom() -> None:
    canvas = rows([0, 1], width=1, height=3)
    dots = [[bool((ord(line[0]) - 0x2800) & bit) for bit in (1, 2, 4, 64)] for line in canvas]
    right = [[bool((ord(line[0]) - 0x2800) & bit) for bit in (8, 16, 32, 128)] for line in canvas]
    assert all(any(pair) for rows_ in zip(dots, right, strict=True) for pair in zip(*rows_, strict=True))


def test_nothing_is_drawn_over_a_gap() -> None:
    canvas = rows([0, None, 1, 1], width=2, height=2)
    assert canvas == ["⠀⠉", "⡀⠀"]


def test_a_short_series_stands_right_a_long_one_loses_its_oldest() -> None:
    assert rows([1, 1], width=3, height=1) == [EMPTY * 2 + "⠉"]
    assert rows([0, 0, 0, 0, 1, 1], width=1, height=1) == ["⠉"]


def test_values_outside_and_odd_ones() -> None:
    assert rows([-5, 5], width=1, height=1) == rows([0, 1], width=1, height=1)
    assert rows([math.inf, math.nan], width=1, height=1) == ["⠁"]
    assert rows([3, 3], width=1, height=1, lo=3, hi=3) == ["⣀"]
    assert rows([1], width=0, height=2) == ["", ""]
    assert rows([1], width=2, height=0) == []


def test_owners_tell_the_series_and_the_later_one_wins() -> None:
    canvas = braille.paint([[0, 0, 0, 0], [1, 1, 0, 0]], 2, 2, 0, 1)
    assert canvas == (("⢹⠀", "⣀⣇"), ((1, braille.NOBODY), (0, 1)))
    assert braille.paint([[None]], 1, 1, 0, 1).owners == ((braille.NOBODY,),)


@given(
    st.lists(st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=30), max_size=4),
    st.integers(0, 12), st.integers(0, 6), st.floats(allow_nan=True), st.floats(allow_nan=True),
)  # fmt: skip
def test_any_input_gives_a_full_canvas(
    series: list[list[float | None]], width: int, height: int, lo: float, hi: float
) -> None:
    canvas = braille.paint(series, width, height, lo, hi)
    assert len(canvas.rows) == len(canvas.owners) == height
    for row, owners in zip(canvas.rows, canvas.owners, strict=True):
        assert len(row) == len(owners) == width
        for character, owner in zip(row, owners, strict=True):
            assert 0x2800 <= ord(character) <= 0x28FF
            assert (character == braille.BLANK) == (owner == braille.NOBODY)
            assert owner < len(series)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.integers(1, 8))
def test_a_line_without_gaps_has_no_hole(samples: list[float], height: int) -> None:
    width = (len(samples) + 1) // 2
    canvas = braille.paint([samples], width, height, 0.0, 1.0)
    columns: list[set[int]] = [set() for _ in range(2 * width)]
    for row, line in enumerate(canvas.rows):
        for cell, character in enumerate(line):
            bits = ord(character) - 0x2800
            for side, masks in enumerate(((1, 2, 4, 64), (8, 16, 32, 128))):
                columns[2 * cell + side] |= {row * 4 + dot for dot, mask in enumerate(masks) if bits & mask}
    filled = [column for column in columns if column]
    assert len(filled) == len(samples)
    for left, right in itertools.pairwise(filled):
        assert max(left) + 1 >= min(right) and max(right) + 1 >= min(left)
        assert max(left) - min(left) + 1 == len(left)


@pytest.mark.parametrize(
    ("span", "parts", "step"),
    [
        (10, 5, 2), (10, 4, 5), (1, 4, 0.5), (7.3, 4, 2), (0.03, 3, 0.01), (1e9, 3, 5e8), (0, 3, 1), (math.nan, 3, 1),
        (5, 0, 1),
    ],
)  # fmt: skip
def test_round_steps(span: float, parts: int, step: float) -> None:
    assert braille.round_step(span, parts) == pytest.approx(step)


@pytest.mark.parametrize(
    ("values", "parts", "top", "hi", "ticks"),
    [
        ([7.3], 4, None, 8, (0, 2, 4, 6, 8)), ([812], 3, None, 1000, (0, 500, 1000)), ([], 2, None, 1, (0, 0.5, 1)),
        ([None, math.nan, math.inf, 3], 3, None, 3, (0, 1, 2, 3)), ([0.2], 4, 1.0, 1, (0, 0.5, 1)),
        ([0, 0], 2, None, 1, (0, 0.5, 1)), ([1], 1, None, 1, (0, 1)),
    ],
)  # fmt: skip
def test_scales(values: list[float | None], parts: int, top: float | None, hi: float, ticks: tuple[float, ...]) -> None:
    found_hi, found = braille.scale(values, parts, top=top)
    assert found_hi == pytest.approx(hi)
    assert found == pytest.approx(ticks)


@given(st.lists(st.floats(0, 1e300), max_size=5), st.integers(1, 12))
def test_a_scale_holds_every_value_with_few_ticks(values: list[float], parts: int) -> None:
    hi, ticks = braille.scale(values, parts)
    assert hi > 0
    assert all(value <= hi * (1 + 1e-9) for value in values)
    assert ticks[0] == 0 and ticks[-1] == pytest.approx(hi) and len(ticks) <= parts + 1


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "width", "line"),
    [
        (60, 40, "00:00:00        00:00:30        00:01:00"),
        (300, 40, "00:00         00:02          00:04      "),
        (900, 40, "00:00      00:05        00:10      00:15"),
        (3600, 60, "00:00   00:10     00:20     00:30    00:40     00:50   01:00"),
        (86400, 60, "00:00        06:00          12:00         18:00        00:00"),
        (60, 5, "     "),
        (0, 20, " " * 20),
    ],
)
def test_time_axis(utc: None, seconds: int, width: int, line: str) -> None:
    assert braille.time_axis(0, seconds * 1000, width) == line


def test_ticks_are_round_in_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")  # 5 h 30 min
    time.tzset()
    try:
        labels = [tick.label for tick in braille.time_ticks(0, 86_400_000, 50)]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert labels and all(label.endswith(":00") for label in labels)


@given(st.integers(0, 4_000_000_000), st.integers(1, 200_000), st.integers(0, 120))
def test_any_time_axis_fits(start_s: int, span_s: int, width: int) -> None:
    line = braille.time_axis(start_s * 1000, (start_s + span_s) * 1000, width)
    assert len(line) == width
    assert "  " in line or len(line.split()) <= 1 or width < 8


def test_resample_takes_the_nearest_and_keeps_gaps() -> None:
    assert braille.resample([0, 1, 2], [1.0, None, 3.0], 3, 0, 2) == [1.0, None, 3.0]
    assert braille.resample([0, 1000], [1.0, 2.0], 4, 0, 3000) == [1.0, 2.0, None, None]
    assert braille.resample([0, 500, 1000, 1500, 2000], [0.0, 1.0, 2.0, 3.0, 4.0], 3, 0, 2000) == [0.0, 2.0, 4.0]
    assert braille.resample([], [], 3, 0, 2000) == [None] * 3
    assert braille.resample([0], [1.0], 3, 5, 5) == [None] * 3


@given(st.lists(st.floats(0, 1), max_size=20), st.integers(0, 30))
def test_resample_always_gives_as_many_as_asked(values: list[float], columns: int) -> None:
    times = [1000 * index for index in range(len(values))]
    found = braille.resample(times, values, columns, 0, 20_000)
    assert len(found) == columns
    assert all(value is None or value in values for value in found)


@pytest.mark.parametrize(("value", "row"), [(1.0, 0), (0.0, 3), (0.5, 1), (2.0, 0), (-1.0, 3)])
def test_row_of(value: float, row: int) -> None:
    assert braille.row_of(value, 4, 0.0, 1.0) == row
