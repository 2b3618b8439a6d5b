"""The lines of a log on the screen: only what is in view is read, parsed and painted, at any size of the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from launcher.logs.pattern import spans
from tui.detail import log_marks, log_paint, log_text
from tui.detail.log_marks import Mark
from tui.detail.log_page import PARTIAL, Cell, Line, Lines, Pager, Place
from tui.detail.log_paint import Label, Made
from tui.detail.log_picked import Picked
from tui.detail.log_wrap import parts

_WHEEL = 3


class LogView(ScrollView, can_focus=True):
    """Follows the end only while ``follow`` is on and the reader is already there.

    The place of the reader is the offset of the top line (``_place``); ``scroll_y`` is its row, for the scrollbar.
    """

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log--{name}" for name in log_paint.STYLES}

    class Moved(Message):
        """Lines came, or the reader moved: whoever shows the position should look again."""

        can_replace_class: ClassVar[bool] = True

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogView.Moved)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Lines | None = None
        self.follow = True
        self.wrap = False
        self.times = True
        self.at_end = True
        """The newest line is in view."""
        self.picked: Picked | None = None
        self.marks: list[Mark] = []
        self._hosts: dict[int, list[Mark]] = {}
        self._label: Callable[[int], Label] | None = None
        self._redact: Callable[[str], str] = str
        self._pattern = ""
        self._current: int | None = None
        self._place = Place(0)
        self._page: list[Cell] | None = None
        self._widest = 0
        self._settling = False
        self._made: LRUCache[tuple[int, int], Made] = LRUCache(2048)
        self._styles: dict[str, Style] = {}
        self._made_for = 0

    # -- what the pane calls

    def open(
        self, lines: Lines | None, redact: Callable[[str], str], label: Callable[[int], Label] | None = None
    ) -> None:
        """Another log, and what masks its secrets. Opens at the end. ``label``: whose line is at an offset."""
        self._redact, self._label = redact, label
        self._widest = 0
        self._current, self.picked, self.marks = None, None, []
        self._unselect()
        self.at_end = True
        self._begin(lines)

    def show_lines(self, lines: Lines, dropped: int = 0) -> None:
        """Other lines of the same log (another filter): the reader's place stays as near as there are lines.
        ``dropped``: so many bytes are gone in front, all offsets are smaller by that."""
        if dropped:
            self._place = Place(max(0, self._place.offset - dropped))
            self.marks = log_marks.moved(self.marks, dropped)
            self._current, self.picked = None, None
        self._begin(lines)

    def _begin(self, lines: Lines | None) -> None:
        self.lines = lines
        self._made.clear()
        self._hosts = log_marks.hosts(self.marks, lines) if lines is not None else {}
        self.changed()

    def begin_anew(self) -> None:
        """The file is another one: offsets of the old one mean nothing. Show the end of the new one."""
        self._current, self.picked, self.marks = None, None, []
        self._unselect()
        self.at_end = True
        self._place = Place(PARTIAL)

    def changed(self) -> None:
        """Lines came, or estimates became exact. The reader's place stays, unless it is the end."""
        if self.at_end and self.follow and self.picked is None:
            self._place = Place(PARTIAL)
        self._settle()

    def set_follow(self, follow: bool) -> None:
        """On: go to the end and stay there as lines come."""
        self.follow = follow
        if follow:
            self.go_end()
        self._tell()

    def set_wrap(self, wrap: bool) -> None:
        """On: long lines go on below; off: they are cut at the border."""
        self.wrap = wrap
        self._rearrange()

    def set_times(self, times: bool) -> None:
        """Whether the time of each line is shown."""
        self.times = times
        self._rearrange()

    def set_pattern(self, pattern: str) -> None:
        """What is lit wherever it is in view; empty: nothing."""
        self._pattern = pattern
        self._current = None
        self.refresh()

    @property
    def current(self) -> int | None:
        """Where the line of the present hit starts."""
        return self._current

    def show_hit(self, offset: int) -> None:
        """Bring the line that starts here into view, and light it as the present hit."""
        self._current = offset
        self.reveal(offset)
        self._reveal_column(offset)
        self.refresh()

    def reveal(self, offset: int) -> None:
        """Bring a line into view, a third down when it is not there yet."""
        if not self.in_view(offset) and self.lines is not None:
            self._go(self._pager().moved(Place(offset), -(self._height // 3)))

    def go_to(self, offset: int) -> None:
        """Put the line at or behind this byte at the top."""
        self._go(Place(offset))

    def go_home(self) -> None:
        """The first line of the log."""
        self._go(Place(0))

    def go_end(self) -> None:
        """The end of the log."""
        self._go(Place(PARTIAL))

    def move(self, by: int) -> None:
        """Scroll by lines of the screen (negative: up); while lines are being picked, move their cursor instead."""
        if self.lines is None:
            return
        if self.picked is not None:
            self.pick(by)
        else:
            self._go(self._pager().moved(self._place_now, by))

    def pick(self, by: int) -> None:
        """Begin to pick lines, and move their cursor by so many."""
        if self.lines is None or not (visible := self._visible()):
            return
        if self.picked is None:
            shown = {cell.line.start for cell in visible}
            last = visible[-1 if self.at_end else 0].line.start
            start = self._current if self._current in shown and self._current is not None else last
            self.picked = Picked(start, start)
        cursor = Pager(self.lines).moved(Place(self.picked.cursor), by).offset
        self.picked = self.picked._replace(cursor=cursor)
        self._show_cursor(cursor, by)

    def _show_cursor(self, cursor: int, by: int) -> None:
        visible = self._visible()
        if cursor <= visible[0].line.start:
            self._go(Place(cursor))
        elif cursor >= visible[-1].line.start:
            pager = self._pager()
            line = pager.at(cursor)
            tall = self._height_of(line[1]) if line is not None else 1
            self._go(pager.moved(Place(cursor, tall - 1), 1 - self._height))
        self.refresh()
        self._tell()

    def drop_picked(self) -> None:
        """Pick nothing any more."""
        self.picked = None
        self.refresh()
        self._tell()

    def add_mark(self, text: str) -> bool:
        """A mark below the last line in view (of those picked: below the cursor); whether there is a line."""
        if self.lines is None:
            return False
        starts = [cell.line.start for cell in self._visible() if cell.line.start < PARTIAL]
        offset = self.picked.cursor if self.picked is not None else (starts[-1] if starts else None)
        if offset is None or offset >= PARTIAL:
            return False
        self.marks.append(Mark(offset, text))
        self._hosts = log_marks.hosts(self.marks, self.lines)
        self.changed()
        return True

    # -- what is in view

    @property
    def top_row(self) -> int:
        """The number of the row at the top, from 0 (an estimate while the file is not read through)."""
        found = self._pager().at(self._place_now.offset) if self.lines is not None else None
        return found[0] if found is not None else 0

    @property
    def top_offset(self) -> int:
        """Where the top line in view starts."""
        visible = self._visible()
        return visible[0].line.start if visible else 0

    @property
    def bottom_offset(self) -> int:
        """Where the last line in view starts."""
        visible = self._visible()
        return visible[-1].line.start if visible else 0

    def in_view(self, offset: int) -> bool:
        """The line that starts here is (also in part) in view."""
        return any(cell.line.start == offset for cell in self._visible())

    def visible_text(self) -> str:
        """The log lines that are (also in part) on the screen, whole."""
        found = {cell.line.start: cell.line.raw for cell in self._visible()}
        return "\n".join(map(self.plain, found.values()))

    def plain(self, raw: str) -> str:
        """The visible text of a line, secrets masked."""
        return log_text.plain(raw, self._redact, times=self.times)

    # -- layout

    @property
    def _room(self) -> int:
        """Cells of a line's text: ``size`` would count the scrollbar as well."""
        return max(2, self.scrollable_content_region.width - log_paint.gutter_width(self._label is not None))

    @property
    def _height(self) -> int:
        return max(1, self.scrollable_content_region.height)

    def _pager(self) -> Pager:
        assert self.lines is not None
        return Pager(self.lines, self._height_of if self.wrap or self._hosts else None)

    def _height_of(self, line: Line) -> int:
        return len(self._make(line).parts) + len(self._hosts.get(line.start, ()))

    def _make(self, line: Line) -> Made:
        """The line laid out; kept, but for the one that is still being written."""
        key = (line.start, line.end)
        made = self._made.get(key)
        if made is None:
            shown = log_text.shown(line.raw, self._redact, times=self.times)
            made = Made(shown, parts(shown.text, self._room if self.wrap else None))
            if line.start < PARTIAL:
                self._made[key] = made
        return made

    @property
    def _place_now(self) -> Place:
        visible = self._visible()
        return Place(visible[0].line.start, visible[0].part) if visible else self._place

    def _visible(self) -> list[Cell]:
        if self._page is None:
            self._page = self._pager().fill(self._place, self._height) if self.lines is not None else []
        return self._page

    def _go(self, place: Place) -> None:
        self._place = place
        self._settle()

    def _settle(self) -> None:
        """Work out the page of the place (not beyond the end), and tell the scrollbar."""
        self._page = None
        self._made_for = self._room
        size = Size(0, 0)
        row = 0
        if self.lines is not None:
            pager = self._pager()
            end = pager.end(self._height)
            last = pager.at(end.offset)
            here = pager.at(self._place.offset) if self._place.offset < PARTIAL else None
            end_row = last[0] if last is not None else 0
            self.at_end = here is None or (here[0], self._place.part) >= (end_row, end.part)
            if self.at_end:
                self._place = end
            row = end_row + bool(end.part) if self.at_end or here is None else here[0]
            size = Size(self._across(), end_row + bool(end.part) + self._height)
        self._settling = True
        try:
            if size != self.virtual_size:
                self.virtual_size = size
            self.set_scroll(None, row)
        finally:
            self._settling = False
        self.refresh()
        self._tell()

    def _across(self) -> int:
        """How far one can scroll to the right: as far as what was in view goes."""
        if self.wrap:
            return 0
        here = max((log_paint.widest(self._make(cell.line)) for cell in self._visible()), default=0)
        self._widest = max(self._widest, here)
        return self._widest + log_paint.gutter_width(self._label is not None)

    def set_scroll(self, x: float | None, y: float | None) -> None:
        """Both what is shown and what a running movement of the mouse goes on from."""
        if y is not None:
            self.scroll_target_y = self.scroll_y = y
        if x is not None:
            self.scroll_target_x = self.scroll_x = x

    def _rearrange(self) -> None:
        """The same lines laid out in another way; the line at the top stays at the top, the end stays the end."""
        place = self._place_now
        self._unselect()
        self._made.clear()
        self._place = Place(PARTIAL) if self.at_end else Place(place.offset)
        if self.wrap:
            self.set_scroll(0, None)
        self._settle()

    def _unselect(self) -> None:
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()

    def _tell(self) -> None:
        self.post_message(self.Moved())

    def _reveal_column(self, offset: int) -> None:
        """Scroll to the right as far as the first hit of a line needs."""
        made = next((self._make(cell.line) for cell in self._visible() if cell.line.start == offset), None)
        hits = spans(self._pattern, made.shown.text) if made is not None and not self.wrap else []
        if not hits:
            return
        left, right = hits[0]
        if right > self.scroll_offset.x + self._room or left < self.scroll_offset.x:
            self.set_scroll(max(0, left - self._room // 2) if right > self._room else 0, None)

    def on_resize(self) -> None:
        if self.wrap and self._room != self._made_for:
            self._rearrange()
        else:
            self._place = Place(PARTIAL) if self.at_end else self._place
            self._settle()

    def notify_style_update(self) -> None:
        """The theme changed: nothing that was painted is right any more."""
        super().notify_style_update()
        self._styles.clear()

    # -- the mouse, the scrollbar and the keys of a ScrollView

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._settling or self.lines is None or round(old_value) == round(new_value):
            return
        row = round(new_value)
        self._go(Place(PARTIAL) if row >= self.max_scroll_y else Place(self._pager().offset_of(row)))

    def scroll_to(self, x: float | None = None, y: float | None = None, *, animate: bool = True, **more: Any) -> None:
        """At once, never animated: while the scrolling is on its way, a fast log would take the reader back to the
        end. (The keys of a ScrollView animate.)"""
        super().scroll_to(x, y, animate=False, **more)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        if event.ctrl or event.shift or self.lines is None:
            return
        event.prevent_default()
        event.stop()
        self._go(self._pager().moved(self._place_now, by))

    def action_scroll_up(self) -> None:
        self.move(-1)

    def action_scroll_down(self) -> None:
        self.move(1)

    def action_page_up(self) -> None:
        self.move(1 - self._height)

    def action_page_down(self) -> None:
        self.move(self._height - 1)

    def action_scroll_home(self) -> None:
        self._pick_to(0) if self.picked is not None else self.go_home()

    def action_scroll_end(self) -> None:
        self._pick_to(PARTIAL) if self.picked is not None else self.go_end()

    def _pick_to(self, offset: int) -> None:
        found = self._pager().at(offset) if self.lines is not None else None
        if found is not None and self.picked is not None:
            self.picked = self.picked._replace(cursor=found[1].start)
            self._show_cursor(found[1].start, 0)

    # -- painting

    def _style(self, name: str) -> Style:
        found = self._styles.get(name)
        if found is None:
            found = self._styles[name] = self.get_component_rich_style(f"log--{name}")
        return found

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        page = self._visible()
        base = self.rich_style
        width = self.scrollable_content_region.width
        if y >= len(page):
            return Strip.blank(width, base)
        line, part = page[y]
        made = self._make(line)
        picked = self.picked is not None and self.picked.holds(line.start)
        if picked:
            base = base + self._style("selected")
        if part >= len(made.parts):
            mark = self._hosts[line.start][part - len(made.parts)]
            return Strip(
                log_text.segments(rule := log_marks.rule(mark.text, width), 0, len(rule), [], self._style("mark"))
            )
        front = log_paint.gutter(
            made, part, self._style, base, self._label(line.start) if self._label is not None else None,
            self.picked is not None and self.picked.cursor == line.start and part == 0,
        )  # fmt: skip
        strip = self._text_strip(line, part, made, base)
        return Strip([*front, *strip], width)

    def _text_strip(self, line: Line, part: int, made: Made, base: Style) -> Strip:
        hits = spans(self._pattern, made.shown.text) if self._pattern else []
        marks = log_paint.line_marks(made.shown, self._style, hits, line.start == self._current)
        selection = self.text_selection
        number = line.start + part
        chosen = (selection, number, self.screen.get_component_rich_style("screen--selection")) if selection else None
        strip = log_paint.part_strip(made.shown.text, made.parts[part], marks, base, chosen)
        left = self.scroll_offset.x
        return strip.crop_extend(left, left + self._room, base).apply_offsets(left, number)

    # -- selection

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text; the parts of a wrapped line come back as one line."""
        if self.lines is None:
            return None
        pieces: list[str] = []
        begin = selection.start.y if selection.start is not None else 0
        finish = selection.end.y if selection.end is not None else 2 * PARTIAL
        for line in self._pager().between(begin, finish):
            made = self._make(line)
            for part, (start, end) in enumerate(made.parts):
                span = selection.get_span(line.start + part)
                if span is not None:
                    left, right = span
                    piece = made.shown.text[start + left : end if right == -1 else min(end, start + right)]
                    pieces.append(("\n" if pieces and part == 0 else "") + piece)
        return "".join(pieces), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Called by Textual while the mouse selects."""
        self.refresh()

    def picked_text(self) -> tuple[str, int]:
        """The picked lines as text, and how many."""
        if self.picked is None or self.lines is None:
            return "", 0
        found = [self.plain(line.raw) for line in self._pager().between(self.picked.first, self.picked.last)]
        return "\n".join(found), len(found)
