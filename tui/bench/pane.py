"""Benchmarks: the results of this run above, the chosen one below as a table and as curves; what runs now, live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from launcher.bench.result import Bench
from launcher.runs.view import RunView
from tui.bench import curve, text
from tui.bench.curve_view import CurveView
from tui.bench.wants import (
    BenchWanted,
    CancelBench,
    CompareBenches,
    CopyBenches,
    DeleteBench,
    ExportBenches,
    Measure,
    Want,
)
from tui.detail.actions import bindings
from tui.detail.chart import Chart
from tui.detail.chart_colours import ChartColours
from tui.detail.chart_plot import Scene
from tui.detail.pane import Pane

if TYPE_CHECKING:
    from launcher.metrics.catalog import Charts

LIVE = ("throughput", "requests", "ttft", "kv")
"""Charts of the server beside a benchmark that runs."""
_WIDE = 100
"""Cells from which all curves have room beside each other."""


class BenchPane(Pane):
    """The fifth tab."""

    BINDINGS = bindings("bench")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.benches: tuple[Bench, ...] = ()
        self.marks: tuple[str, ...] = ()
        """Ids of the marked results: A, then B."""
        self._known = False
        self._curve = 0
        self._log = False
        self._colours = ChartColours()
        self._options = OptionList(id="bench-list", markup=False, compact=True)
        self._text = Static(id="bench-text", markup=False)
        self._progress = Static(id="bench-progress", markup=False)
        self._curves = [CurveView(self._colours, id=f"curve-{key}") for key in curve.KEYS]
        self._charts = [Chart(key, self._colours) for key in LIVE]

    def compose(self) -> ComposeResult:
        yield self._colours
        yield self._options
        yield self._progress
        with Horizontal(id="bench-live"):
            yield from self._charts
        with VerticalScroll(id="bench-detail", can_focus=False):
            yield self._text
        with Horizontal(id="bench-curves"):
            yield from self._curves

    def on_mount(self) -> None:
        self._colours.display = False
        self._show()

    def focus_target(self) -> Widget:
        return self._options

    # -- what the desk gives

    def run_switched(self, run: RunView | None) -> None:
        self.benches, self.marks, self._known = (), (), False
        self._options.clear_options()
        for chart in self._charts:
            chart.forget()
        self._show()

    def run_changed(self, run: RunView | None) -> None:
        self._show()

    def show_benches(self, benches: Sequence[Bench]) -> None:
        """The benchmarks of the run, newest first; the place in the list is kept."""
        known, self._known = self._known, True
        if known and tuple(benches) == self.benches:
            self._show_progress()
            return
        chosen = self.chosen
        fresh = bool(benches) and (not self.benches or benches[0].id != self.benches[0].id)
        self.benches = tuple(benches)
        self.marks = tuple(mark for mark in self.marks if any(bench.id == mark for bench in benches))
        self._fill(None if fresh or chosen is None else chosen.id)
        self._show()

    def show_charts(self, charts: Charts | None) -> None:
        """The server's own figures while a benchmark runs."""
        panels = {panel.key: panel for panel in charts.panels} if charts is not None else {}
        for chart in self._charts:
            if charts is not None and chart.key in panels:
                chart.show(Scene(panels[chart.key], charts.start_ms, charts.end_ms, charts.marks))

    @property
    def live(self) -> Bench | None:
        """The benchmark that runs now."""
        return next((bench for bench in self.benches if bench.live), None)

    @property
    def chosen(self) -> Bench | None:
        """The benchmark under the cursor."""
        place = self._options.highlighted
        return self.benches[place] if place is not None and place < len(self.benches) else None

    @property
    def marked(self) -> tuple[Bench, ...]:
        """The marked results, A first; else the chosen one."""
        found = {bench.id: bench for bench in self.benches}
        chosen = self.chosen
        return tuple(found[mark] for mark in self.marks) or ((chosen,) if chosen is not None else ())

    # -- painting

    def _fill(self, keep: str | None) -> None:
        now, width = text.now(), max(20, self.size.width - 4)
        lines = [Option(text.list_line(bench, now, width, self._letter(bench))) for bench in self.benches]
        self._options.clear_options()
        self._options.add_options(lines)
        ids = [bench.id for bench in self.benches]
        if ids:
            self._options.highlighted = ids.index(keep) if keep in ids else 0

    def _letter(self, bench: Bench) -> str:
        return "AB"[self.marks.index(bench.id)] if bench.id in self.marks else ""

    def _show(self) -> None:
        bench, live = self.chosen, self.live
        if bench is None:
            ready = self.shown_run is not None and self.shown_run.ready
            self._text.update(text.empty(ready) if self._known else "")
        else:
            self._text.update(text.detail(bench, max(40, self.size.width - 4)))
        self._options.display = bool(self.benches)
        self.set_class(live is not None, "-live")
        self._show_progress()
        shown = self.marked if len(self.marks) == 2 else ((bench,) if bench is not None else ())
        shown = tuple(one for one in shown if one.points)
        wide = self.size.width >= _WIDE
        for number, view in enumerate(self._curves):
            view.display = bool(shown) and (wide or number == self._curve)
            view.show(curve.Paper(curve.KEYS[number], shown, self._log) if shown else None)
        self.set_class(bool(shown), "-curves")
        self.refresh_bindings()

    def _show_progress(self) -> None:
        live = self.live
        self._progress.update(text.progress(live, text.now(), max(20, self.size.width - 2)) if live is not None else "")

    def on_resize(self) -> None:
        chosen = self.chosen
        self._fill(chosen.id if chosen is not None else None)
        self._show()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_zoom_curve()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What means nothing now is not offered."""
        if action == "cancel_bench":
            return self.live is not None
        if action == "new_bench":
            return self.shown_run is not None and self.shown_run.ready and self.live is None
        if action == "again":
            return self.chosen is not None and self.live is None
        needs = ("mark_bench", "compare_benches", "copy_bench", "export_bench", "next_curve", "log_curve", "zoom_curve")
        if action in needs:
            return self.chosen is not None
        return self.chosen is not None and not self.chosen.live if action == "delete_bench" else True

    def action_new_bench(self) -> None:
        self._want(Measure())

    def action_again(self) -> None:
        if self.chosen is not None:
            self._want(Measure(self.chosen, at_once=True))

    def action_cancel_bench(self) -> None:
        if self.live is not None:
            self._want(CancelBench(self.live))

    def action_mark_bench(self) -> None:
        """Mark the result, or no longer; a third mark takes the place of the second."""
        bench = self.chosen
        if bench is None:
            return
        if bench.id in self.marks:
            self.marks = tuple(mark for mark in self.marks if mark != bench.id)
        else:
            self.marks = (*self.marks[:1], bench.id)
        self._fill(bench.id)
        self._show()

    def action_compare_benches(self) -> None:
        self._want(CompareBenches(self.marked))

    def action_next_curve(self) -> None:
        self._curve = (self._curve + 1) % len(self._curves)
        self._show()

    def action_log_curve(self) -> None:
        self._log = not self._log
        self._show()

    def action_zoom_curve(self) -> None:
        self.toggle_class("-zoomed")

    def action_copy_bench(self) -> None:
        self._want(CopyBenches(self.marked))

    def action_export_bench(self) -> None:
        self._want(ExportBenches(self.marked))

    def action_delete_bench(self) -> None:
        if self.chosen is not None:
            self._want(DeleteBench(self.chosen))

    def _want(self, want: Want) -> None:
        self.post_message(BenchWanted(self, want))
