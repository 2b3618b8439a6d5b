"""The plots: lines, gaps, goals, marks, heat maps; as text."""

from __future__ import annotations

import math

import pytest
from detail_host import heat, panel, series
from hypothesis import given
from hypothesis import strategies as st

from launcher.metrics.catalog import GoalLine, Heat, Panel
from launcher.metrics.goals import Goal
from launcher.metrics.records import Event
from tui.detail import chart_heat, chart_plot
from tui.detail.chart_plot import Plot, Scene

INF = math.inf


def rows(plot: Plot) -> list[str]:
    return ["".join(piece.text for piece in plot.line(row)) for row in range(len(plot.cells))]


def flat(value: float, columns: int = 10) -> tuple[float, ...]:
    return (value,) * (2 * columns)


def scene(shown: Panel, **more: object) -> Scene:
    return Scene(shown, 0, 1000)._replace(**more)  # type: ignore[arg-type]


def test_a_plot_as_text() -> None:
    ramp = series("up", *(index / 19 for index in range(20)))
    gap = series("flat", *([0.25] * 8 + [None] * 4 + [0.25] * 8))
    assert rows(chart_plot.lines_plot(scene(panel(ramp, gap)), 10, 4)) == [
        "   1 s┤       ⢀⠤⠊a",
        "500 ms┤     ⡠⠔⠁   ",
        "      │⣀⣀⣀⣔⠊ ⣀⣀⣀⣀b",
        "     0┤⡠⠒⠁        ",
    ]


def test_roles_follow_the_series() -> None:
    plot = chart_plot.lines_plot(scene(panel(series("x", *flat(1.0)), series("y", *flat(0.0)))), 10, 3)
    assert [set(line) for line in plot.roles] == [{"series-0"}, {""}, {"series-1"}]
    assert [(piece.text, piece.role) for piece in plot.ends] == [("a", "series-0"), (" ", ""), ("b", "series-1")]
    assert plot.samples == {0: list(flat(1.0)), 1: list(flat(0.0))}


def test_a_hidden_series_is_not_drawn_and_does_not_stretch_the_axis() -> None:
    both = panel(series("big", *flat(100.0)), series("small", *flat(1.0)), unit="req")
    plot = chart_plot.lines_plot(scene(both, hidden=frozenset({"big"})), 10, 3)
    assert plot.labels[0].text == "     1┤" and list(plot.samples) == [1]
    assert plot.ends[0].text == "b"


def test_runs_join_cells_of_one_role() -> None:
    pieces = chart_plot.runs("ab  cd", ["x", "x", "", "", "y", "y"])
    assert [(piece.text, piece.role) for piece in pieces] == [("ab  ", "x"), ("cd", "y")]
    assert [(p.text, p.role) for p in chart_plot.runs("  ab", ["", "", "x", "x"])] == [("  ", ""), ("ab", "x")]
    assert chart_plot.runs("", []) == []


# -- goals


def with_goal(value: float, limit_s: float, attained: float | None = 0.9) -> Panel:
    return panel(series("p95", *flat(value)), goals=(GoalLine(Goal("ttft", limit_s), attained),))


def test_a_goal_is_a_dotted_line_at_its_limit() -> None:
    plot = chart_plot.lines_plot(scene(with_goal(1.0, 0.5)), 10, 5)
    row = next(number for number, label in enumerate(plot.labels) if label.role == "goal")
    assert plot.labels[row].text == "500 ms┤"
    assert len(set(plot.cells[row])) == 1 and 0x2800 < ord(plot.cells[row][0]) <= 0x28FF
    assert set(plot.roles[row]) == {"goal"}


def test_a_goal_near_the_values_moves_the_axis() -> None:
    plot = chart_plot.lines_plot(scene(with_goal(1.0, 1.4)), 10, 5)
    assert plot.labels[0].text.strip() in ("1.5 s┤", "2 s┤")
    assert any(label.role == "goal" for label in plot.labels)


def test_a_goal_far_above_is_pointed_to_and_does_not_flatten_the_line() -> None:
    plot = chart_plot.lines_plot(scene(with_goal(0.1, 60.0)), 20, 5)
    assert plot.labels[0].text == "100 ms┤"
    assert rows(plot)[1].strip("│ ") == "" or "goal 60 s ↑" in "\n".join(rows(plot))
    full = chart_plot.lines_plot(scene(with_goal(0.1, 60.0)), 6, 5)  # no room for the words
    assert full.labels[0].text == "  60 s↑" and full.labels[0].role == "goal"


def test_a_goal_without_values() -> None:
    empty = panel(series("p95", *([None] * 20)), goals=(GoalLine(Goal("ttft", 0.5), None),))
    plot = chart_plot.lines_plot(scene(empty), 10, 5)
    assert any(label.text.startswith("500 ms") and label.role == "goal" for label in plot.labels)


# -- powers of ten


def test_times_that_lie_far_apart_get_powers_of_ten() -> None:
    apart = panel(series("p50", *flat(0.01)), series("p99", *flat(5.0)))
    near = panel(series("p50", *flat(1.0)), series("p99", *flat(5.0)))
    assert chart_plot.is_log(scene(apart)) and not chart_plot.is_log(scene(near))
    assert not chart_plot.is_log(scene(apart, log=False)) and chart_plot.is_log(scene(near, log=True))
    assert not chart_plot.is_log(scene(apart._replace(unit="tok/s")))
    assert not chart_plot.is_log(scene(apart, hidden=frozenset({"p99"})))
    plot = chart_plot.lines_plot(scene(apart), 10, 7)
    assert [piece.text for piece in plot.ends].index("a") - [piece.text for piece in plot.ends].index("b") >= 4
    assert plot.labels[0].text.strip() == "10 s┤" and plot.labels[-1].text.strip() == "10 ms┤"


# -- marks


def test_a_mark_is_a_line_behind_what_is_measured() -> None:
    marked = scene(panel(series("x", *flat(1.0))), marks=(Event(500, "restart"),))
    plot = chart_plot.lines_plot(marked, 10, 3)
    assert plot.roles[0] == ["series-0"] * 10
    assert [role for role in plot.roles[1] if role] == ["mark"] and plot.roles[1].index("mark") == 5
    assert plot.cells[1][5] in ("⠅", "⠨")


def test_marks_outside_the_window_and_in_one_cell() -> None:
    events = tuple(Event(ms, kind) for ms, kind in ((-1, "a"), (500, "b"), (501, "c"), (1000, "d"), (1001, "e")))
    assert chart_plot.mark_columns(scene(panel(), marks=events), 10) == [(10, "b"), (19, "d")]


@given(st.integers(-10, 1010), st.integers(1, 50))
def test_times_and_dot_columns_are_one_another(ms: int, columns: int) -> None:
    dot = chart_plot.dot_column(ms, 0, 1000, columns)
    assert 0 <= dot < 2 * columns
    assert chart_plot.dot_column(chart_plot.time_of(dot, 0, 1000, columns), 0, 1000, columns) == dot


# -- heat maps


def heat_scene(shown: Heat, **more: object) -> Scene:
    return scene(panel(heat=shown, unit="tok", title="Length"), **more)


def test_a_heat_map_as_text() -> None:
    shown = Heat((10.0, 100.0, INF), ((4.0, 0.0, 0.0), (1.0, 1.0, 0.0), None, (0.0, 0.0, 0.04)) * 2)
    assert rows(chart_heat.heat_plot(heat_scene(shown), 8, 3)) == [
        "  >100┤   ░   ░ ",
        "   100┤ ▒   ▒   ",
        "    10┤█▒  █▒   ",
    ]


def test_buckets_that_were_never_hit_at_the_ends_take_no_room() -> None:
    shown = Heat((1.0, 2.0, 4.0, 8.0, INF), ((0.0, 1.0, 0.0, 3.0, 0.0),) * 4)
    plot = chart_heat.heat_plot(heat_scene(shown), 4, 6)
    labels = [piece.text.strip("┤│ ") for piece in plot.labels]
    assert [label for label in labels if label] == ["8", "4", "2"]
    assert rows(plot)[0].rstrip().endswith("████") and rows(plot)[3].strip("│ 4┤") == ""


def test_neighbours_are_merged_when_there_are_more_buckets_than_rows() -> None:
    shown = Heat(tuple(float(2**n) for n in range(8)), ((1.0,) * 8,) * 4)
    plot = chart_heat.heat_plot(heat_scene(shown), 4, 4)
    assert [piece.text.strip("┤│ ") for piece in plot.labels] == ["128", "32", "8", "2"]
    assert {cell for row in plot.cells for cell in row} == {"█"}


@given(
    st.integers(1, 12).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.lists(
                st.none() | st.tuples(*[st.floats(0, 1e6) for _ in range(size)]), min_size=1, max_size=30
            ),
        )
    ),
    st.integers(1, 20), st.integers(0, 12),
)  # fmt: skip
def test_any_heat_map_fills_its_cells_and_loses_nothing(
    made: tuple[int, list[tuple[float, ...] | None]], columns: int, height: int
) -> None:
    size, observed = made
    bounds = (*(float(n) for n in range(1, size)), INF)
    plot = chart_heat.heat_plot(heat_scene(Heat(bounds, tuple(observed))), columns, height)
    assert len(plot.cells) == len(plot.roles) == len(plot.labels) == len(plot.ends) == height
    assert all(len(row) == columns for row in plot.cells)
    assert all(len(piece.text) == 7 for piece in plot.labels)
    if columns >= len(observed) and height >= 1:
        seen = any(value > 1e-9 for column in observed if column for value in column)
        assert not seen or any(cell != " " for row in plot.cells for cell in row)


@pytest.mark.parametrize(
    ("value", "peak", "shade"),
    [
        (0, 4, " "),
        (0.001, 4, "░"),
        (0.2, 4, "░"),
        (1, 4, "▒"),
        (2, 4, "▓"),
        (4, 4, "█"),
        (1, 0, " "),
        (math.nan, 1, " "),
    ],
)
def test_shades(value: float, peak: float, shade: str) -> None:
    assert chart_heat.shade(value, peak) == shade


def test_columns_are_the_mean_of_what_falls_into_a_cell() -> None:
    assert chart_heat.squeezed([(1.0, 3.0), (3.0, 5.0), None, (2.0, 2.0)], 2) == [(2.0, 4.0), (2.0, 2.0)]
    assert chart_heat.squeezed([(1.0,), None], 4) == [(1.0,), (1.0,), None, None]


def test_the_legend_of_a_heat_map() -> None:
    shown = heat_scene(heat(20))
    text = "".join(piece.text for piece in chart_heat.heat_legend(shown, 80, None, 10))
    assert text == "p50 55   p95 100   4/s   ░▒▓█ few to many"
    at = chart_heat.heat_legend(heat_scene(heat(20, (1.0, 0.0, 0.0), (1.0, 0.0, 0.0))), 80, 3, 10)
    assert "".join(piece.text for piece in at).startswith("p50 5   p95 9.5   1/s")
    assert {piece.role for piece in at if piece.text in ("5", "9.5")} == {"cursor-value"}
    narrow = "".join(piece.text for piece in chart_heat.heat_legend(shown, 30, None, 10))
    assert narrow == "p50 55   p95 100   4/s"


def test_a_moment_without_observations_has_no_quantiles() -> None:
    empty = heat_scene(Heat((1.0, INF), (None, None, (0.0, 0.0), (0.0, 0.0))))
    for at in (0, 3):
        text = "".join(piece.text for piece in chart_heat.heat_legend(empty, 80, at, 2))
        assert text.startswith("p50 -   p95 -")
