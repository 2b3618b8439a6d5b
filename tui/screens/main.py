"""The one screen: header, runs on top, the detail of the chosen run below, keys at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual import on

from tui.actions import bindings
from tui.detail.pane import Pane
from tui.render.order import arrange
from tui.screens.attaching import Attaching
from tui.screens.comparing import Comparing
from tui.screens.diagnosing import Diagnosing
from tui.screens.filtering import Filtering
from tui.screens.siding import Siding
from tui.widgets.empty_state import EmptyState
from tui.widgets.header_bar import HeaderBar
from tui.widgets.key_bar import KeyBar
from tui.widgets.notice_bar import Notice, NoticeBar
from tui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.dom import DOMNode
    from textual.widget import Widget

    from launcher.fleet import Snapshot
    from launcher.runs.view import RunView
    from tui.detail.tabs import DetailTabs

Zoom = Literal["table", "split", "detail"]
_ZOOMS: tuple[Zoom, ...] = ("table", "split", "detail")
_CHANGING = (
    "terminate", "kill", "restart", "delete", "clone", "copy_endpoint", "open_endpoint", "edit_manifest",
    "diagnose", "bundle", "compare",
    "open_tab", "zoom", "filter", "back",
)  # fmt: skip


class MainScreen(Filtering, Attaching, Comparing, Diagnosing, Siding):
    """Hands every snapshot down to the widgets and turns their messages into state. It reads and starts nothing."""

    BINDINGS = bindings("runs", "global")

    def __init__(self) -> None:
        super().__init__()
        self.snapshot: Snapshot | None = None
        self.zoom: Zoom = "split"
        self._detail: DetailTabs | None = None
        self._problem = ""
        self._possible: tuple[bool, ...] = ()

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield NoticeBar()
        yield RunTable()
        yield EmptyState()
        yield KeyBar()

    def on_mount(self) -> None:
        self.table.focus()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._restyle())
        self.deck.start_polling()

    def _restyle(self) -> None:
        self.table.restyle()
        self.refresh(layout=False)
        for widget in self.query("HeaderBar, NoticeBar, KeyBar, EmptyState"):
            widget.refresh()

    @property
    def table(self) -> RunTable:
        return self.query_one(RunTable)

    # -- attributes down

    def set_snapshot(self, snapshot: Snapshot) -> None:
        """The newest picture of the fleet."""
        self.snapshot = snapshot
        self._problem = snapshot.problem or ""
        self.set_class(not snapshot.runs, "-empty")
        if not snapshot.runs:
            self.look_for_servers()
        self.query_one(HeaderBar).snapshot = snapshot
        self.table.set_marks(self.table.marks & {run.id for run in snapshot.runs})
        self._show_runs()
        if self._detail is not None:
            self._detail.set_run(self.chosen_run())
            self._detail.set_snapshot(snapshot)
        elif snapshot.runs:
            self._mount_detail()
        self._refresh_keys()

    def set_problem(self, problem: str) -> None:
        """Polling failed: the old picture stays, and a line says why it is old."""
        self._problem = problem
        self._show_notice()

    def select(self, run_id: str) -> None:
        """Put the cursor on this run (now, or when it comes), out of any filter that hides it."""
        if self.snapshot is not None and self.filter.pattern is not None:
            run = next((run for run in self.snapshot.runs if run.id == run_id), None)
            if run is None or not self.filter.matches(run):
                self.set_filter("")
        self.table.choose(run_id)

    def _show_runs(self) -> None:
        if self.snapshot is not None:
            runs = arrange(self.snapshot.runs, self.filter)
            self.table.show(runs, self.snapshot.figures, self.snapshot.taken)
        self._show_notice()

    def _show_notice(self) -> None:
        total = len(self.snapshot.runs) if self.snapshot else 0
        self.query_one(NoticeBar).notice = Notice(
            self.filter.text, self.filter.problem, self.table.row_count, total, len(self.table.marks), self._problem
        )

    def _mount_detail(self) -> None:
        """The detail comes after the first picture of the runs: the table must not wait for it."""
        from tui.detail.tabs import DetailTabs

        self._detail = DetailTabs(fleet=self.deck.fleet)
        if self.snapshot is not None:
            self._detail.set_snapshot(self.snapshot)
        self._detail.set_run(self.chosen_run())
        self.call_after_refresh(self._add_detail, self._detail)

    def _add_detail(self, detail: DetailTabs) -> None:
        if self.is_attached:  # the app may have been closed meanwhile
            self.mount(detail, before=self.query_one(KeyBar))

    def _refresh_keys(self) -> None:
        """Ask for the keys again, but only when another set of them means something now."""
        possible = tuple(bool(self.check_action(name, ())) for name in _CHANGING)
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    # -- messages up

    @on(RunTable.Chosen)
    def _chosen(self) -> None:
        if self._detail is not None:
            self._detail.set_run(self.chosen_run())
        self._refresh_keys()

    @on(RunTable.Entered)
    def _entered(self) -> None:
        if self._detail is not None:
            if self.zoom == "table":
                self._set_zoom("split")
            self._detail.focus_pane()

    @on(RunTable.Marked)
    def _marked(self) -> None:
        self._show_notice()
        self._refresh_keys()

    @on(Pane.Zoom)
    def _pane_zoom(self) -> None:
        self._set_zoom("split" if self.zoom == "detail" else "detail")

    # -- which run

    @property
    def chosen_id(self) -> str | None:
        """The id of the run under the cursor; None before there is a table."""
        return self.table.chosen if self.is_mounted else None

    def chosen_run(self) -> RunView | None:
        runs = self.snapshot.runs if self.snapshot else ()
        return next((run for run in runs if run.id == self.table.chosen), None)

    def targets(self) -> tuple[RunView, ...]:
        runs = self.snapshot.runs if self.snapshot else ()
        marked = tuple(run for run in runs if run.id in self.table.marks)
        chosen = self.chosen_run()
        return marked or ((chosen,) if chosen is not None else ())

    def unmark(self) -> None:
        self.table.set_marks(frozenset())

    def places(self) -> dict[str, DOMNode]:
        """Which widget the actions of a scope belong to now (a pane only while it is open)."""
        places: dict[str, DOMNode] = {"global": self, "runs": self, "table": self.table}
        if self._detail is not None and self._detail.pane is not None:
            places[self._detail.active] = self._detail.pane
        return places

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what means nothing now."""
        if action in ("open_tab", "zoom", "filter"):
            return self.snapshot is not None and bool(self.snapshot.runs)
        if action == "back":
            return self._in_detail() or bool(self.filter.text or self.table.marks) or self.zoom != "split"
        if action == "compare":
            return self.snapshot is not None and len(self.table.marks) == 2
        return self.possible(action)

    def action_new_run(self) -> None:
        """Open the launch dialog."""
        self.deck.open_launch()

    def action_show_help(self) -> None:
        """Show all keys."""
        from tui.screens.help import help_modal

        self.app.push_screen(help_modal())

    def action_command_palette(self) -> None:
        """Open the palette."""
        self.app.action_command_palette()

    def action_switch_theme(self) -> None:
        """Dark to light, light to dark."""
        self.deck.action_switch_theme()

    async def action_quit(self) -> None:
        """Close the screen."""
        await self.app.action_quit()

    def action_open_tab(self, name: str) -> None:
        """Show another tab of the detail; the focus stays in the part where it is (but a prompt takes the keys)."""
        if self._detail is not None:
            if self.zoom == "table":
                self._set_zoom("split")
            self._detail.open_tab(name)

    def show_log(self, offset: int | None) -> None:
        """Open the log of the chosen run, at a line."""
        if self._detail is not None:
            if self.zoom == "table":
                self._set_zoom("split")
            self._detail.show_log(offset)

    def action_merge_logs(self) -> None:
        """The logs of the marked runs as one; the one log again when they are shown already."""
        if self._detail is None:
            return
        if self.zoom == "table":
            self._set_zoom("split")
        runs = () if self._detail.merged else self.targets()
        if len(runs) == 1:
            self.notify("Mark two or more runs with space: their logs are shown as one.", markup=False)
            return
        self._detail.set_run(self.chosen_run())  # the message of the table may be still to come, and would end it
        self._detail.merge_logs(tuple(run for run in runs if not run.attached))

    def action_back(self) -> None:
        """One step out: detail, filter, marks, zoom."""
        if self._in_detail():
            if self.zoom == "detail":
                self._set_zoom("split")
            self.table.focus()
        elif self.filter.text:
            self.set_filter("")
        elif self.table.marks:
            self.unmark()
        else:
            self._set_zoom("split")

    def action_zoom(self, way: str) -> None:
        """One step of room for the detail (in) or the table (out)."""
        step = 1 if way == "in" else -1
        place = _ZOOMS.index(self.zoom) + step
        self._set_zoom(_ZOOMS[max(0, min(len(_ZOOMS) - 1, place))])

    def _set_zoom(self, zoom: Zoom) -> None:
        self.zoom = zoom
        self.set_class(zoom == "table", "-table-only")
        self.set_class(zoom == "detail", "-detail-only")
        if zoom == "detail" and self._detail is not None and not self._in_detail():
            self._detail.focus_pane()
        elif zoom == "table":
            self.table.focus()
        self._refresh_keys()

    def _in_detail(self) -> bool:
        focused: Widget | None = self.focused
        return self._detail is not None and focused is not None and self._detail in focused.ancestors_with_self

    def filter_changed(self) -> None:
        self._show_runs()
        self._refresh_keys()

    def filter_left(self) -> None:
        self.table.focus()
