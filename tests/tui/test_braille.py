"""tui.braille: dots and owners, as text."""

from __future__ import annotations

import itertools
import math

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


@pytest.mark.parametrize(
    ("value", "dot"), [(0.0, (3, 0x40)), (1.0, (0, 0x01)), (2.0, (0, 0x01)), (0.34, (2, 0x04)), (math.nan, (3, 0x40))]
)
def test_dot_of(value: float, dot: tuple[int, int]) -> None:
    assert braille.dot_of(value, 4, 0.0, 1.0) == dot


def test_dots_are_added_to_braille_and_blanks_only() -> None:
    assert braille.with_bits(" ", 0x47) == "⡇"
    assert braille.with_bits("⠉", 0x47) == "⡏"
    assert braille.with_bits("█", 0x47) == "█"
    assert braille.with_bits("g", 0x47) == "g"
