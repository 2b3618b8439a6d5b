"""The Chart widget: what it paints again and when, cursor, series, mouse."""

from __future__ import annotations

from typing import Any

import pytest
from detail_host import DETAIL_CSS, heat, panel, series, until
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region

from launcher.metrics.catalog import Panel
from launcher.metrics.records import Event
from tui.detail import chart as chart_module
from tui.detail.chart import Chart
from tui.detail.chart_colours import ChartColours
from tui.detail.chart_frame import LEFT
from tui.detail.chart_plot import Scene

TWO = panel(
    series("up", *(float(index) for index in range(58)), current=57.0, span_ms=300_000),
    series("flat", *([10.0] * 58), current=10.0, span_ms=300_000),
    unit="req",
)
HEAT = Panel("h", "Prompt length", "tok", (), None, heat=heat(58))


class ChartApp(App[None]):
    CSS_PATH = DETAIL_CSS

    def __init__(self, shown: Panel, **more: Any) -> None:
        super().__init__()
        self.colours = ChartColours()
        self.chart = Chart("key", self.colours)
        self.scene = Scene(shown, 0, 300_000)._replace(**more)
        self.told: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.colours
        yield self.chart

    def on_mount(self) -> None:
        self.chart.styles.width, self.chart.styles.height = 40, 10
        self.chart.show(self.scene)

    def on_chart_pointed(self, message: Chart.Pointed) -> None:
        self.told.append((message.ms, message.kept))

    def on_chart_chosen(self, message: Chart.Chosen) -> None:
        self.told.append((message.key, message.twice))


def styles(chart: Chart, text: str) -> list[Any]:
    segments: list[Segment] = [segment for y in range(10) for segment in chart.render_line(y)]
    return [segment.style for segment in segments if segment.text == text and segment.style]


async def test_series_differ_by_colour_and_a_theme_change_paints_anew() -> None:
    app = ChartApp(TWO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()

        def colours() -> list[Any]:
            return [style.color for name in ("a", "b") for style in styles(app.chart, name)]

        dark = colours()
        assert len(dark) == 4 and len(set(dark)) == 2
        app.theme = "textual-light"
        await until(pilot, lambda: colours() != dark)


async def test_an_equal_picture_is_not_painted_again() -> None:
    app = ChartApp(TWO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        strips = app.chart._strips
        app.chart.show(app.scene)
        assert app.chart._strips is strips is not None
        app.chart.show(app.scene._replace(end_ms=300_001))
        assert app.chart._strips is None


async def test_a_chart_out_of_view_is_not_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Scene] = []
    real = chart_module.picture

    def counted(scene: Scene, *args: Any, **more: Any) -> Any:
        made.append(scene)
        return real(scene, *args, **more)

    monkeypatch.setattr(chart_module, "picture", counted)
    app = ChartApp(TWO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert made == [app.scene]
        app.chart.styles.offset = (0, 100)
        await pilot.pause()
        app.chart.show(app.scene._replace(end_ms=299_000))
        await pilot.pause()
        assert len(made) == 1


async def test_the_cursor_changes_its_line_and_the_legend_only(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ChartApp(TWO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        chart = app.chart
        before = chart.text().split("\n")
        strips = list(chart._strips or [])
        chart.point(0)
        await pilot.pause()
        after = chart.text().split("\n")
        assert "a up 0 ø28.5" in after[1] and "b flat 10" in after[1] + after[2]
        changed = [y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        plot = range(3, 9)
        assert set(changed) <= {1, 2, *plot} and set(plot) <= set(changed)
        assert all(before[y][LEFT + 1 :] == after[y][LEFT + 1 :] for y in plot)
        assert all(after[y][LEFT] in "⡇⡏⢸⣿⡗⣇⡧" for y in plot)
        now = chart._strips or []
        assert all(now[y] is strips[y] for y in plot)  # nothing of the data was painted again
        chart.point(None)
        await pilot.pause()
        assert chart.text().split("\n") == before
        chart.point(300_001)
        await pilot.pause()
        assert chart.text().split("\n") == before


async def test_the_cursor_stands_between_two_dot_columns_of_a_cell() -> None:
    app = ChartApp(panel(series("x", *([None] * 58))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        step = 300_000 / 57
        lines = []
        for dot in (0, 1, 2):
            app.chart.point(round(dot * step))
            await pilot.pause()
            lines.append(app.chart.text().split("\n")[4][LEFT : LEFT + 2])
        assert lines == ["⡇ ", "⢸ ", " ⡇"]


async def test_a_part_of_a_chart_is_a_part_of_its_lines() -> None:
    app = ChartApp(TWO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        chart = app.chart
        chart.point(150_000)
        whole = [strip.text for strip in chart.render_lines(Region(0, 0, 40, 10))]
        assert whole == [chart.render_line(y).text for y in range(10)]
        part = [strip.text for strip in chart.render_lines(Region(5, 2, 20, 3))]
        assert part == [line[5:25] for line in whole[2:5]]


async def test_the_cursor_on_a_heat_map() -> None:
    app = ChartApp(HEAT)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.chart.point(0)
        await pilot.pause()
        lines = app.chart.text().split("\n")
        assert "p50" in lines[1] and any(line[LEFT] == "│" for line in lines[2:-1])


async def test_series_are_hidden_and_shown() -> None:
    app = ChartApp(TWO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        chart = app.chart
        chart.toggle_series("up")
        await pilot.pause()
        assert "· up hidden" in chart.text() and "    10┤" in chart.text()
        chart.toggle_series("flat")  # the last one stays
        assert "b flat 10" in chart.text()
        chart.toggle_series("up")
        assert "a up 57" in chart.text()
        seen = []
        for _ in range(3):
            chart.next_series()
            assert chart.scene is not None
            seen.append(sorted(chart.scene.hidden))
        assert seen == [["flat"], ["up"], []]


async def test_the_axis_goes_over_to_powers_of_ten_and_back() -> None:
    app = ChartApp(TWO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.chart.toggle_log()
        assert "Latency req log" in app.chart.text() and " 100┤" in app.chart.text()
        app.chart.toggle_log()
        assert "log" not in app.chart.text()
        app.chart.show(Scene(HEAT, 0, 300_000))
        app.chart.toggle_log()
        assert app.chart.scene is not None and app.chart.scene.log is None


async def test_the_mouse_points_picks_and_hides() -> None:
    app = ChartApp(TWO, marks=(Event(150_000, "restart"),))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.hover(Chart, offset=(LEFT, 5))
        assert app.told[-1][1] is False and 0 <= app.told[-1][0] <= 300_000 / 29
        await pilot.hover(Chart, offset=(2, 5))
        assert app.told[-1] == (None, False)
        app.told.clear()
        await pilot.click(Chart, offset=(LEFT + 28, 5))
        assert (300_000, True) in app.told and ("key", False) in app.told
        await pilot.click(Chart, offset=(app.chart.text().split("\n")[1].index("up"), 1))
        assert app.chart.scene is not None and app.chart.scene.hidden == {"up"}
        app.told.clear()
        await pilot.click(Chart, offset=(5, 0), times=2)
        assert app.told[-1] == ("key", True)


async def test_a_chart_without_a_panel_takes_the_mouse_too() -> None:
    app = ChartApp(panel(note="quiet"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.hover(Chart, offset=(20, 5))
        await pilot.click(Chart, offset=(20, 5))
        assert app.told[-1] == ("key", False)
        app.chart.point(7)
        app.chart.next_series()
        assert "quiet" in app.chart.text()
