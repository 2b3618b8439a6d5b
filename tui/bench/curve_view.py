"""A curve on the screen."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.bench.curve import Paper, draw
from tui.detail.chart_colours import ChartColours


class CurveView(Widget):
    """Shows the paper it is given; equal ones are not drawn again."""

    def __init__(self, colours: ChartColours, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="curve")
        self._colours = colours
        self.paper: Paper | None = None
        self._strips: list[Strip] | None = None

    def show(self, paper: Paper | None) -> None:
        """Another picture."""
        if paper != self.paper:
            self.paper = paper
            self._strips = None
            self.refresh()

    def on_resize(self) -> None:
        self._strips = None

    def notify_style_update(self) -> None:
        """The theme changed."""
        super().notify_style_update()
        self._strips = None

    def render_line(self, y: int) -> Strip:
        """One line; all of them are drawn when the first is asked for."""
        width, style = self.size.width, self._colours.style
        if self._strips is None:
            lines = draw(self.paper, width, self.size.height) if self.paper is not None else []
            self._strips = [
                Strip([Segment(piece.text, style(piece.role)) for piece in line if piece.text]).adjust_cell_length(
                    width, style("")
                )
                for line in lines
            ]
        return self._strips[y] if y < len(self._strips) else Strip.blank(width, style(""))
