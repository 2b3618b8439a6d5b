"""The lines of a log on the screen: only what is in view is read, parsed and painted, at any size of the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from launcher.logs.pattern import spans
from launcher.text import clean_line
from tui.detail import log_marks, log_paint, log_text
from tui.detail.log_entry import hand_on
from tui.detail.log_page import PARTIAL, Line, Lines, Pager, Place
from tui.detail.log_paint import Label, Made
from tui.detail.log_picked import Picked
from tui.detail.log_scroll import LogScroll
from tui.detail.log_wrap import parts

_LIT_S = 0.06


class LogView(LogScroll):
    """Paints the lines, lights what is searched for, and lets lines be picked with the keys or text with the mouse."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log--{name}" for name in log_paint.STYLES}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.times = True
        self.picked: Picked | None = None
        self.current: int | None = None
        """Where the line of the present hit starts."""
        self.typing: Widget | None = None
        """Where something is typed now. Keys that still come here, typed quickly, are for it."""
        self.openers: dict[str, Callable[[], None]] = {}
        """What opens such a place, by key: done at once, before the next key is looked at."""
        self._label: Callable[[int], Label] | None = None
        self._redact: Callable[[str], str] = str
        self._pattern = ""
        self._widest = 0
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
        self.begin_anew()
        self.show_lines(lines)

    def show_lines(self, lines: Lines | None, dropped: int = 0) -> None:
        """Other lines of the same log (another filter): the reader's place stays as near as there are lines.
        ``dropped``: so many bytes are gone in front, all offsets are smaller by that."""
        if dropped:
            self._place = Place(max(0, self._place.offset - dropped))
            self.marks = log_marks.moved(self.marks, dropped)
            self.current, self.picked = None, None
            self._unselect()
        self._made.clear()
        self.begin(lines)

    def begin_anew(self) -> None:
        """The file is another one: offsets of the old one mean nothing. Show the end of the new one."""
        self.current, self.picked, self.marks = None, None, []
        self._unselect()
        self.at_end = True
        self._place = Place(PARTIAL)

    def set_follow(self, follow: bool) -> None:
        """On: go to the end and stay there as lines come."""
        self.follow = follow
        if follow:
            self.go_end()
        self.tell()

    def set_wrap(self, wrap: bool) -> None:
        """On: long lines go on below; off: they are cut at the border."""
        self.wrap = wrap
        self._rearrange()

    def set_times(self, times: bool) -> None:
        """Whether the time of each line is shown."""
        self.times = times
        self._rearrange()

    def set_pattern(self, pattern: str) -> None:
        """What is lit wherever it is in view; empty: nothing. It is painted a little later, or with the hit that comes
        before: the hit would have to wait for the other painting."""
        self._pattern = pattern
        self.current = None
        self.set_timer(_LIT_S, self.refresh)

    def show_hit(self, offset: int) -> None:
        """Bring the line that starts here into view, and light it as the present hit."""
        self.current = offset
        self.reveal(offset)
        self._reveal_column(offset)
        self.refresh()

    def visible_text(self) -> str:
        """The log lines that are (also in part) on the screen, whole."""
        found = {cell.line.start: cell.line for cell in self.cells()}
        return "\n".join(map(self.plain, found.values()))

    def plain(self, line: Line) -> str:
        """The visible text of a line, secrets masked; in a merged log with its name in front."""
        text = log_text.plain(line.raw, self._redact, times=self.times)
        return text if self._label is None else f"{clean_line(self._label(line.start).name)}: {text}"

    def mark(self, text: str) -> bool:
        """A mark below the last line in view (while lines are picked: below the cursor); whether there is a line."""
        starts = [cell.line.start for cell in self.cells() if cell.line.start < PARTIAL]
        offset = self.picked.cursor if self.picked is not None else (starts[-1] if starts else None)
        if offset is None or offset >= PARTIAL:
            return False
        self.add_mark_at(offset, text)
        return True

    # -- picking lines

    @property
    def holds_still(self) -> bool:
        return self.picked is not None

    def move(self, by: int) -> None:
        """Scroll by lines of the screen (negative: up); while lines are being picked, move their cursor instead."""
        if self.picked is not None:
            self.pick(by)
        else:
            self.scroll_rows(by)

    def pick(self, by: int) -> None:
        """Begin to pick lines, and move their cursor by so many."""
        if self.lines is None or not (visible := self.cells()):
            return
        if self.picked is None:
            start = visible[-1 if self.at_end else 0].line.start
            if self.current is not None and self.in_view(self.current):
                start = self.current
            self.picked = Picked(start, start)
        self._pick_to(Pager(self.lines).moved(Place(self.picked.cursor), by).offset)

    def drop_picked(self) -> None:
        """Pick nothing any more."""
        self.picked = None
        self.refresh()
        self.tell()

    def _pick_to(self, offset: int) -> None:
        found = self.pager().at(offset) if self.lines is not None else None
        if found is None or self.picked is None:
            return
        cursor = found[1].start
        self.picked = self.picked._replace(cursor=cursor)
        visible = self.cells()
        if cursor <= visible[0].line.start:
            self.go_to(cursor)
        elif cursor >= visible[-1].line.start:
            self.go(self.pager().moved(Place(cursor, self.height_of(found[1]) - 1), 1 - self.rows_high))
        self.refresh()
        self.tell()

    def picked_text(self) -> tuple[str, int]:
        """The picked lines as text, and how many."""
        if self.picked is None or self.lines is None:
            return "", 0
        found = [self.plain(line) for line in self.pager().between(self.picked.first, self.picked.last)]
        return "\n".join(found), len(found)

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

    # -- keys

    def on_key(self, event: events.Key) -> None:
        if self.typing is not None:
            hand_on(event, self.typing)
        elif event.key in self.openers:
            event.stop()
            event.prevent_default()
            self.openers[event.key]()

    def action_scroll_up(self) -> None:
        self.move(-1)

    def action_scroll_down(self) -> None:
        self.move(1)

    def action_page_up(self) -> None:
        self.move(1 - self.rows_high)

    def action_page_down(self) -> None:
        self.move(self.rows_high - 1)

    def action_scroll_home(self) -> None:
        self._pick_to(0) if self.picked is not None else self.go_home()

    def action_scroll_end(self) -> None:
        self._pick_to(PARTIAL) if self.picked is not None else self.go_end()

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
