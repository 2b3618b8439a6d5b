"""Metrics: the charts of a run over a window of time, and the figures of now above them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from launcher.runs.view import RunView
from tui.detail import metrics_text
from tui.detail.actions import bindings
from tui.detail.chart import Chart
from tui.detail.chart_grid import ChartGrid
from tui.detail.head_line import HeadLine
from tui.detail.messages import ExtrasChanged, GoalsWanted, ListWanted, WindowChanged
from tui.detail.metrics_text import Now
from tui.detail.timed_pane import TimedPane

if TYPE_CHECKING:
    from launcher.metrics.catalog import Charts
    from launcher.metrics.figures import Figures

EXTRA = "metric:"
"""The key of a chart that the user picked from the list of all metrics begins with it."""


class MetricsPane(TimedPane, can_focus=True):
    """The second tab."""

    BINDINGS = bindings("metrics")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.extras: tuple[str, ...] = ()
        """Families that the user picked, each a chart above the others."""
        self._figures: Figures | None = None

    def compose(self) -> ComposeResult:
        yield HeadLine(id="metrics-head")
        yield Static(id="metrics-advice", markup=False)
        yield ChartGrid(id="metrics-scroll")

    def on_mount(self) -> None:
        self.query_one("#metrics-advice").display = False
        self.grid.show(None, metrics_text.why_nothing(None, None))
        self._paint_head()

    @property
    def grid(self) -> ChartGrid:
        return self.query_one(ChartGrid)

    # -- what the controller asks and gives

    @property
    def points(self) -> int:
        """Samples a chart can show at its present width."""
        return Chart.plot_columns(self.grid.chart_width())

    @property
    def empty(self) -> bool:
        """No chart has anything to show yet: the first figures should not wait for the next dot column."""
        return self.grid.empty

    def show_figures(self, figures: Figures | None) -> None:
        """The line of figures above the charts."""
        self._figures = figures
        self._paint_head()

    def show_charts(self, charts: Charts | None, start_ms: int, end_ms: int) -> None:
        """The charts; None when nothing was recorded yet."""
        self.charts_shown(start_ms, end_ms)
        self.grid.show(charts, metrics_text.why_nothing(charts, self.shown_run))

    # -- the run

    def run_switched(self, run: RunView | None) -> None:
        self.window.go_on()
        self._figures = None
        self.point(None)
        self.grid.clear()
        self.grid.show(None, metrics_text.why_nothing(None, None) if run is None else None)
        self._paint_head()

    def run_changed(self, run: RunView | None) -> None:
        parts = metrics_text.advice(run)
        line = self.query_one("#metrics-advice", Static)
        line.display = bool(parts)
        line.update(metrics_text.content(parts) if parts else Content(""))

    def on_resize(self) -> None:
        self._paint_head()
        self.post_message(WindowChanged())

    def on_focus(self) -> None:
        self.grid.light(True)

    def on_blur(self) -> None:
        self.grid.light(False)

    # -- the charts

    def action_chart_next(self) -> None:
        self.grid.step(1, wrap=True)

    def action_chart_before(self) -> None:
        self.grid.step(-1, wrap=True)

    def action_chart_down(self) -> None:
        self.grid.step(1 if self.grid.zoomed else self.grid.columns)

    def action_chart_up(self) -> None:
        self.grid.step(-1 if self.grid.zoomed else -self.grid.columns)

    def action_page_down(self) -> None:
        self.grid.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.grid.scroll_page_up(animate=False)

    def action_zoom_chart(self) -> None:
        self.grid.zoom(None if self.grid.zoomed else self.grid.chosen)

    def action_series(self) -> None:
        if (chart := self.grid.chosen_chart) is not None:
            chart.next_series()

    def action_log_axis(self) -> None:
        if (chart := self.grid.chosen_chart) is not None:
            chart.toggle_log()

    def action_step_out(self) -> None:
        """Out of the cursor, then out of the zoom."""
        if self.cursor_kept:
            self.point(None)
        else:
            self.grid.zoom(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what means something now: else esc leaves the pane."""
        if action == "step_out":
            return self.cursor_kept or self.grid.zoomed is not None
        if action == "drop_metric":
            return (self.grid.chosen or "").startswith(EXTRA)
        return True

    @on(ChartGrid.Changed)
    def _grid_changed(self, message: ChartGrid.Changed) -> None:
        message.stop()
        self.refresh_bindings()
        if message.resized:
            self.post_message(WindowChanged())

    # -- charts of any metric, and goals

    def action_all_metrics(self) -> None:
        self.post_message(ListWanted(self))

    def action_goals(self) -> None:
        self.post_message(GoalsWanted(self))

    def action_drop_metric(self) -> None:
        """Remove the chosen chart, which the user had picked from the list."""
        self.toggle_extra((self.grid.chosen or "").removeprefix(EXTRA))

    def toggle_extra(self, family: str) -> None:
        """A chart of this family on top of the others, or no longer."""
        kept = tuple(name for name in self.extras if name != family)
        self.extras = kept if len(kept) < len(self.extras) else (family, *self.extras)
        self.post_message(ExtrasChanged(self.extras))

    # -- inside

    def time_changed(self) -> None:
        """Another window or cursor."""
        self.grid.point(self.cursor)
        self._paint_head()

    def _paint_head(self) -> None:
        shown = self.cursor
        now = Now(self.window.index, self.window.held_ms, shown, time.time() if shown is not None else 0.0)
        line = self.query_one(HeadLine)
        line.show(metrics_text.head(self._figures, now, max(20, self.size.width - 2)))
