"""Ready-made lines in a box that scrolls both ways; paints only what is seen."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from styles.themes import palette
from tui.render.cells import Cell, cell_width, to_text


class LinesView(ScrollView, can_focus=True):
    """Give it lines with ``show``; ``go_to`` brings one into view and marks it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: tuple[Cell, ...] = ()
        self.marked: int | None = None
        """The index of the line that stands out, from 0."""

    def show(self, lines: tuple[Cell, ...]) -> None:
        """Show these lines; the place is kept, so that a check while typing does not jump."""
        if lines == self.lines:
            return
        self.lines = lines
        self.marked = None
        self.virtual_size = Size(max((cell_width(line) for line in lines), default=0), len(lines))
        self.refresh()

    def go_to(self, index: int) -> None:
        """Scroll a line into the middle and mark it."""
        self.marked = index
        self.scroll_to(y=max(0, index - self.size.height // 2), animate=False, force=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        index = scroll_y + y
        width = self.size.width
        if index >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        text = to_text(self.lines[index], palette(self.app.theme))
        if index == self.marked:
            text.stylize("reverse")
        segments = [Segment(s.text, s.style) for s in text.render(self.app.console)]
        return Strip(segments).crop_extend(scroll_x, scroll_x + width, None).apply_style(self.rich_style)
