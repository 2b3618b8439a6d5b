"""The whole picture of a chart: frame, title, legend, plot, time axis; as text."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator

import pytest
from detail_host import heat, panel, series
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from launcher.metrics.catalog import GoalLine, Panel
from launcher.metrics.goals import Goal
from launcher.metrics.records import Event
from tui.detail import chart_frame
from tui.detail.chart_frame import CHOSEN, PLAIN
from tui.detail.chart_picture import legend_lines, picture, series_at
from tui.detail.chart_plot import Scene
from tui.detail.chart_text import Line

HOSTILE = ["[bold]x[/]", "\x1b[31mred\x1b[0m", "漢字" * 40, "a\nb\tc", "\u202eevil", "x" * 300, "", "[/][@click=quit]"]
GOAL = GoalLine(Goal("ttft", 0.5), 0.978)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def text(line: Line) -> str:
    return "".join(piece.text for piece in line)


def painted(shown: Panel, width: int = 40, height: int = 10, **more: object) -> str:
    scene = Scene(shown, 0, 300_000)._replace(**more)  # type: ignore[arg-type]
    return "\n".join(map(text, picture(scene, width, height).lines))


def line_of(value: float, current: float | None = None, name: str = "x") -> Panel:
    return panel(series(name, *([value] * 58), current=current, span_ms=300_000))


def test_a_chart_as_text() -> None:
    ramp = series("up", *(index / 57 for index in range(58)), current=1.0)
    flat = series("flat", *([0.25] * 20 + [None] * 18 + [0.25] * 20), current=0.25)
    assert painted(panel(ramp, flat)) == "\n".join([
        "╭─ Latency ────────────────────────────╮",
        "│ a up 1 s ø500 ms ^1 s                │",
        "│ b flat 250 ms ø250 ms ^250 ms        │",
        "│    1 s┤                        ⢀⡠⠤⠒⠉a│",
        "│       │                   ⢀⡠⠤⠒⠉⠁     │",
        "│ 500 ms┤              ⢀⡠⠤⠒⠉⠁          │",
        "│       │         ⢀⣀⠤⠒⠊⠁               │",
        "│       │⠒⠒⠒⠒⢒⣒⠶⠒⠚⠓         ⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒b│",
        "│      0┤⣀⠤⠒⠊⠁                         │",
        "╰───────┴00:00────00:02──────00:04─────╯",
    ])  # fmt: skip


def test_the_chosen_chart_stands_out_without_colours() -> None:
    scene = Scene(line_of(1.0), 0, 300_000)
    lines = [text(line) for line in picture(scene, 40, 8, chosen=True).lines]
    assert (
        lines[0].startswith("┏━ Latency ━") and lines[-1].startswith("┗━━━━━━━┷") and lines[2][0] == lines[2][-1] == "┃"
    )


def test_goals_stand_in_the_title() -> None:
    shown = line_of(1.0)._replace(goals=(GOAL,))
    assert painted(shown, 60).split("\n")[0] == "╭─ Latency ──────────────────────── ✔ goal 500 ms: 97.8 % ─╮"
    assert "✔" not in painted(shown, 26).split("\n")[0] and "Latency" in painted(shown, 26)
    assert "wanted 95 %" in painted(shown, 60, large=True)


def test_unit_and_scale_stand_behind_the_title() -> None:
    assert " Latency tok/s ─" in painted(line_of(1.0)._replace(unit="tok/s"))
    apart = panel(series("p50", *([0.01] * 58)), series("p99", *([5.0] * 58)))
    assert " Latency log ─" in painted(apart)
    assert " Latency ─" in painted(apart, log=False)


@pytest.mark.parametrize(
    ("marks", "foot"),
    [
        (((150_000, "restart"),), "╰───────┴00:00─────────▲restart────────╯"),
        (((150_000, "restart"), (165_000, "ready")), "╰───────┴00:00─────────▲▲ready─────────╯"),
        (((150_000, "restart"), (180_000, "ready")), "╰───────┴00:00─────────▲r─▲ready───────╯"),
        (((150_000, "restart"), (154_000, "ready")), "╰───────┴00:00─────────▲restart────────╯"),
        (((290_000, "benchmark"),), "╰───────┴00:00────00:02──────00:04──▲b─╯"),
        (((300_000, "benchmark"),), "╰───────┴00:00────00:02──────00:04───▲─╯"),
        (((150_000, "\x1b[31m[b]"),), "╰───────┴00:00─────────▲[b]──00:04─────╯"),
        (((150_000, "漢字漢字漢字漢字"),), "╰───────┴00:00─────────▲漢字漢字漢…────╯"),
    ],
)
def test_marks_stand_in_the_time_axis(marks: tuple[tuple[int, str], ...], foot: str) -> None:
    events = tuple(Event(ms, kind) for ms, kind in marks)
    assert painted(line_of(1.0), marks=events).split("\n")[-1] == foot


def test_an_empty_chart_says_why() -> None:
    said = painted(panel(note="no request got a token [yet]"))
    assert "Latency" in said and "no request got a token [yet]" in said
    assert "nothing in this window" in painted(panel())
    assert "00:0" not in painted(panel())


def test_a_heat_map_has_the_same_frame() -> None:
    shown = Panel("h", "Prompt length", "tok", (), None, heat=heat(58))
    lines = painted(shown, 60).split("\n")
    assert lines[0].startswith("╭─ Prompt length tok ─") and "few to many" in lines[1]
    assert "00:02" in lines[-1] and "█" in "".join(lines[2:-1])


@pytest.mark.parametrize("size", [(4, 1), (6, 1), (9, 2), (12, 3), (20, 4), (30, 5), (79, 24), (200, 60)])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("large", [False, True])
def test_any_size_and_name_keeps_the_frame(size: tuple[int, int], name: str, large: bool) -> None:
    lines = series(name, 1.0, None, float("nan"), 3.0), series("y", 2.0)
    shown = Panel("key", name, name, lines, None, goals=(GOAL, GOAL))
    for one in (shown, shown._replace(note=name or "quiet"), shown._replace(heat=heat(9), series=())):
        made = painted(one, *size, large=large, marks=(Event(5, name),))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", made)
        rows = made.split("\n") if made else []
        assert len(rows) <= size[1] and (size[0] < 24 or all(cell_len(row) == size[0] for row in rows))


@given(
    st.integers(24, 120), st.integers(3, 30), st.integers(0, 9),
    st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=80),
    st.integers(-1000, 400_000), st.booleans(),
)  # fmt: skip
def test_any_values_keep_the_frame(
    width: int, height: int, count: int, values: list[float | None], cursor: int, log: bool
) -> None:
    shown = panel(*(series(f"s{n}", *values) for n in range(count)))
    scene = Scene(shown, 0, 300_000, log=log)
    made = picture(scene, width, height, cursor=cursor)
    assert len(made.lines) == height
    assert {cells(line) for line in made.lines} == {width}
    if made.plot is not None:
        legend = legend_lines(scene, made.plot, width, len(made.legend), cursor=None)
        assert len(legend) == len(made.legend) and all(cells(line) == width for line in legend)


def cells(line: Line) -> int:
    return cell_len(text(line))


def test_the_legend_tells_the_values_at_the_cursor() -> None:
    shown = panel(series("up", *(float(index) for index in range(58)), current=57.0, span_ms=300_000), unit="req")
    scene = Scene(shown, 0, 300_000)
    assert "a up 57 ø" in text(picture(scene, 40, 10).lines[1])
    assert "a up 0 ø" in text(picture(scene, 40, 10, cursor=0).lines[1])
    assert "a up 29 ø" in text(picture(scene, 40, 10, cursor=151_000).lines[1])
    assert "a up 57 ø" in text(picture(scene, 40, 10, cursor=300_001).lines[1])


def test_a_click_in_the_legend_finds_its_series() -> None:
    shown = panel(series("p50", 1.0, current=1.0), series("p95", 1.0, current=1.0))
    line = picture(Scene(shown, 0, 300_000), 60, 10).lines[1]
    whole = text(line)
    assert series_at(line, whole.index("a p50")) == 0 and series_at(line, whole.index("p95")) == 1
    assert series_at(line, 0) is None and series_at(line, 59) is None and series_at(line, 500) is None


def test_edges_have_matching_characters() -> None:
    for edge in (PLAIN, CHOSEN):
        assert (len(edge.top), len(edge.bottom), len(edge.side)) == (3, 4, 1)
    assert all(one != other for one, other in itertools.chain(zip(PLAIN.top, CHOSEN.top), zip(PLAIN.side, CHOSEN.side)))
    assert chart_frame.cut("漢字漢字", 5) == "漢字…"
