"""A chart of one panel. Painted line by line from cached strips; the cursor is laid over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui import braille
from tui.detail.chart_colours import ChartColours
from tui.detail.chart_frame import LEFT
from tui.detail.chart_picture import Picture, columns_of, dot_of, legend_lines, picture, series_at
from tui.detail.chart_plot import Scene, is_log, time_of
from tui.detail.chart_text import Line

if TYPE_CHECKING:
    from launcher.metrics.catalog import Panel


class Chart(Widget):
    """Shows the Scene it is given, in colours that all charts share."""

    class Chosen(Message):
        """A click on it; ``twice``: the second of a double click."""

        def __init__(self, key: str, twice: bool) -> None:
            super().__init__()
            self.key = key
            self.twice = twice

    class Pointed(Message):
        """The mouse is over (or, ``kept``, was clicked on) this time of the plot; None: it left."""

        def __init__(self, ms: int | None, kept: bool) -> None:
            super().__init__()
            self.ms = ms
            self.kept = kept

    def __init__(self, key: str, colours: ChartColours) -> None:
        super().__init__(classes="chart")
        self.key = key
        self._style = colours.style
        self.scene: Scene | None = None
        self._chosen = False
        self._cursor: int | None = None
        self._pointed: int | None = None
        self._picture = Picture([])
        self._strips: list[Strip] | None = None
        self._old_legend = False
        """The legend shows another moment than the cursor."""
        self._made_for = Size(0, 0)

    @staticmethod
    def plot_columns(width: int) -> int:
        """Dot columns of the plot of a chart that is ``width`` cells wide: how many samples it can show."""
        return 2 * max(1, columns_of(width))

    @property
    def panel(self) -> Panel | None:
        return self.scene.panel if self.scene is not None else None

    # -- what the grid says

    def show(self, scene: Scene) -> None:
        """Another picture; equal ones are not painted again. Nothing is worked out before a line is asked for."""
        if scene != self.scene:
            self.scene = scene
            self._again()

    def forget(self) -> None:
        """Another run is shown: nothing of the old one may stay."""
        self.scene = self._cursor = self._pointed = None
        self._picture = Picture([])
        self._again()

    def choose(self, chosen: bool) -> None:
        """Whether this is the chart that keys are for."""
        if chosen != self._chosen:
            self._chosen = chosen
            self._again()

    def point(self, ms: int | None) -> None:
        """The cursor: a line at this time, whose values the legend shows. Only what changes is painted."""
        if ms == self._cursor:
            return
        before, self._cursor = self._dot(), ms
        _, legend, plot = self._picture
        if plot is None or self._strips is None or self._made_for != self.size:
            self.refresh()
            return
        self._old_legend = True
        columns = [LEFT + dot // 2 for dot in (before, self._dot()) if dot is not None]
        rows = [Region(column, legend.stop, 1, len(plot.cells)) for column in columns]
        self.refresh(Region(0, legend.start, self.size.width, len(legend)), *rows)

    def toggle_series(self, name: str) -> None:
        """Show or hide a series. The last one that is shown stays."""
        if self.scene is not None:
            hidden = self.scene.hidden ^ {name}
            if any(item.name not in hidden for item in self.scene.panel.series):
                self.show(self.scene._replace(hidden=frozenset(hidden)))

    def next_series(self) -> None:
        """All series, then each alone, then all again."""
        if self.scene is None or len(self.scene.panel.series) < 2:
            return
        names = [item.name for item in self.scene.panel.series]
        shown = [name for name in names if name not in self.scene.hidden]
        place = names.index(shown[0]) + 1 if len(shown) == 1 else 0
        hidden = frozenset(names) - {names[place]} if place < len(names) else frozenset()
        self.show(self.scene._replace(hidden=hidden))

    def toggle_log(self) -> None:
        """Powers of ten on the y axis, or not."""
        if self.scene is not None and self.scene.panel.heat is None:
            self.show(self.scene._replace(log=not is_log(self.scene)))

    # -- the mouse

    def on_click(self, event: events.Click) -> None:
        event.stop()
        series = series_at(self._picture.lines[event.y], event.x) if event.y in self._picture.legend else None
        if series is not None and self.scene is not None:
            self.toggle_series(self.scene.panel.series[series].name)
        elif (ms := self._time_at(event.x, event.y)) is not None and event.chain == 1:
            self.post_message(self.Pointed(ms, kept=True))
        self.post_message(self.Chosen(self.key, twice=event.chain == 2 and series is None))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(self._time_at(event.x, event.y))

    def on_leave(self) -> None:
        self._hover(None)

    def _hover(self, ms: int | None) -> None:
        if ms != self._pointed:
            self._pointed = ms
            self.post_message(self.Pointed(ms, kept=False))

    def _time_at(self, x: int, y: int) -> int | None:
        columns, column = columns_of(self.size.width), x - LEFT
        legend, plot = self._picture.legend, self._picture.plot
        if self.scene is None or plot is None or not 0 <= column < columns or y < legend.stop:
            return None
        return time_of(2 * column + 1, self.scene.start_ms, self.scene.end_ms, columns)

    # -- painting

    def _again(self) -> None:
        self._strips = None
        self.refresh()

    def _dot(self) -> int | None:
        return dot_of(self.scene, self.size.width, self._cursor) if self.scene is not None else None

    def notify_style_update(self) -> None:
        """The theme or the style sheet changed."""
        super().notify_style_update()
        self._strips = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are: a chart has no border, padding or links for which Textual would go over each again
        (which costs more than a step of the cursor itself)."""
        size, dot = self.size, self._dot()
        strips = [self._shown(y, dot, size) for y in crop.line_range]
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        first, last = crop.column_span
        return strips if (first, last) == (0, size.width) else [strip.crop(first, last) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """One line of the chart; all of them are made when the first is asked for."""
        return self._shown(y, self._dot(), self.size)

    def _shown(self, y: int, dot: int | None, size: Size) -> Strip:
        strips = self._strips
        if strips is None or self._made_for != size:
            self._made_for = size
            self._picture = self._paint()
            strips = self._strips = list(map(self._strip, self._picture.lines))
            self._old_legend = False
        legend = self._picture.legend
        if self._old_legend and y in legend:
            self._renew_legend(strips)
        if y >= len(strips):
            return Strip.blank(size.width, self._style(""))
        return strips[y] if dot is None else self._with_cursor(strips[y], y - legend.stop, dot)

    def text(self) -> str:
        """What is painted, without colours (for tests and for copying)."""
        return "\n".join(self.render_line(y).text.rstrip() for y in range(self.size.height))

    def _paint(self) -> Picture:
        if self.scene is None:
            return Picture([])
        return picture(self.scene, self.size.width, self.size.height, cursor=self._cursor, chosen=self._chosen)

    def _renew_legend(self, strips: list[Strip]) -> None:
        lines, legend, plot = self._picture
        if self.scene is not None and plot is not None:
            found = legend_lines(
                self.scene, plot, self.size.width, len(legend), cursor=self._cursor, chosen=self._chosen
            )
            lines[legend.start : legend.stop] = found
            strips[legend.start : legend.stop] = map(self._strip, found)
        self._old_legend = False

    def _with_cursor(self, strip: Strip, row: int, dot: int) -> Strip:
        plot = self._picture.plot
        if plot is None or not 0 <= row < len(plot.cells):
            return strip
        x, cell = LEFT + dot // 2, braille.with_bits(plot.cells[row][dot // 2], braille.LINE[dot & 1])
        line = Segment(cell if 0x2800 <= ord(cell) <= 0x28FF else "│", self._style("cursor"))
        return Strip.join([strip.crop(0, x), Strip([line], 1), strip.crop(x + 1)])

    def _strip(self, line: Line) -> Strip:
        segments = [Segment(piece.text, self._style(piece.role)) for piece in line if piece.text]
        return Strip(segments).adjust_cell_length(self._made_for.width, self._style(""))
