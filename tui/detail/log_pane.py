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
from tui.detail import log_lens, log_status
from tui.detail.actions import DETAIL_ACTIONS, bindings
from tui.detail.log_entry import LogEntry, Purpose
from tui.detail.log_lens import Choice
from tui.detail.log_page import COPIED
from tui.detail.log_paint import Label
from tui.detail.log_view import LogView
from tui.detail.log_wants import Find, Forget, Jump, LogWanted, Look, NextProcess, Save, Want
from tui.detail.pane import Pane

if TYPE_CHECKING:
    from launcher.logs.rows import Rows

SINCE = ("1m", "5m", "15m", "30m", "1h")
"""The steps of the keys that go back in time."""

_OPENING = ("search", "filter", "filter_out", "go_to_time", "save")
"""Actions that open the line at the foot."""


class LogPane(Pane):
    """The third tab."""

    BINDINGS = [*bindings("logs"), Binding("escape", "step_back", "Back", show=False)]  # noqa: RUF012

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Rows | None = None
        self._problem: str | None = None
        self._note = ""
        self._note_at: int | None = None
        """The note holds as long as this line is at the top."""
        self._choice = Choice()
        self._kept = Choice()
        """The filters before the filter line was opened."""
        self._pattern = ""
        self._hits: int | None = None
        self._counting = False
        self._around = False
        self._from = 0
        """Where the search line was opened: a search that is being typed begins there."""
        self._since = -1
        self._merged = 1
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
        self._paint_status()

    @property
    def view(self) -> LogView:
        return self.query_one("#log-view", LogView)

    @property
    def entry(self) -> LogEntry:
        return self.query_one("#log-entry", LogEntry)

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
        self._paint_status()

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
        self._say("the log began anew")

    def show_hit(self, offset: int | None, *, around: bool) -> None:
        """The line that was searched for; None: there is none."""
        self._around = around
        if offset is not None:
            self.view.show_hit(offset)
        else:
            self._hits = 0
        self._paint_status()

    def counted(self, hits: int, done: bool) -> None:
        """How many lines match, so far or in all."""
        self._hits, self._counting = hits, not done
        self._paint_status()

    def jumped(self, offset: int | None, at: float, *, beyond: bool) -> None:
        """Where a time is in the log; None: no line has a time."""
        when = time.strftime("%m-%d %H:%M:%S", time.localtime(at))
        if offset is None:
            self.notify("No line of this log has a time.", severity="warning", markup=False)
        elif beyond:
            self.view.go_end()
            self._say(f"nothing since {when}")
        else:
            self.view.go_to(offset)
            self._say(f"since {when}")
            self._note_at = self.view.top_offset

    def choose_process(self, names: tuple[str, ...]) -> None:
        """The processes of the log are known: show the next one alone."""
        if not names:
            self.notify("No line of this log names a process.", severity="warning", markup=False)
        else:
            self._look(self._choice.next_process(names))

    def saving(self, path: str) -> None:
        """The file is being written."""
        self._say(f"saving {path} …")

    def saved(self, path: str, lines: int) -> None:
        """The file is there."""
        self._say("")
        self.notify(f"Saved {lines:,} line{'s' if lines != 1 else ''} to {path}.", markup=False)

    def run_switched(self, run: RunView | None) -> None:
        self._forget()
        self.view.open(None, str)
        self._paint_status()

    def _forget(self) -> None:
        self._rows, self._problem, self._note = None, None, ""
        self._choice = self._kept = Choice()
        self._pattern, self._hits, self._counting, self._around = "", None, False, False
        self._since, self._merged = -1, 1
        self.view.set_pattern("")
        if self.entry.display:
            self._close_entry(self.entry.opened)

    # -- keys: layout and place

    def action_follow(self) -> None:
        self.view.set_follow(not self.view.follow)

    def action_wrap(self) -> None:
        self.view.set_wrap(not self.view.wrap)

    def action_timestamps(self) -> None:
        self.view.set_times(not self.view.times)

    def action_full_screen(self) -> None:
        self.post_message(self.Zoom())

    def action_top(self) -> None:
        self.view.action_scroll_home()

    def action_bottom(self) -> None:
        """The end, and stay there."""
        if self.view.picked is not None:
            self.view.action_scroll_end()
        else:
            self._since = -1
            self._say("")
            self.view.set_follow(True)

    def action_line_down(self) -> None:
        self.view.move(1)

    def action_line_up(self) -> None:
        self.view.move(-1)

    def action_screen_down(self) -> None:
        self.view.action_page_down()

    def action_screen_up(self) -> None:
        self.view.action_page_up()

    def action_go_to_time(self) -> None:
        self._open("time")

    def action_since_longer(self) -> None:
        """Further back: the last minute, five minutes …"""
        self._since = min(self._since + 1, len(SINCE) - 1)
        self._want(Jump(f"-{SINCE[self._since]}"))

    def action_since_shorter(self) -> None:
        if self._since <= 0:
            self.action_bottom()
        else:
            self._since -= 1
            self._want(Jump(f"-{SINCE[self._since]}"))

    def action_set_mark(self) -> None:
        """A line with the time, drawn at the place in view."""
        if not self.view.mark(time.strftime("%H:%M:%S")):
            self.notify("There is no line yet to mark.", severity="warning", markup=False)

    # -- keys: search

    def action_search(self) -> None:
        self._kept = self._choice
        self._from = self.view.top_offset
        self._open("search")

    def action_next_hit(self) -> None:
        self._hunt(backwards=False)

    def action_previous_hit(self) -> None:
        self._hunt(backwards=True)

    def _hunt(self, *, backwards: bool) -> None:
        """From the present hit when it is in view, else from the edge of the view."""
        view = self.view
        if not self._pattern:
            self.notify("There is no search yet: / begins one.", severity="warning", markup=False)
            return
        current = view.current if view.current is not None and view.in_view(view.current) else None
        if backwards:
            offset = current if current is not None else view.bottom_offset + 1
        else:
            offset = current + 1 if current is not None else view.top_offset
        self._want(Find(self._pattern, offset, backwards, again=True))

    # -- keys: filters

    def action_filter(self) -> None:
        self._kept = self._choice
        self._open("filter", self._choice.words)

    def action_filter_out(self) -> None:
        self._kept = self._choice
        self._open("filter", "!")

    def action_level(self) -> None:
        self._look(self._choice.next_level())

    def action_process(self) -> None:
        self._want(NextProcess())

    def action_access(self) -> None:
        self._look(self._choice._replace(hide_access=not self._choice.hide_access))

    def action_first_errors(self) -> None:
        self._look(self._choice._replace(first_errors=not self._choice.first_errors))

    def _look(self, choice: Choice) -> None:
        if choice != self._choice:
            self._choice = choice
            self._want(Look(choice))
            self._paint_status()

    # -- keys: pick, copy, save

    def action_pick(self) -> None:
        """Begin to pick lines, or drop what is picked."""
        if self.view.picked is not None:
            self.view.drop_picked()
        else:
            self.view.pick(0)

    def action_pick_up(self) -> None:
        self.view.pick(-1)

    def action_pick_down(self) -> None:
        self.view.pick(1)

    def action_copy_lines(self) -> None:
        """The picked lines, or what the mouse selected, or the lines on the screen."""
        if self.view.picked is not None:
            text, count = self.view.picked_text()
            what = f"{count:,} line{'s' if count != 1 else ''}"
            what += " (no more at a time: ctrl+s saves all)" if count >= COPIED else ""
            self.view.drop_picked()
        else:
            text = (self.screen.get_selected_text() or "") if self.view.text_selection is not None else ""
            what = "the selection" if text else "what the screen shows"
            text = text or self.view.visible_text()
        if not text:
            self.notify("There is nothing to copy.", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {what}.", markup=False)

    def action_save(self) -> None:
        run = self.shown_run
        if run is not None and self._rows is not None:
            name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in clean_line(run.name))
            self._open("save", f"{'merged' if self._merged > 1 else name.lstrip('.') or 'log'}-{run.id}.log")

    def _save(self, name: str) -> None:
        picked = self.view.picked
        self._want(Save(name, (picked.first, picked.last) if picked is not None else None))

    # -- the line at the foot

    def _open(self, purpose: Purpose, text: str = "") -> None:
        self._problem = None
        self.entry.open(purpose, text, self.view, self._hands_back)
        self.view.typing = self.entry.field
        self._paint_status()

    def _hands_back(self) -> None:
        """The keys are the view's again."""
        self.view.typing = None
        self.screen.set_focus(self.view)

    def _close_entry(self, opened: int) -> None:
        """Close the line, unless it was opened anew since."""
        if opened != self.entry.opened:
            return
        if self.entry.field.has_focus:
            self._hands_back()
        self.entry.display = False
        self._problem = None
        self._paint_status()

    @on(LogEntry.Typed)
    def _typed(self, event: LogEntry.Typed) -> None:
        event.stop()
        if isinstance(event, LogEntry.Done):
            self._entered(event)
        elif isinstance(event, LogEntry.Left):
            self._abandoned(event)
        elif event.purpose == "filter" or (event.purpose == "search" and event.text.startswith("!")):
            self._filter_typed(event.text)
        elif event.purpose == "search":
            self._search_typed(event.text)

    def _filter_typed(self, words: str) -> None:
        self._problem = log_lens.problem(words)
        if self._problem is None:
            self._look(self._choice._replace(words=words))
        self._paint_status()

    def _search_typed(self, pattern: str) -> None:
        self._problem = log_lens.problem(pattern) if pattern else None
        if self._problem is None:
            self._begin_search(pattern)
        self._paint_status()

    def _begin_search(self, pattern: str) -> None:
        self._pattern, self._hits, self._counting, self._around = pattern, None, False, False
        self.view.set_pattern(pattern)
        self._want(Find(pattern, self._from) if pattern else Forget())

    def _entered(self, event: LogEntry.Typed) -> None:
        purpose, text = event.purpose, event.text
        if purpose == "save":
            self._save(text)
        elif purpose == "time" and text.strip():
            self._since = -1
            self._want(Jump(text))
        elif self._problem is not None and event.opened == self.entry.opened:
            self.entry.go_on()
            self.view.typing = self.entry.field
            return
        elif purpose == "search" and not text and self._pattern:
            self._hunt(backwards=False)
        self._close_entry(event.opened)

    def _abandoned(self, event: LogEntry.Typed) -> None:
        """Escape: as it was before the line was opened."""
        self._close_entry(event.opened)
        if event.purpose in ("filter", "search"):
            self._look(self._choice._replace(words=self._kept.words))
        if event.purpose == "search" and self._pattern:
            self._drop_search()
            self.view.go_to(self._from)

    def _drop_search(self) -> None:
        self._begin_search("")
        self._paint_status()

    def action_step_back(self) -> None:
        """One step out: the picked lines, the search, the filters."""
        if self.view.picked is not None:
            self.view.drop_picked()
        elif self._pattern:
            self._drop_search()
        else:
            self._look(Choice())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is ours only while there is something to take back; else it leaves the pane."""
        if action == "step_back":
            return bool(self.view.picked is not None or self._pattern or self._choice != Choice())
        return True

    # -- the status line

    def _want(self, want: Want) -> None:
        self.post_message(LogWanted(want))

    def _say(self, note: str) -> None:
        self._note, self._note_at = note, None
        self._paint_status()

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        if self._note_at is not None and self._note_at != self.view.top_offset:
            self._note, self._note_at = "", None
        self._paint_status()

    def _paint_status(self) -> None:
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
                self._pattern, self._hits, self._counting, self._around, view.picked is not None, view.wrap,
                view.times, self._merged, LIMIT, self._note,
            )
        )  # fmt: skip
