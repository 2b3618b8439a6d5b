"""Metrics: the charts of a run over a window of time, and the figures of now above them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from launcher.runs.view import RunView
from tui import format as words
from tui.detail.actions import bindings
from tui.detail.chart import Chart
from tui.detail.messages import WindowChanged
from tui.detail.pane import Pane

if TYPE_CHECKING:
    from launcher.metrics.catalog import Panel
    from launcher.metrics.figures import Figures

WINDOWS: tuple[tuple[str, int], ...] = (
    ("1m", 60), ("5m", 300), ("15m", 900), ("1h", 3600), ("6h", 21600), ("24h", 86400),
)  # fmt: skip
_STALE_S = 10
_MIN_HEIGHT = 10
_MAX_HEIGHT = 30


class MetricsPane(Pane):
    """The second tab."""

    BINDINGS = bindings("metrics")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.window = 1
        self.paused = False
        self._figures: Figures | None = None
        self._charts: dict[str, Chart] = {}
        self._note: str | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="metrics-head", markup=False)
        with VerticalScroll(id="metrics-scroll"):
            yield Static(id="metrics-note", markup=False)
            yield Grid(id="metrics-grid")

    def on_mount(self) -> None:
        self.query_one("#metrics-note").display = False
        self._paint_head()

    # -- what the controller asks and gives

    @property
    def window_s(self) -> int:
        return WINDOWS[self.window][1]

    @property
    def points(self) -> int:
        """Samples a chart can show at its present width."""
        return Chart.plot_columns(self._chart_width())

    @property
    def empty(self) -> bool:
        """No chart has anything to show yet: the first figures should not wait for the next dot column."""
        return all(chart.panel is None or chart.panel.note for chart in self._charts.values())

    def window_now(self, now: float, *, ended: float | None) -> tuple[int, int]:
        """Start and end of the window in ms. A run that has ended shows its last stretch.

        The end moves in whole dot columns, else every line would tremble from one painting to the next (but a wide
        window is never more than ``_STALE_S`` old); it stays one second behind, because the sample of this very
        moment is not recorded yet.
        """
        end = min(now - 1, ended + 5) if ended is not None else now - 1
        step = max(1, self.window_s * 1000 // max(1, self.points - 1))
        moves = min(step, _STALE_S * 1000)
        end_ms = int(end * 1000) // moves * moves
        return end_ms - step * (self.points - 1), end_ms

    def show_figures(self, figures: Figures | None) -> None:
        """The line of figures above the charts."""
        if figures != self._figures:
            self._figures = figures
            self._paint_head()

    def show_panels(self, panels: Sequence[Panel] | None, start_ms: int, end_ms: int) -> None:
        """The charts; None when nothing was recorded yet."""
        self._show_note(None if panels else self._why_empty())
        keys = [panel.key for panel in panels or ()]
        if keys != list(self._charts):
            self._rebuild(keys)
        for panel in panels or ():
            self._charts[panel.key].show(panel, start_ms, end_ms)

    # -- the user

    def action_window_shorter(self) -> None:
        self._set_window(self.window - 1)

    def action_window_longer(self) -> None:
        self._set_window(self.window + 1)

    def action_pause(self) -> None:
        self.paused = not self.paused
        self._paint_head()
        self.post_message(WindowChanged())

    def focus_target(self) -> Widget:
        return self.query_one("#metrics-scroll")

    def on_resize(self) -> None:
        self._arrange()
        self.post_message(WindowChanged())

    def run_switched(self, run: RunView | None) -> None:
        self.paused = False
        self._figures = None
        self._rebuild([])
        self._show_note("No run is chosen." if run is None else None)
        self._paint_head()

    # -- inside

    def _set_window(self, window: int) -> None:
        window = min(len(WINDOWS) - 1, max(0, window))
        if window != self.window:
            self.window = window
            self.paused = False
            self._paint_head()
            self.post_message(WindowChanged())

    def _why_empty(self) -> str:
        run = self.shown_run
        if run is None:
            return "No run is chosen."
        if run.live and not run.ready:
            return "Charts begin when the server answers; it is still starting."
        if run.live:
            return "Nothing was recorded yet: the first figures come within seconds."
        return "Nothing was recorded: the server of this run never answered."

    def _show_note(self, note: str | None) -> None:
        if note != self._note:
            self._note = note
            line = self.query_one("#metrics-note", Static)
            line.display = note is not None
            line.update(Content(note or ""))

    def _rebuild(self, keys: list[str]) -> None:
        grid = self.query_one("#metrics-grid", Grid)
        grid.remove_children()
        self._charts = {key: Chart(classes="chart") for key in keys}
        if keys:
            grid.mount_all(self._charts.values())
        self._arrange()

    def _columns(self) -> int:
        return 1 if self.size.width < 76 else 2 if self.size.width < 160 else 3

    def _chart_width(self) -> int:
        """As it is painted, or as it will be about."""
        first = next(iter(self._charts.values()), None)
        if first is not None and first.size.width > 0:
            return first.size.width
        return max(20, (self.size.width - 2) // self._columns() - 1)

    def _arrange(self) -> None:
        """Columns by the width; rows share the height while each keeps enough of it."""
        columns = self._columns()
        rows = max(1, math.ceil(len(self._charts) / columns))
        height = min(_MAX_HEIGHT, max(_MIN_HEIGHT, (self.size.height - 1) // rows))
        grid = self.query_one("#metrics-grid", Grid)
        grid.styles.grid_size_columns = columns
        grid.styles.grid_rows = str(height)

    def _paint_head(self) -> None:
        self.query_one("#metrics-head", Static).update(headline(self._figures, self.window, paused=self.paused))


def headline(figures: Figures | None, window: int, *, paused: bool) -> Content:
    """The figures of now in one line, then the choice of windows."""
    parts: list[str | tuple[str, str]] = []
    for label, text in _now(figures):
        parts += [(label + " ", "$foreground-muted"), (text, "bold"), "  "]
    for index, (name, _seconds) in enumerate(WINDOWS):
        if index == window:
            parts.append((f"[{name}]", "bold $accent"))
        elif not paused:
            parts.append((f" {name} ", "$foreground-muted"))
    if paused:
        parts.append(("  ⏸ paused (p)", "bold $warning"))
    return Content.assemble(*parts)


def _now(figures: Figures | None) -> list[tuple[str, str]]:
    if figures is None:
        return [("tok/s", "-"), ("run/wait", "-"), ("KV", "-"), ("TTFT p95", "-")]
    queue = f"{words.number(figures.running)}/{words.number(figures.waiting)}"
    return [
        ("tok/s", words.number(figures.gen_tps)),
        ("run/wait", queue),
        ("KV", words.percent(figures.kv)),
        ("TTFT p95", words.latency(figures.ttft_p95)),
    ]
