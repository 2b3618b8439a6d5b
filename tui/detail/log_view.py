"""The lines of a log on the screen: only what is in view is read, parsed and painted, at any size of the file."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.widget import Widget

from launcher.text import clean_line
from tui.detail import log_marks, log_text
from tui.detail.log_entry import hand_on
from tui.detail.log_layout import LogLayout
from tui.detail.log_page import PARTIAL, Line, Lines, Pager, Place
from tui.detail.log_paint import Label
from tui.detail.log_picked import Picked

_LIT_S = 0.06


class LogView(LogLayout):
    """What the pane and the keys can do to the lines: show others, light, go, mark, pick."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.typing: Widget | None = None
        """Where something is typed now. Keys that still come here, typed quickly, are for it."""
        self.openers: dict[str, Callable[[], None]] = {}
        """What opens such a place, by key: done at once, before the next key is looked at."""

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
