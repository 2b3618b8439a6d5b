"""The lines of a log on the screen: raw strings are kept, and styled only when they are painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.detail import log_text
from tui.detail.log_buffer import LogBuffer, parts

_STYLES = ("prefix", "debug", "info", "warning", "error")


class LogView(ScrollView, can_focus=True):
    """Follows the end only while ``follow`` is on and the reader is already there."""

    ALLOW_SELECT = True

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log--{name}" for name in _STYLES}

    class Moved(Message):
        """Lines came, or the reader moved: whoever shows the position should look again."""

        can_replace_class: ClassVar[bool] = True

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogView.Moved)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.buffer = LogBuffer()
        self.follow = True
        self.wrap = False
        self.times = True
        self._accept: Callable[[str], bool] | None = None
        self._redact: Callable[[str], str] = str
        self._widest = 0
        self._painted: LRUCache[int, list[Strip]] = LRUCache(1024)
        self._made_for = 0

    # -- what the pane calls

    def open(self, lines: Sequence[str], redact: Callable[[str], str], tail: str = "") -> None:
        """Another log: its last lines, and what masks its secrets. Opens at the end."""
        self._redact = redact
        self._widest = 0
        self.buffer.clear()
        self.buffer.extend(lines, tail)
        self._measure([*lines, tail])
        if self.text_selection is not None:
            self.screen.clear_selection()
        self._arrange()
        self.scroll_end(animate=False, immediate=True, x_axis=False)
        self.refresh()

    def scroll_to(self, x: float | None = None, y: float | None = None, *, animate: bool = True, **more: Any) -> None:
        """At once, never animated: while the scrolling is on its way, a fast log would take the reader back to the
        end. (The keys of a ScrollView animate.)"""
        super().scroll_to(x, y, animate=False, **more)

    def add(self, lines: Sequence[str], tail: str = "") -> None:
        """New lines at the end, and one that is still being written. The reader's place stays, unless it is the end."""
        at_end = self.at_end
        self._painted.discard(self.buffer.last_number - 1)
        dropped = self.buffer.extend(lines, tail)
        self._measure([*lines, tail])
        self._resize()
        if self.follow and at_end:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        elif dropped:
            self.scroll_to(y=max(0, self.scroll_offset.y - dropped), animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved())

    @property
    def at_end(self) -> bool:
        """The newest row is in view."""
        return self.scroll_offset.y >= self.max_scroll_y

    def set_follow(self, follow: bool) -> None:
        """On: go to the end and stay there as lines come."""
        self.follow = follow
        if follow:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        self.post_message(self.Moved())

    def set_wrap(self, wrap: bool) -> None:
        """On: long lines go on below; off: they are cut at the border."""
        self.wrap = wrap
        self._rearrange()

    def set_times(self, times: bool) -> None:
        """Whether the time of each line is shown."""
        self.times = times
        self.buffer.forget_texts()
        self._rearrange()

    def set_filter(self, accept: Callable[[str], bool] | None) -> None:
        """Show only lines whose visible text is accepted; None: all."""
        self._accept = accept
        self._rearrange()

    def warm(self) -> bool:
        """Prepare a part of the lines for a filter that is about to be typed; whether all are prepared."""
        return self.buffer.warm(1000)

    def visible_text(self) -> str:
        """The log lines that are (also in part) on the screen, whole."""
        top = self.buffer.first_row + self.scroll_offset.y
        rows = range(top, top + self.scrollable_content_region.height)
        numbers = dict.fromkeys(row.line for _, row in self.buffer.rows_of(rows))
        return "\n".join(self._plain(self.buffer.line(number)) for number in numbers)

    # -- layout

    @property
    def _room(self) -> int:
        """Cells of a line: ``size`` would count the scrollbar as well."""
        return self.scrollable_content_region.width

    def _plain(self, raw: str) -> str:
        return log_text.plain(raw, self._redact, times=self.times)

    def _measure(self, lines: Sequence[str]) -> None:
        """How far one can scroll to the right: an upper bound is enough, so escapes count and nothing is parsed."""
        for line in lines:
            if len(line) * 2 > self._widest:
                width = len(line) if line.isascii() else cell_len(line)
                self._widest = max(self._widest, min(width, log_text.MAX_CHARACTERS))

    def _resize(self) -> None:
        width = self._room if self.wrap else self._widest
        self.virtual_size = Size(width, self.buffer.row_count)

    def _arrange(self) -> None:
        self._painted.clear()
        self._made_for = self._room
        width = max(2, self._room) if self.wrap else None
        self.buffer.arrange(text=self._plain, width=width, accept=self._accept)
        self._resize()

    def _rearrange(self) -> None:
        """The same lines laid out in another way; the line at the top stays at the top, the end stays the end."""
        at_end = self.at_end
        top = self.buffer.row(self.buffer.first_row + self.scroll_offset.y)
        if self.text_selection is not None:
            self.screen.clear_selection()
        self._arrange()
        if at_end or top is None:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        else:
            row = self.buffer.row_of_line(top.line) - self.buffer.first_row
            self.scroll_to(x=0 if self.wrap else None, y=row, animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        if self.wrap and self._room != self._made_for:
            self._rearrange()
        elif self.follow and self.at_end:
            self.scroll_end(animate=False, immediate=True, x_axis=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Moved())

    def notify_style_update(self) -> None:
        """The theme changed: nothing that was painted is right any more."""
        super().notify_style_update()
        self._painted.clear()

    # -- painting

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        scroll_x, scroll_y = self.scroll_offset
        number = self.buffer.first_row + scroll_y + y
        row = self.buffer.row(number)
        width = self._room
        base = self.rich_style
        if row is None:
            return Strip.blank(width, base)
        selection = self.text_selection
        strips = self._strips(row.line) if selection is None else self._paint(row.line, selection, number - row.part)
        strip = strips[min(row.part, len(strips) - 1)]
        strip = strip.crop_extend(scroll_x, scroll_x + width, base)
        return strip.apply_offsets(scroll_x, number)

    def _strips(self, line: int) -> list[Strip]:
        found = self._painted.get(line)
        if found is None:
            found = self._painted[line] = self._paint(line, None, 0)
        return found

    def _paint(self, line: int, selection: Selection | None, first_row: int) -> list[Strip]:
        """All parts of a line; ``first_row`` is the row number of its first part, by which a selection is told."""
        shown = log_text.shown(self.buffer.line(line), self._redact, times=self.times)
        base = self.rich_style
        marks: list[tuple[int, int, Style]] = [
            (span.start, span.end, self.get_component_rich_style(f"log--{span.style}"))
            if isinstance(span.style, str)
            else (span.start, span.end, span.style)
            for span in shown.spans
        ]
        strips = []
        for part, (start, end) in enumerate(parts(shown.text, self._room if self.wrap else None)):
            own = list(marks)
            if selection is not None and (chosen := selection.get_span(first_row + part)) is not None:
                left, right = chosen
                style = self.screen.get_component_rich_style("screen--selection")
                own.append((start + left, end if right == -1 else min(end, start + right), style))
            strips.append(Strip(list(log_text.segments(shown.text, start, end, own, base))))
        return strips

    # -- selection

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text; the parts of a wrapped line come back as one line."""
        buffer = self.buffer
        begin = selection.start.y if selection.start is not None else buffer.first_row
        last = buffer.first_row + buffer.row_count - 1
        finish = min(selection.end.y, last) if selection.end is not None else last
        pieces: list[str] = []
        for number, row in buffer.rows_of(range(max(begin, buffer.first_row), finish + 1)):
            text = self._plain(buffer.line(row.line))
            bounds = parts(text, self._room if self.wrap else None)
            start, end = bounds[min(row.part, len(bounds) - 1)]
            span = selection.get_span(number)
            if span is None:
                continue
            left, right = span
            piece = text[start + left : end if right == -1 else min(end, start + right)]
            pieces.append(("\n" if pieces and row.part == 0 else "") + piece)
        return "".join(pieces), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Called by Textual while the mouse selects."""
        self.refresh()
