"""Logs: the run's whole output, followed live; search, filters, marks, picking, jumps to a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from launcher.logs.merge import LIMIT
from launcher.runs.view import RunView
from launcher.text import clean_line
from tui.detail import log_status
from tui.detail.actions import DETAIL_ACTIONS, bindings
from tui.detail.log_entry import LogEntry
from tui.detail.log_keys import LogKeys
from tui.detail.log_lens import Choice
from tui.detail.log_paint import Label
from tui.detail.log_status import Searched
from tui.detail.log_view import LogView

if TYPE_CHECKING:
    from launcher.logs.rows import Rows


_OPENING = ("search", "filter", "filter_out", "go_to_time", "save")
"""Actions that open the line at the foot."""


class LogPane(LogKeys):
    """The third tab."""

    BINDINGS = [*bindings("logs"), Binding("escape", "step_back", "Back", show=False)]  # noqa: RUF012

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Rows | None = None
        self._aim: int | None = None
        """The line to show as soon as there is a log."""
        self._note = ""
        self._note_at: int | None = None
        """The note holds as long as this line is at the top."""
        self._shown: Content | None = None

    def compose(self) -> ComposeResult:
        yield LogView(id="log-view")
        yield LogEntry(id="log-entry")
        yield Static(id="log-status", markup=False)

    def on_mount(self) -> None:
        self.view.openers = {
            key: getattr(self, f"action_{action.name}")
            for action in DETAIL_ACTIONS
            if action.scope == "logs" and action.name in _OPENING
            for key in action.keys.split(",")
        }
        self.entry.display = False
        self.paint_status()

    @property
    def choice(self) -> Choice:
        """Which lines are wanted."""
        return self._choice

    @property
    def top_row(self) -> int:
        """The row that the reader looks at."""
        return self.view.top_row

    def focus_target(self) -> Widget:
        return self.view

    # -- what the feed gives

    def show_log(
        self, rows: Rows, redact: Callable[[str], str], label: Callable[[int], Label] | None, logs: int
    ) -> None:
        """A log, or several as one: it opens at its end."""
        self._forget()
        self._rows, self._merged = rows, logs
        self.view.open(rows, redact, label)
        self.paint_status()
        self._take_aim()

    def aim(self, offset: int) -> None:
        """Show the line that begins at this byte, now or when the log is there."""
        self._aim = offset
        if self._rows is not None:
            self._take_aim()

    def _take_aim(self) -> None:
        offset, self._aim = self._aim, None
        if offset is not None:
            self.view.show_hit(offset)

    def show_rows(self, rows: Rows, dropped: int) -> None:
        """Other lines of it: another filter, or it began anew (``dropped``: bytes that are gone in front)."""
        self._rows = rows
        self.view.show_lines(rows, dropped)

    def rows_changed(self) -> None:
        """There are more lines, or their number is known better."""
        self.view.changed()

    def began_anew(self) -> None:
        """The file is another one: the reader's place and marks in the old one mean nothing."""
        self.view.begin_anew()
        self.say("the log began anew")

    def show_hit(self, offset: int | None, *, around: bool) -> None:
        """The line that was searched for; None: there is none."""
        self._search = self._search._replace(around=around)
        if offset is not None:
            self.view.show_hit(offset)
        else:
            self._search = self._search._replace(hits=0)
        self.paint_status()

    def counted(self, hits: int, done: bool, skipped: bool) -> None:
        """How many lines match, so far or in all; whether some are too long for the pattern."""
        self._search = self._search._replace(hits=hits, counting=not done, skipped=skipped)
        self.paint_status()

    def jumped(self, offset: int | None, at: float, *, beyond: bool) -> None:
        """Where a time is in the log; None: no line has a time."""
        when = time.strftime("%m-%d %H:%M:%S", time.localtime(at))
        if offset is None:
            self.notify("No line of this log has a time.", severity="warning", markup=False)
        elif beyond:
            self.view.go_end()
            self.say(f"nothing since {when}")
        else:
            self.view.go_to(offset)
            self.say(f"since {when}")
            self._note_at = self.view.top_offset

    def choose_process(self, names: tuple[str, ...]) -> None:
        """The processes of the log are known: show the next one alone."""
        if not names:
            self.notify("No line of this log names a process.", severity="warning", markup=False)
        else:
            self._look(self._choice.next_process(names))

    def saving(self, path: str) -> None:
        """The file is being written."""
        self.say(f"saving {path} …")

    def saved(self, path: str, lines: int) -> None:
        """The file is there."""
        self.say("")
        self.notify(f"Saved {lines:,} line{'s' if lines != 1 else ''} to {path}.", markup=False)

    def run_switched(self, run: RunView | None) -> None:
        self._forget()
        self.view.open(None, str)
        self.paint_status()

    def _forget(self) -> None:
        self._rows, self._problem, self._note = None, None, ""
        self._choice = self._kept = Choice()
        self._search = Searched()
        self._since, self._merged = -1, 1
        self.view.set_pattern("")
        if self.entry.display:
            self._close_entry(self.entry.opened)

    # -- the status line

    def say(self, note: str) -> None:
        self._note, self._note_at = note, None
        self.paint_status()

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        if self._note_at is not None and self._note_at != self.view.top_offset:
            self._note, self._note_at = "", None
        self.paint_status()

    def paint_status(self) -> None:
        status = self._status()
        if status != self._shown:
            self._shown = status
            self.query_one("#log-status", Static).update(status, layout=False)

    def _status(self) -> Content:
        rows, view = self._rows, self.view
        if self._problem is not None:
            return Content.styled(clean_line(self._problem), "$error")
        if self.shown_run is not None and self.shown_run.attached:
            return Content("No log: vdeck did not start this server. Read it where the server was started.")
        if rows is None:
            return Content("Reading …" if self.shown_run else "No run is chosen.")
        filters = tuple(self._choice.told())
        if not rows.log.size and not rows.partial:
            return Content("No output yet.")
        return log_status.text(
            log_status.Status(
                rows.count, view.top_row, rows.complete, rows.scanned, view.at_end, view.follow, filters, rows.matches,
                self._search, view.picked is not None, view.wrap, view.times, self._merged, LIMIT, self._note,
            )
        )  # fmt: skip
