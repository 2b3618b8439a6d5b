"""Log lines laid out and painted: of a line on the screen, what is lit in it, what of it is picked or selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.selection import Selection
from textual.strip import Strip

from launcher.logs.pattern import spans
from tui.detail import log_marks, log_paint, log_text
from tui.detail.log_page import PARTIAL, Line, Place
from tui.detail.log_paint import Label, Made
from tui.detail.log_picked import Picked
from tui.detail.log_scroll import LogScroll
from tui.detail.log_wrap import parts


class LogLayout(LogScroll):
    """Only what is in view is laid out; what was laid out is kept as long as the width stays."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log--{name}" for name in log_paint.STYLES}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.times = True
        self.picked: Picked | None = None
        self.current: int | None = None
        """Where the line of the present hit starts."""
        self._label: Callable[[int], Label] | None = None
        self._redact: Callable[[str], str] = str
        self._pattern = ""
        self._widest = 0
        self._made: LRUCache[tuple[int, int], Made] = LRUCache(2048)
        self._styles: dict[str, Style] = {}
        self._made_for = 0

    # -- layout

    @property
    def _room(self) -> int:
        """Cells of a line's text: ``size`` would count the scrollbar as well."""
        return max(2, self.scrollable_content_region.width - log_paint.gutter_width(self._label is not None))

    def parts_of(self, line: Line) -> int:
        return len(self._make(line).parts)

    def across(self) -> int:
        if self.wrap:
            return 0
        here = max((log_paint.widest(self._make(cell.line)) for cell in self.cells()), default=0)
        self._widest = max(self._widest, here)
        return self._widest + log_paint.gutter_width(self._label is not None)

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

    def _rearrange(self) -> None:
        """The same lines laid out in another way; the line at the top stays at the top, the end stays the end."""
        place = self.place_now
        self._unselect()
        self._made.clear()
        self._made_for = self._room
        if self.wrap:
            self.set_scroll(0, None)
        self.go(Place(PARTIAL) if self.at_end else Place(place.offset))

    def _unselect(self) -> None:
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()

    def _reveal_column(self, offset: int) -> None:
        """Scroll to the right as far as the first hit of a line needs."""
        made = next((self._make(cell.line) for cell in self.cells() if cell.line.start == offset), None)
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
            self.go(Place(PARTIAL) if self.at_end else self._place)

    def notify_style_update(self) -> None:
        """The theme changed: nothing that was painted is right any more."""
        super().notify_style_update()
        self._styles.clear()

    # -- painting

    def _style(self, name: str) -> Style:
        """A style by its name, that of plain text by none: working one out costs as much as painting a line."""
        found = self._styles.get(name)
        if found is None:
            found = self.get_component_rich_style(f"log--{name}") if name else self.rich_style
            self._styles[name] = found
        return found

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        page = self.cells()
        width = self.scrollable_content_region.width
        base = self._style("")
        if y >= len(page):
            return Strip.blank(width, base)
        line, part = page[y]
        made = self._make(line)
        if part >= len(made.parts):
            mark = self._hosts[line.start][part - len(made.parts)]
            return Strip([Segment(log_marks.rule(mark.text, width), base + self._style("mark"))], width)
        if self.picked is not None and self.picked.holds(line.start):
            base = base + self._style("selected")
        at_cursor = part == 0 and self.picked is not None and self.picked.cursor == line.start
        label = self._label(line.start) if self._label is not None else None
        front = log_paint.gutter(made, part, self._style, base, label, at_cursor)
        return Strip([*front, *self._text_strip(line, part, made, base)], width)

    def _text_strip(self, line: Line, part: int, made: Made, base: Style) -> Strip:
        hits = spans(self._pattern, made.shown.text) if self._pattern else []
        marks = log_paint.line_marks(made.shown, self._style, hits, line.start == self.current)
        selection = self.text_selection
        number = line.start + part  # unique and in order: a line has more bytes than parts
        chosen = (selection, number, self.screen.get_component_rich_style("screen--selection")) if selection else None
        strip = log_paint.part_strip(made.shown.text, made.parts[part], marks, base, chosen)
        left = self.scroll_offset.x
        return strip.crop_extend(left, left + self._room, base).apply_offsets(left, number)

    # -- selection with the mouse

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text; the parts of a wrapped line come back as one line."""
        if self.lines is None:
            return None
        pieces: list[str] = []
        begin = selection.start.y if selection.start is not None else 0
        finish = selection.end.y if selection.end is not None else 2 * PARTIAL
        for line in self.pager().between(begin, finish):
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
