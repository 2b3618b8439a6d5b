"""The detail area: a strip of tabs and the pane of the chosen one.

Panes are made (and their modules imported) when they are first opened. The screen tells this widget its run and the
newest snapshot; the controller feeds the visible pane and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.reactive import reactive

from launcher.runs.view import RunView
from tui.bench.wants import BenchWanted
from tui.chat.wants import ChatWanted
from tui.detail.controller import DetailController
from tui.detail.log_wants import LogWanted
from tui.detail.messages import ExtrasChanged, GoalsWanted, ListWanted, WindowChanged
from tui.detail.pane import Pane
from tui.detail.sources import LiveSources, Sources
from tui.detail.tab_strip import TABS, WRITTEN, TabLabel
from tui.detail.typed_ahead import TypedAhead

if TYPE_CHECKING:
    from launcher.fleet import Fleet, Snapshot


class DetailTabs(TypedAhead):
    """The lower half of the screen.

    ``set_run``, ``set_snapshot`` and ``open_tab`` may be called at any time, also before it is mounted. Messages for
    the screen: ``TabOpened`` (for the footer) and ``Pane.Zoom`` (give this area the whole screen, or take it back).
    """

    ALLOW_MAXIMIZE = True

    active: reactive[str] = reactive("overview", init=False)
    """The name of the open tab."""

    class TabOpened(Message):
        """Another tab is open now."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, *, fleet: Fleet | None = None, sources: Sources | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self.fleet = fleet
        self.shown_run: RunView | None = None
        self.snapshot: Snapshot | None = None
        self._panes: dict[str, Pane] = {}
        self._ready: set[str] = set()
        self._wants_focus = False
        self._aim: int | None = None
        """A line of the log that is to be shown as soon as the tab can."""
        self.controller = DetailController(self, sources if sources is not None else LiveSources(fleet))

    def compose(self) -> ComposeResult:
        with Horizontal(id="detail-strip"):
            for tab in TABS:
                yield TabLabel(tab)
        yield Container(id="detail-body")

    def on_mount(self) -> None:
        self._show_tab(self.active)

    def on_unmount(self) -> None:
        self.controller.close()

    def on_descendant_focus(self) -> None:
        self.add_class("-entered")

    def on_descendant_blur(self) -> None:
        self.remove_class("-entered")

    # -- what the screen calls

    def set_run(self, run: RunView | None) -> None:
        """The run to show, or None when there is none. Equal values cost nothing."""
        before, self.shown_run = self.shown_run, run
        if run == before and run is not None:
            return
        pane = self.pane
        switched = (before.id if before else None) != (run.id if run else None)
        if switched:
            self.controller.run_switched()
        if pane is not None:
            pane.show_run(run)
            if switched:
                self.controller.feed(pane, run)

    def set_snapshot(self, snapshot: Snapshot) -> None:
        """The newest picture of the fleet: the shown run and its figures are taken from it."""
        self.snapshot = snapshot
        if self.shown_run is not None:
            run_id = self.shown_run.id
            self.set_run(next((run for run in snapshot.runs if run.id == run_id), None))
        self._give_figures()

    def open_tab(self, name: str) -> None:
        """Open a tab by its name (overview, metrics, logs, chat, bench, events); an unknown name is ignored."""
        if any(tab.name == name for tab in TABS):
            self.active = name
            if name in WRITTEN:
                self.focus_pane()

    def show_log(self, offset: int | None) -> None:
        """Open the log of the shown run, at the line that begins at this byte."""
        self._aim = offset
        self.controller.merge(())
        self.open_tab("logs")
        self.focus_pane()
        if self.active == "logs" and self.pane is not None:
            self._take_aim(self.pane)

    def _take_aim(self, pane: Pane) -> None:
        aim: Callable[[int], None] | None = getattr(pane, "aim", None)
        if aim is not None and self._aim is not None:
            offset, self._aim = self._aim, None
            aim(offset)

    def merge_logs(self, runs: tuple[RunView, ...]) -> None:
        """Show the logs of several runs as one in the Logs tab; of one or none: the log of the shown run."""
        self.controller.merge(runs if len(runs) > 1 else ())
        opened = self.active == "logs"
        self.open_tab("logs")
        if opened and self.pane is not None:
            self.controller.feed(self.pane, self.shown_run)

    @property
    def merged(self) -> bool:
        """Several logs are in view as one."""
        return bool(self.controller.merged) and self.active == "logs"

    def focus_pane(self) -> None:
        """Give the keys to the open pane."""
        pane = self.pane
        if pane is None:
            self._wants_focus = True
            self.await_keys()
        else:
            self.screen.set_focus(pane.focus_target())

    @property
    def pane(self) -> Pane | None:
        """The open pane, once it is mounted."""
        return self._panes.get(self.active) if self.active in self._ready else None

    # -- inside

    def watch_active(self, before: str, name: str) -> None:
        if self.is_mounted:
            self._show_tab(name)

    def _show_tab(self, name: str) -> None:
        had_focus = self._focus_inside()
        for label in self.query(TabLabel):
            label.set_class(label.tab_name == name, "-active")
        for pane in self._panes.values():
            pane.display = pane is self._panes.get(name)
        if had_focus:
            self._wants_focus = True
        if name in self._ready:
            self._opened(self._panes[name])
        elif name not in self._panes:
            for body in self.query("#detail-body"):  # none: the screen was ended before it was there
                self._panes[name] = pane = next(tab for tab in TABS if tab.name == name).make()
                body.mount(pane)
        self.post_message(self.TabOpened(name))

    def _focus_inside(self) -> bool:
        focused = self.screen.focused
        return focused is not None and any(pane in focused.ancestors_with_self for pane in self._panes.values())

    @on(Pane.Ready)
    def _pane_ready(self, message: Pane.Ready) -> None:
        message.stop()
        for name, pane in self._panes.items():
            if pane is message.pane:
                self._ready.add(name)
                if name == self.active:
                    self._opened(pane)

    def _opened(self, pane: Pane) -> None:
        pane.show_run(self.shown_run)
        self._give_figures()
        self.controller.feed(pane, self.shown_run)
        self._take_aim(pane)
        if self._wants_focus:
            self._wants_focus = False
            self.give_keys(pane.focus_target())

    def _give_figures(self) -> None:
        if self.snapshot is not None and self.pane is not None and self.shown_run is not None:
            self.controller.figures(self.pane, self.snapshot.figures.get(self.shown_run.id))

    @on(TabLabel.Chosen)
    def _label_chosen(self, message: TabLabel.Chosen) -> None:
        message.stop()
        self.open_tab(message.tab)

    # -- what panes ask for

    @on(WindowChanged)
    def _window_changed(self, message: WindowChanged) -> None:
        message.stop()
        self.controller.wake()

    @on(ExtrasChanged)
    def _extras_changed(self, message: ExtrasChanged) -> None:
        message.stop()
        self.controller.keep_extras(message.families)

    @on(ListWanted)
    def _list_wanted(self, message: ListWanted) -> None:
        message.stop()
        self.controller.open_metric_list(message.pane)

    @on(GoalsWanted)
    def _goals_wanted(self, message: GoalsWanted) -> None:
        message.stop()
        self.controller.open_goals(message.pane)

    @on(ChatWanted)
    def _chat_wanted(self, message: ChatWanted) -> None:
        message.stop()
        self.controller.chat_wanted(message.pane, message.want)

    @on(BenchWanted)
    def _bench_wanted(self, message: BenchWanted) -> None:
        message.stop()
        self.controller.bench_wanted(message.pane, message.want)

    @on(LogWanted)
    def _log_wanted(self, message: LogWanted) -> None:
        message.stop()
        pane = self._panes.get("logs")
        if pane is not None:
            self.controller.log_wanted(pane, message.want)  # type: ignore[arg-type]
