"""The charts of the metrics pane in a grid that scrolls: how many columns, which is chosen, which has all the room."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from tui.detail import metrics_text
from tui.detail.chart import Chart
from tui.detail.chart_colours import ChartColours
from tui.detail.chart_plot import Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.dom import DOMNode

    from launcher.metrics.catalog import Charts, Panel

MIN_HEIGHT = 10
MAX_HEIGHT = 30


class ChartGrid(VerticalScroll, can_focus=False):
    """Shows the charts it is given; ``Changed`` says that the choice or the zoom is another one."""

    class Changed(Message):
        """Another chart is chosen; ``resized``: the charts have another width too."""

        def __init__(self, resized: bool) -> None:
            super().__init__()
            self.resized = resized

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.charts: dict[str, Chart] = {}
        self._spare: dict[str, Chart] = {}
        """Of the run before, empty and in their places: most runs have the same panels, a new widget costs more than
        all that it shows, and one that goes and comes again lays out everything."""
        self._colours = ChartColours()
        self.chosen: str | None = None
        self.zoomed: str | None = None
        self._lit = False
        self._laid_out = (0, 0)
        """Columns and height of a row, as the grid has them: to say them again would lay out everything."""
        self._cursor: int | None = None
        self._below = ""
        self._told: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield self._colours
        yield Static(id="metrics-note", markup=False)
        yield Grid(id="metrics-grid")
        yield Static(id="metrics-below", markup=False)

    def on_mount(self) -> None:
        for line in self.query(Static):
            line.display = False

    def on_resize(self) -> None:
        self.lay_out()

    # -- what the pane says

    @property
    def empty(self) -> bool:
        """No chart has anything to show yet."""
        return all(chart.panel is None or chart.panel.note for chart in self.charts.values())

    def chart_width(self) -> int:
        """Of the narrowest chart, also before there is one: it must not be read again once it has its place."""
        columns = 1 if self.zoomed is not None else self.columns
        return max(20, (self.size.width - self.scrollbar_gutter.width) // columns)

    def show(self, charts: Charts | None, note: str | None) -> None:
        """The panels that the server has, then in a line what it has not; ``note`` when there is nothing at all."""
        panels = [panel for panel in charts.panels if not panel.absent] if charts is not None and not note else []
        self._show_line("metrics-note", note or "")
        for chart in self._spare.values() if note else ():
            chart.display = False
        if [panel.key for panel in panels] != list(self.charts):
            self._rebuild(panels)
        for panel in panels:
            chart = self.charts[panel.key]
            old, large = chart.scene, panel.key == self.zoomed
            scene = Scene(panel, charts.start_ms, charts.end_ms, charts.marks, large=large) if charts else None
            if scene is not None:
                chart.show(scene._replace(hidden=old.hidden, log=old.log) if old is not None else scene)
        if charts is not None or note:
            self._below = metrics_text.below(charts)
            self.query_one("#metrics-below").visible = True
            self._show_below()

    def point(self, ms: int | None) -> None:
        """One cursor on all charts."""
        self._cursor = ms
        for chart in self.charts.values():
            chart.point(ms)

    def light(self, lit: bool) -> None:
        """Whether the chosen chart stands out: only while the keys go to this pane."""
        self._lit = lit
        self._mark_chosen()

    @property
    def chosen_chart(self) -> Chart | None:
        return self.charts.get(self.chosen or "")

    def choose(self, key: str | None) -> None:
        """Put the frame on this chart and bring it into view."""
        if key is not None and key not in self.charts:
            return
        self.chosen = key
        if self.zoomed is not None and key is not None:
            self.zoom(key)
        self._mark_chosen()
        if key is not None and self.zoomed is None:
            self._bring_into_view()
        self.post_message(self.Changed(resized=False))

    def step(self, by: int, *, wrap: bool = False) -> None:
        """Choose the chart that is so many places further on."""
        keys = list(self.charts)
        if not keys:
            return
        place = keys.index(self.chosen) if self.chosen in keys else 0
        target = (place + by) % len(keys) if wrap else place + by
        if 0 <= target < len(keys):
            self.choose(keys[target])

    def zoom(self, key: str | None) -> None:
        """Give one chart the whole pane, or all their places back."""
        self.zoomed = key if key in self.charts else None
        for name, chart in self.charts.items():
            chart.display = self.zoomed in (None, name)
            if chart.scene is not None:
                chart.show(chart.scene._replace(large=name == self.zoomed))
        self.lay_out()
        self._show_below()
        if self.zoomed is not None:
            self.scroll_home(animate=False)
        self.call_after_refresh(self._zoom_shown)

    def clear(self) -> None:
        """Forget everything: another run is shown. What it will show keeps its room, or all is laid out once more."""
        self.chosen = self.zoomed = None
        self.query_one("#metrics-below").visible = False
        for chart in self.charts.values():
            chart.display = True
            chart.forget()
        self._spare |= self.charts
        self.charts = {}

    # -- inside

    @on(Chart.Chosen)
    def _clicked(self, message: Chart.Chosen) -> None:
        message.stop()
        self.choose(message.key)
        if message.twice:
            self.zoom(None if self.zoomed else message.key)

    def _zoom_shown(self) -> None:
        """The charts have their new size: only now it can be said how many points they show."""
        if self.zoomed is None:
            self._bring_into_view()
        self.post_message(self.Changed(resized=True))

    def _bring_into_view(self) -> None:
        """The chosen chart; with the last ones comes the line below them."""
        chart = self.chosen_chart
        if chart is not None and self.chosen in list(self.charts)[-self.columns :]:
            self.scroll_end(animate=False)
        elif chart is not None:
            self.scroll_to_widget(chart, animate=False)

    def _mark_chosen(self) -> None:
        for key, chart in self.charts.items():
            chart.choose(self._lit and key == self.chosen)

    def _show_line(self, name: str, text: str) -> None:
        if text != self._told.get(name, ""):
            self._told[name] = text
            line = self.query_one(f"#{name}", Static)
            line.display = bool(text)
            line.update(metrics_text.plain(text))

    def _show_below(self) -> None:
        self._show_line("metrics-below", "" if self.zoomed is not None else self._below)

    def _rebuild(self, panels: Sequence[Panel]) -> None:
        """Widgets for another set of panels. Those that are there already stay, with what the user did to them."""
        grid = self.query_one("#metrics-grid", Grid)
        have = self._spare | self.charts
        kept = {panel.key: have.pop(panel.key, None) for panel in panels}
        for chart in have.values():
            chart.remove()
        self._spare = {}
        self.charts = {key: chart or Chart(key, self._colours) for key, chart in kept.items()}
        if self.chosen not in self.charts:
            self.chosen = next(iter(self.charts), None)
        if self.zoomed not in self.charts:
            self.zoomed = None
        for key, chart in self.charts.items():
            chart.point(self._cursor)
            chart.display = self.zoomed in (None, key)
        grid.mount_all(chart for key, chart in self.charts.items() if kept[key] is None)
        places: dict[DOMNode, int] = {chart: place for place, chart in enumerate(self.charts.values())}
        found = [places.get(child, -1) for child in grid.children]
        if found != sorted(found):
            grid.sort_children(key=lambda child: places.get(child, -1))
        self._mark_chosen()
        self.lay_out()

    @property
    def columns(self) -> int:
        return 1 if self.size.width < 76 else 2 if self.size.width < 160 else 3

    def lay_out(self) -> None:
        """Columns by the width. As many whole rows as keep enough height fill the view; one chart fills it all."""
        columns = 1 if self.zoomed is not None else self.columns
        rows = 1 if self.zoomed is not None else max(1, math.ceil(len(self.charts or self._spare) / columns))
        space = max(1, self.size.height)
        fit = min(rows, max(1, space // MIN_HEIGHT))
        height = space if self.zoomed is not None else min(MAX_HEIGHT, max(MIN_HEIGHT, space // fit))
        grid = self.query_one("#metrics-grid", Grid)
        if (columns, height) != self._laid_out:
            self._laid_out = columns, height
            grid.styles.grid_size_columns = columns
            grid.styles.grid_rows = str(height)
