"""Where the reader is in a conversation: a ScrollView over painted rows, with a cursor on an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.chat import items as items_of
from tui.chat import paint
from tui.chat.items import Item
from tui.chat.rows import Rows

_AHEAD = 2
"""Screens above the view that are painted before somebody scrolls there."""


class ChatScroll(ScrollView, can_focus=True):
    """Follows the end only while the reader is there. Older items are painted when they come near."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chat--{name}" for name in paint.STYLES}

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows = Rows()
        self.unfolded: set[Item] = set()
        self.chosen: Item | None = None
        self._styles: dict[str, Style] = {}
        self._bar = self._blank = Segment("  ")
        self._width = 0
        self._high = 0
        """Rows of the view when it was last filled."""

    # -- items

    def show_items(self, items: Sequence[Item]) -> None:
        """Other items; the end is in view."""
        self.chosen = None
        self.unfolded = set()
        self.rows.reset(items)
        self._fill(to_end=True)

    def replace_end(self, count: int, items: Sequence[Item]) -> None:
        """The last ``count`` items are others now (an answer grew). What was chosen or folded stays so."""
        at_end = self.at_end
        self._carry_over(items)
        if self._room <= 0 or count > len(self.rows.painted):  # not laid out yet: the first layout paints them
            everything = [*self.rows.waiting, *(one.item for one in self.rows.painted)]
            self.rows.reset([*everything[: len(everything) - count], *items])
        else:
            self.rows.replace_end(count, items, self._paint)
        self._fill(to_end=at_end)

    def _carry_over(self, new: Sequence[Item]) -> None:
        if self.chosen is not None:
            self.chosen = items_of.become(self.chosen, new) or self.chosen
        pairs = [(item, items_of.become(item, new) or item) for item in self.unfolded]
        self.unfolded = {now for item, now in pairs if now.opened == item.opened}

    @property
    def item_count(self) -> int:
        """Items, painted or not."""
        return len(self.rows.waiting) + len(self.rows.painted)

    @property
    def at_end(self) -> bool:
        """The last row is in view, or was until the view itself became lower (the prompt area grew)."""
        return self.scroll_offset.y >= min(self.max_scroll_y, self.rows.height - self._high)

    def go_end(self) -> None:
        """Show the end, and follow it."""
        self._fill(to_end=True)

    # -- layout

    @property
    def _room(self) -> int:
        return self.scrollable_content_region.width - paint.GUTTER

    def _paint(self, item: Item) -> list[Strip]:
        look = paint.Look(self._room, self._style, self.app.current_theme.dark, self.is_open(item))
        base = self._style("")
        self._bar = Segment("▌ ", base + self._style("chosen"))
        self._blank = Segment("  ", base)
        return [strip.apply_style(base).extend_cell_length(self._room, base) for strip in paint.lines(item, look)]

    def _style(self, name: str) -> Style:
        """A style by its name, that of plain text by none: working one out costs as much as painting a line."""
        found = self._styles.get(name)
        if found is None:
            found = self.get_component_rich_style(f"chat--{name}", partial=True) if name else self.rich_style
            self._styles[name] = found
        return found

    def _fill(self, *, to_end: bool = False, more: int = 0) -> None:
        """Paint what is in view and a little above (``more`` rows at least); keep the place of the reader, or go to the
        end."""
        if self._room <= 0:
            return
        high = self.scrollable_content_region.height
        above = self.rows.height if to_end else self.scroll_offset.y
        wanted = max(more, (_AHEAD + 1) * high - above)
        added = self.rows.paint_back(wanted, self._paint) if self.rows.waiting else 0
        self._tell_height()
        place = max(0, self.rows.height - high) if to_end else self.scroll_offset.y + added
        if place != self.scroll_offset.y:
            self.scroll_to(y=place, animate=False, force=True, immediate=True)
        self._high = high
        self.refresh()

    def _tell_height(self) -> None:
        """Without a layout of the whole screen, which a new ``virtual_size`` would bring, nine times a second: our own
        size is given, and there is always a scrollbar."""
        size = Size(self.scrollable_content_region.width, self.rows.height)
        if size != self.virtual_size:
            self.set_reactive(ChatScroll.virtual_size, size)
        bar = self.vertical_scrollbar
        bar.window_virtual_size, bar.window_size = size.height, self.scrollable_content_region.height

    def on_resize(self) -> None:
        at_end, width = self.at_end, self._room
        if width == self._width:
            self._fill(to_end=at_end)
            return
        place = self.rows.at(self.scroll_offset.y)
        from_end = len(self.rows.painted) - place[0] if place is not None else 0
        self._width = width
        self.rows.forget()
        self._fill(to_end=True)
        if not at_end and from_end:
            while len(self.rows.painted) < from_end and self.rows.waiting:
                self.rows.paint_back(1, self._paint)
            self._tell_height()
            self.scroll_to(y=self.rows.start(len(self.rows.painted) - from_end), animate=False, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.rows.waiting and new_value < self.scrollable_content_region.height:
            self.call_later(self._fill)

    def notify_style_update(self) -> None:
        """The theme changed: nothing that was painted is right any more."""
        super().notify_style_update()
        self._styles.clear()
        self._width = 0
        self.call_later(self.on_resize)

    # -- painting

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        row = self.scroll_offset.y + y
        base = self._style("")
        found = self.rows.at(row)
        if found is None:
            return Strip.blank(self.scrollable_content_region.width, base)
        one = self.rows.painted[found[0]]
        strip = one.strips[found[1]]
        selection = self.text_selection
        span = selection.get_span(row) if selection is not None else None
        if span is not None:
            strip = _lit(strip, span, self.screen.get_component_rich_style("screen--selection"))
        strip = strip.apply_offsets(0, row)
        front = self._bar if one.item == self.chosen else self._blank
        return Strip([front, *strip], paint.GUTTER + strip.cell_length)

    # -- selection with the mouse

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, as it is painted."""
        text = "\n".join(strip.text.rstrip() for one in self.rows.painted for strip in one.strips)
        return selection.extract(text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Called by Textual while the mouse selects."""
        self.refresh()

    # -- keys and mouse

    def action_scroll_home(self) -> None:
        while self.rows.waiting:
            self.rows.paint_back(1000, self._paint)
        self._fill()
        self.scroll_to(y=0, animate=False)

    def action_scroll_end(self) -> None:
        self.go_end()

    def on_click(self, event: events.Click) -> None:
        found = self.rows.at(self.scroll_offset.y + event.y)
        if found is None or self.text_selection is not None:
            return
        item = self.rows.painted[found[0]].item
        if item == self.chosen and item.folds:
            self.fold(item)
        elif item.chosen_by_keys:
            self.choose(item)

    def choose(self, item: Item | None) -> None:
        """Put the cursor on an item, and bring it into view."""
        self.chosen = item
        index = next((number for number, one in enumerate(self.rows.painted) if one.item == item), None)
        if item is not None and index is not None:
            start, high = self.rows.start(index), self.scrollable_content_region.height
            end = start + len(self.rows.painted[index].strips)
            top = self.scroll_offset.y
            if start < top or end - start > high:
                self.scroll_to(y=start, animate=False)
            elif end > top + high:
                self.scroll_to(y=end - high, animate=False)
        self.refresh()

    def fold(self, item: Item) -> None:
        """Fold or unfold an item."""
        self.unfolded ^= {item}
        for number, one in enumerate(self.rows.painted):
            if one.item == item:
                self.rows.repaint(number, self._paint)
        self._fill(to_end=self.at_end and not self.is_open(item))

    def is_open(self, item: Item) -> bool:
        """Whether an item that folds is unfolded now."""
        return item.opened != (item in self.unfolded)


def _lit(strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    """A line of which a part is selected; the end -1 means all of the rest."""
    left, right = span
    right = strip.cell_length if right == -1 else min(right, strip.cell_length)
    if right <= left:
        return strip
    before, inside, after = strip.divide([left, right, strip.cell_length]) if right < strip.cell_length else (
        *strip.divide([left, strip.cell_length]), Strip([])
    )  # fmt: skip
    lit = Strip([Segment(segment.text, (segment.style or Style()) + style) for segment in inside])
    return Strip.join([before, lit, after])
