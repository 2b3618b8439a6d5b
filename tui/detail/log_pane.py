"""Logs: the run's own output, followed live, with a filter line at its foot."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from launcher.runs.view import RunView
from launcher.text import clean_line
from tui.detail.actions import bindings
from tui.detail.log_filter import compile_filter
from tui.detail.log_follower import Found
from tui.detail.log_view import LogView
from tui.detail.pane import Pane


class LogFilterInput(Input):
    """The filter line. Escape takes the filter away, enter keeps it; both go back to the log."""

    BINDINGS = [Binding("escape", "abandon", "Clear filter")]  # noqa: RUF012 - Textual's own form

    def action_abandon(self) -> None:
        self.value = ""
        self.screen.query_one(LogView).focus()
        self.display = False


class LogPane(Pane):
    """The third tab."""

    BINDINGS = [*bindings("logs"), Binding("escape", "clear_filter", "Clear filter", show=False)]  # noqa: RUF012

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_open = False
        self._redact: Callable[[str], str] = str
        self._tail = ""
        self._problem: str | None = None
        self._warmer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield LogView(id="log-view")
        yield LogFilterInput(placeholder="regular expression, ! in front: not", id="log-filter", compact=True)
        yield Static(id="log-status", markup=False)

    def on_mount(self) -> None:
        self._filter.display = False
        self._paint_status()

    @property
    def view(self) -> LogView:
        return self.query_one("#log-view", LogView)

    @property
    def _filter(self) -> LogFilterInput:
        return self.query_one("#log-filter", LogFilterInput)

    # -- what the controller gives

    def set_redactor(self, redact: Callable[[str], str]) -> None:
        """What masks the secrets of the run, before anything of its log is shown."""
        self._redact = redact

    def show_found(self, found: Found) -> None:
        """What the log has more, or its last lines when it begins (again)."""
        if found.begins:
            self._is_open = True
            self.view.open(found.lines, self._redact, found.tail)
            self._paint_status()
        elif found.lines or found.tail != self._tail:
            self.view.add(found.lines, found.tail)
        self._tail = found.tail

    def run_switched(self, run: RunView | None) -> None:
        self._is_open = False
        self.view.open((), str)
        self._paint_status()

    def focus_target(self) -> Widget:
        return self.view

    # -- the user

    def action_follow(self) -> None:
        self.view.set_follow(not self.view.follow)

    def action_wrap(self) -> None:
        self.view.set_wrap(not self.view.wrap)

    def action_timestamps(self) -> None:
        self.view.set_times(not self.view.times)

    def action_full_screen(self) -> None:
        self.post_message(self.Zoom())

    def action_top(self) -> None:
        self.view.scroll_home(animate=False, immediate=True, x_axis=False)

    def action_bottom(self) -> None:
        self.view.set_follow(True)

    def action_filter(self) -> None:
        """Open the filter line; while the user thinks, the lines are made ready for it."""
        self._filter.display = True
        self._filter.focus()
        if self._warmer is None:
            self._warmer = self.set_interval(0.01, self._warm)

    def _warm(self) -> None:
        if self.view.warm() and self._warmer is not None:
            self._warmer.stop()
            self._warmer = None

    def action_clear_filter(self) -> None:
        self._filter.value = ""
        self._filter.display = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is ours only while there is a filter to take away; else it leaves the pane."""
        if action == "clear_filter":
            return bool(self._filter.value) or self._filter.display
        return True

    def action_copy_lines(self) -> None:
        """The selection, or the lines on the screen."""
        text = self.screen.get_selected_text() if self.view.text_selection is not None else None
        what = "the selection"
        if not text:
            text = self.view.visible_text()
            what = "what the screen shows"
        if not text:
            self.notify("There is nothing to copy.", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {what}.", markup=False)

    @on(Input.Changed, "#log-filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        found = compile_filter(event.value)
        self._problem = found.problem
        if found.problem is None:
            self.view.set_filter(found.accept)
        self._paint_status()

    @on(Input.Submitted, "#log-filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value:
            self._filter.display = False
        self.view.focus()

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._paint_status()

    def _paint_status(self) -> None:
        self.query_one("#log-status", Static).update(self._status())

    def _status(self) -> Content:
        view, buffer = self.view, self.view.buffer
        if self._problem is not None:
            return Content.styled(clean_line(self._problem), "$error")
        if self.shown_run is not None and self.shown_run.attached:
            return Content("No log: vdeck did not start this server. Read it where the server was started.")
        if not len(buffer):
            waiting = "Reading …" if self.shown_run else "No run is chosen."
            return Content("No output yet." if self._is_open else waiting)
        words = f"{len(buffer):,} line" + ("s" if len(buffer) != 1 else "")
        if self._filter.value:
            words = f"{buffer.shown_count:,} of {words} match"
        if not view.follow:
            place = "○ not following (s)"
        elif view.at_end:
            place = "● following"
        else:
            place = "○ scrolled up (G: end)"
        marks = [place, words] + (["wrapped"] if view.wrap else []) + ([] if view.times else ["no times"])
        return Content("   ".join(marks))
