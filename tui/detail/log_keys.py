"""What the keys of the Logs tab do, and the line at its foot where something is typed."""

from __future__ import annotations

import time

from textual import on

from launcher.text import clean_line
from tui.detail import log_lens
from tui.detail.log_entry import LogEntry, Purpose
from tui.detail.log_lens import Choice
from tui.detail.log_page import COPIED
from tui.detail.log_status import Searched
from tui.detail.log_view import LogView
from tui.detail.log_wants import Find, Forget, Jump, LogWanted, Look, NextProcess, Save, Want
from tui.detail.pane import Pane

SINCE = ("1m", "5m", "15m", "30m", "1h")
"""The steps of the keys that go back in time."""


class LogKeys(Pane):
    """Turns keys into orders to the view and wants of the feed; holds what is searched for and what is filtered."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._problem: str | None = None
        self._choice = Choice()
        self._kept = Choice()
        """The filters before the line was opened."""
        self._search = Searched()
        self._from = 0
        """Where the search line was opened: a search that is being typed begins there."""
        self._since = -1
        self._merged = 1

    @property
    def view(self) -> LogView:
        return self.query_one("#log-view", LogView)

    @property
    def entry(self) -> LogEntry:
        return self.query_one("#log-entry", LogEntry)

    def say(self, note: str) -> None:
        """A note in the status line."""
        raise NotImplementedError

    def paint_status(self) -> None:
        """The status line anew."""
        raise NotImplementedError

    def _want(self, want: Want) -> None:
        self.post_message(LogWanted(want))

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
            self.say("")
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
        if not self._search.pattern:
            self.notify("There is no search yet: / begins one.", severity="warning", markup=False)
            return
        current = view.current if view.current is not None and view.in_view(view.current) else None
        if backwards:
            offset = current if current is not None else view.bottom_offset + 1
        else:
            offset = current + 1 if current is not None else view.top_offset
        self._want(Find(self._search.pattern, offset, backwards, again=True))

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
            self.paint_status()

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
        if run is not None and not run.attached:
            name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in clean_line(run.name))
            self._open("save", f"{'merged' if self._merged > 1 else name.lstrip('.') or 'log'}-{run.id}.log")

    def _save(self, name: str) -> None:
        picked = self.view.picked
        self._want(Save(name, (picked.first, picked.last) if picked is not None else None))

    # -- the line at the foot

    def ask_again(self, purpose: Purpose, text: str) -> None:
        """What was typed was not good: here it is again."""
        if not self.entry.display:
            self._open(purpose, text)

    def _open(self, purpose: Purpose, text: str = "") -> None:
        self._problem = None
        self.entry.open(purpose, text, self.view, self._hands_back)
        self.view.typing = self.entry.field
        self.paint_status()

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
        self.paint_status()

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
        self.paint_status()

    def _search_typed(self, pattern: str) -> None:
        self._problem = log_lens.problem(pattern) if pattern else None
        if self._problem is None:
            self._begin_search(pattern)
        self.paint_status()

    def _begin_search(self, pattern: str) -> None:
        self._search = Searched(pattern)
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
        elif purpose == "search" and not text and self._search.pattern:
            self._hunt(backwards=False)
        self._close_entry(event.opened)

    def _abandoned(self, event: LogEntry.Typed) -> None:
        """Escape: as it was before the line was opened."""
        self._close_entry(event.opened)
        if event.purpose in ("filter", "search"):
            self._look(self._choice._replace(words=self._kept.words))
        if event.purpose == "search" and self._search.pattern:
            self._drop_search()
            self.view.go_to(self._from)

    def _drop_search(self) -> None:
        self._begin_search("")
        self.paint_status()

    def action_step_back(self) -> None:
        """One step out: the picked lines, the search, the filters."""
        if self.view.picked is not None:
            self.view.drop_picked()
        elif self._search.pattern:
            self._drop_search()
        else:
            self._look(Choice())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is ours only while there is something to take back; else it leaves the pane."""
        if action == "step_back":
            return bool(self.view.picked is not None or self._search.pattern or self._choice != Choice())
        return True
