"""Where the reader is in a log: a ScrollView whose place is the offset of a line, not the number of a row."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView

from tui.detail import log_marks
from tui.detail.log_marks import Mark
from tui.detail.log_page import PARTIAL, Cell, Line, Lines, Pager, Place

_WHEEL = 3


class LogScroll(ScrollView, can_focus=True):
    """Follows the end only while ``follow`` is on and the reader is already there.

    ``_place`` is the top line in view; ``scroll_y`` is its row, for the scrollbar. A subclass lays lines out.
    """

    class Moved(Message):
        """Lines came, or the reader moved: whoever shows the position should look again."""

        can_replace_class: ClassVar[bool] = True

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogScroll.Moved)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Lines | None = None
        self.follow = True
        self.wrap = False
        self.at_end = True
        """The newest line is in view."""
        self.marks: list[Mark] = []
        self._hosts: dict[int, list[Mark]] = {}
        self._place = Place(0)
        self._page: list[Cell] | None = None
        self._settling = False

    # -- what a subclass knows

    def parts_of(self, line: Line) -> int:
        """How many lines of the screen the text of a log line takes."""
        raise NotImplementedError

    def across(self) -> int:
        """Cells of the widest line, as far as it is known."""
        raise NotImplementedError

    @property
    def holds_still(self) -> bool:
        """The reader is busy with what is in view: do not follow."""
        return False

    # -- what there is

    def begin(self, lines: Lines | None) -> None:
        """Other lines: another log, or another filter."""
        self.lines = lines
        self._hosts = log_marks.hosts(self.marks, lines) if lines is not None else {}
        self.changed()

    def changed(self) -> None:
        """Lines came, or estimates became exact. The reader's place stays, unless it is the end."""
        if self.at_end and self.follow and not self.holds_still:
            self._place = Place(PARTIAL)
        self.settle()

    def add_mark_at(self, offset: int, text: str) -> None:
        """A mark below the line that starts here."""
        if self.lines is not None:
            self.marks.append(Mark(offset, text))
            self._hosts = log_marks.hosts(self.marks, self.lines)
            self.changed()

    # -- going somewhere

    def go_to(self, offset: int) -> None:
        """Put the line at or behind this byte at the top."""
        self.go(Place(offset))

    def go_home(self) -> None:
        """The first line of the log."""
        self.go(Place(0))

    def go_end(self) -> None:
        """The end of the log."""
        self.go(Place(PARTIAL))

    def scroll_rows(self, by: int) -> None:
        """So many lines of the screen down (negative: up)."""
        if self.lines is not None:
            self.go(self.pager().moved(self.place_now, by))

    def reveal(self, offset: int) -> None:
        """Bring a line into view, a third down when it is not there yet."""
        if not self.in_view(offset) and self.lines is not None:
            self.go(self.pager().moved(Place(offset), -(self.rows_high // 3)))

    def go(self, place: Place) -> None:
        """Another place, as far as there are lines."""
        self._place = place
        self.settle()

    # -- what is in view

    @property
    def rows_high(self) -> int:
        """Lines of the screen."""
        return max(1, self.scrollable_content_region.height)

    def pager(self) -> Pager:
        """Walks over the lines as they are laid out now."""
        assert self.lines is not None
        return Pager(self.lines, self.height_of if self.wrap or self._hosts else None)

    def height_of(self, line: Line) -> int:
        """Lines of the screen that a log line takes with the marks below it."""
        return self.parts_of(line) + len(self._hosts.get(line.start, ()))

    def cells(self) -> list[Cell]:
        """What stands on the lines of the screen."""
        if self._page is None:
            self._page = self.pager().fill(self._place, self.rows_high) if self.lines is not None else []
        return self._page

    def in_view(self, offset: int) -> bool:
        """The line that starts here is (also in part) in view."""
        return any(cell.line.start == offset for cell in self.cells())

    @property
    def place_now(self) -> Place:
        """The place of what really is at the top."""
        visible = self.cells()
        return Place(visible[0].line.start, visible[0].part) if visible else self._place

    @property
    def top_row(self) -> int:
        """The number of the row at the top, from 0 (an estimate while the file is not read through)."""
        found = self.pager().at(self.place_now.offset) if self.lines is not None else None
        return found[0] if found is not None else 0

    @property
    def top_offset(self) -> int:
        """Where the top line in view starts."""
        visible = self.cells()
        return visible[0].line.start if visible else 0

    @property
    def bottom_offset(self) -> int:
        """Where the last line in view starts."""
        visible = self.cells()
        return visible[-1].line.start if visible else 0

    def settle(self) -> None:
        """Work out the page of the place (not beyond the end), and tell the scrollbar."""
        self._page = None
        size, row = Size(0, 0), 0
        if self.lines is not None:
            pager = self.pager()
            end = pager.end(self.rows_high)
            last = pager.at(end.offset)
            here = pager.at(self._place.offset) if self._place.offset < PARTIAL else None
            end_row = last[0] if last is not None else 0
            self.at_end = here is None or (here[0], self._place.part) >= (end_row, end.part)
            if self.at_end:
                self._place = end
            row = end_row + bool(end.part) if self.at_end or here is None else here[0]
            size = Size(self.across(), end_row + bool(end.part) + self.rows_high)
        self._settling = True
        try:
            self._resize(size)
            self.set_scroll(None, row)
        finally:
            self._settling = False
        self.refresh()
        self.tell()

    def _resize(self, size: Size) -> None:
        """Without a layout of the whole screen, which a new ``virtual_size`` would bring, several times a second: our
        own size is given, and there is always a scrollbar."""
        if size != self.virtual_size:
            self.set_reactive(LogScroll.virtual_size, size)
        bar = self.vertical_scrollbar
        bar.window_virtual_size, bar.window_size = size.height, self.rows_high

    def set_scroll(self, x: float | None, y: float | None) -> None:
        """Both what is shown and what a running movement of the mouse goes on from."""
        if y is not None:
            self.scroll_target_y = self.scroll_y = y
        if x is not None:
            self.scroll_target_x = self.scroll_x = x

    def tell(self) -> None:
        """Whoever shows the position should look again."""
        self.post_message(self.Moved())

    # -- the mouse and the scrollbar

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._settling or self.lines is None or round(old_value) == round(new_value):
            return
        row = round(new_value)
        self.go(Place(PARTIAL) if row >= self.max_scroll_y else Place(self.pager().offset_of(row)))

    def scroll_to(self, x: float | None = None, y: float | None = None, *, animate: bool = True, **more: Any) -> None:
        """At once, never animated: while the scrolling is on its way, a fast log would take the reader back to the
        end. (The keys of a ScrollView animate.)"""
        super().scroll_to(x, y, animate=False, **more)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        if not event.ctrl and not event.shift:
            event.prevent_default()
            event.stop()
            self.scroll_rows(by)
