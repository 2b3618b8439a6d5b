"""What the keys of the Logs tab do."""

from __future__ import annotations

import time

from launcher.text import clean_line
from tui.detail.log_foot import LogFoot
from tui.detail.log_lens import Choice
from tui.detail.log_page import COPIED
from tui.detail.log_wants import Jump, NextProcess

SINCE = ("1m", "5m", "15m", "30m", "1h")
"""The steps of the keys that go back in time."""


class LogKeys(LogFoot):
    """Turns keys into orders to the view and wants of the feed."""

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
