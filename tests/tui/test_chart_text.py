"""The words around a plot: legend, table, labels, goals."""

from __future__ import annotations

import re

import pytest
from detail_host import panel, series
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from launcher.metrics.catalog import GoalLine
from launcher.metrics.goals import Goal
from tui.axis import Axis, linear
from tui.detail import chart_text
from tui.detail.chart_text import Line

THREE = panel(*(series(name, 0.1, 0.3, current=0.2) for name in ("p50", "p95", "p99")))
HOSTILE = ["[bold]x[/]", "\x1b[31mred\x1b[0m", "漢字漢字", "a\nb\tc", "\u202eevil", "x" * 300, "", "[/][@click=quit]"]


def words(lines: list[Line]) -> list[str]:
    return ["".join(piece.text for piece in line) for line in lines]


@pytest.mark.parametrize(
    ("width", "lines", "wanted"),
    [
        (120, 3, ["a p50 200 ms ø200 ms ^300 ms   b p95 200 ms ø200 ms ^300 ms   c p99 200 ms ø200 ms ^300 ms"]),
        (40, 3, [f"{name} 200 ms ø200 ms ^300 ms" for name in ("a p50", "b p95", "c p99")]),
        (45, 2, ["a p50 200 ms ø200 ms   b p95 200 ms ø200 ms", "c p99 200 ms ø200 ms"]),
        (44, 1, ["a p50 200 ms   b p95 200 ms   c p99 200 ms"]),
        (30, 1, ["a p50 200 ms   b p95 200 ms +1"]),
    ],
)  # fmt: skip
def test_a_legend_shows_as_much_as_fits(width: int, lines: int, wanted: list[str]) -> None:
    assert words(chart_text.legend(THREE, width, lines)) == wanted


def test_a_legend_stands_in_columns() -> None:
    uneven = panel(*(series(name, 1.0, current=1.0) for name in ("a long name", "b", "c", "d")), unit="req")
    lines = words(chart_text.legend(uneven, 50, 2))
    assert lines[0].index("b b") == lines[1].index("d d")


def test_a_legend_without_values_or_lines() -> None:
    assert words(chart_text.legend(panel(series("x", None)), 60, 3)) == ["a x - ø- ^-"]
    assert chart_text.legend(THREE, 60, 0) == []
    assert chart_text.legend(panel(), 60, 3) == []


def test_a_legend_at_the_cursor_has_the_values_of_that_time() -> None:
    line = chart_text.legend(THREE, 200, 1, at={0: 0.5, 1: None})[0]
    assert "a p50 500 ms ø200 ms" in words([line])[0]
    assert "b p95 - ø200 ms" in words([line])[0] and "c p99 - ø" in words([line])[0]
    assert {piece.text for piece in line if piece.role == "cursor-value"} == {"500 ms", "-"}


def test_a_hidden_series_is_named_without_its_figures() -> None:
    line = chart_text.legend(THREE, 200, 1, hidden={"p95"})[0]
    assert "· p95 hidden" in words([line])[0] and "b p95" not in words([line])[0]
    assert {piece.series for piece in line if piece.role == "muted" and "p95" in piece.text} == {1}


@given(st.integers(1, 150), st.integers(1, 4), st.integers(1, 30))
def test_any_legend_keeps_its_lines_and_counts_what_it_drops(width: int, lines: int, count: int) -> None:
    made = chart_text.legend(panel(*(series(f"s{n}", 1.0, current=1.0) for n in range(count))), width, lines)
    assert 1 <= len(made) <= lines
    shown = {piece.series for line in made for piece in line if piece.series != chart_text.NO_SERIES}
    dropped = re.search(r" \+(\d+)$", words(made)[-1])
    assert len(shown) + (int(dropped[1]) if dropped else 0) == count


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_are_harmless(name: str) -> None:
    for lines in (
        chart_text.legend(panel(series(name, 1.0, current=1.0)), 80, 3),
        chart_text.table(panel(series(name, 1.0, current=1.0)), 80, 9),
    ):
        text = "\n".join(words(lines))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
        assert all(cell_len(line) <= 80 for line in words(lines))


def test_the_table_of_a_large_chart() -> None:
    three = panel(series("p50", 0.1, 0.3, current=0.2), series("p95", None, current=None))
    assert words(chart_text.table(three, 80, 9)) == [
        "            now       min      mean       max",
        "a p50    200 ms    100 ms    200 ms    300 ms",
        "b p95         -         -         -         -",
    ]
    at = words(chart_text.table(three, 80, 9, at={0: 0.25, 1: None}, hidden={"p95"}))
    assert "at cursor" in at[0] and "250 ms" in at[1] and at[2] == "· p95    hidden"


def test_a_long_table_says_how_much_is_left() -> None:
    many = panel(*(series(f"s{n}", 1.0) for n in range(9)))
    lines = words(chart_text.table(many, 80, 4))
    assert len(lines) == 4 and lines[-1] == "+7 more"
    assert chart_text.table(many, 80, 1) == []


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "s", "0"), (0.25, "s", "250 ms"), (2.5, "s", "2.5 s"), (50, "%", "50 %"), (7200, "tok/s", "7.2k"),
        (0.0125, "s", "12.5ms"), (512 * 1024**2, "B", "512MiB"), (0.5, "ratio", "50 %"), (2048, "B/s", "2KiB/s"),
    ],
)  # fmt: skip
def test_axis_labels(value: float, unit: str, text: str) -> None:
    assert chart_text.axis_label(value, unit) == text


@pytest.mark.parametrize(
    ("unit", "word"), [("s", ""), ("%", ""), ("B", ""), ("tok/s", "tok/s"), ("1/s", "a second"), ("W", "W"), ("", "")]
)
def test_unit_words(unit: str, word: str) -> None:
    assert chart_text.unit_word(unit) == word


def test_y_labels_stand_at_their_rows() -> None:
    labels = chart_text.y_labels(Axis(0.0, 1.0, (0.0, 0.5, 1.0)), 5, "s")
    assert labels == ["   1 s┤", "      │", "500 ms┤", "      │", "     0┤"]


def test_y_labels_of_powers_of_ten() -> None:
    labels = chart_text.y_labels(Axis(0.01, 1.0, (0.01, 0.1, 1.0), log=True), 3, "s")
    assert labels == ["   1 s┤", "100 ms┤", " 10 ms┤"]


def test_letters_stand_where_the_lines_end_and_never_on_each_other() -> None:
    unit = linear([1.0], 1)
    assert chart_text.end_letters([[1.0], [0.0]], 4, unit) == [0, -1, -1, 1]
    assert sorted(chart_text.end_letters([[0.5], [0.5], [0.5]], 4, unit)) == [-1, 0, 1, 2]
    assert chart_text.end_letters([[None], [1.0, None, None, None]], 2, unit) == [-1, -1]
    assert chart_text.end_letters([[1.0]] * 5, 2, unit).count(-1) == 0


@pytest.mark.parametrize(
    ("attained", "share", "text", "role"),
    [
        (0.978, 0.95, "✔ goal 500 ms: 97.8 %", "good"),
        (0.912, 0.95, "✖ goal 500 ms: 91.2 %", "bad"),
        (1.0, 0.95, "✔ goal 500 ms: 100 %", "good"),
        (0.99996, 1.0, "✖ goal 500 ms: 99.9 %", "bad"),
        (0.0, 0.95, "✖ goal 500 ms: 0 %", "bad"),
        (None, 0.95, "goal 500 ms: -", "muted"),
    ],
)
def test_goals_in_words(attained: float | None, share: float, text: str, role: str) -> None:
    piece = chart_text.goal_piece(GoalLine(Goal("ttft", 0.5, share), attained))
    assert (piece.text, piece.role) == (text, role)


def test_a_goal_in_full_says_what_is_wanted() -> None:
    line = GoalLine(Goal("e2e", 60.0, 0.995), 0.99)
    assert chart_text.goal_piece(line, full=True).text == "✖ goal 60 s: 99 %, wanted 99.5 %"
