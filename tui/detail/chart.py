"""A chart of one panel: title, y axis, braille lines, time axis, legend. Painted line by line from cached strips."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from launcher.text import clean_line, shorten
from tui import braille
from tui.detail import chart_text

if TYPE_CHECKING:
    from launcher.metrics.catalog import Panel

COLOURS = 6
_MIN_PLOT = 3


class Chart(Widget):
    """Shows the Panel it is given. Its colours are component classes, set in the style sheet from the theme."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--title",
        "chart--axis",
        "chart--note",
        *(f"chart--series-{number}" for number in range(COLOURS)),
    }

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._panel: Panel | None = None
        self._start_ms = 0
        self._end_ms = 0
        self._strips: list[Strip] | None = None
        self._made_for = Size(0, 0)

    @staticmethod
    def plot_columns(width: int) -> int:
        """Dot columns of the plot of a chart that is ``width`` cells wide: how many samples it can show."""
        return 2 * max(1, width - chart_text.GUTTER - chart_text.MARGIN)

    @property
    def panel(self) -> Panel | None:
        return self._panel

    def show(self, panel: Panel, start_ms: int, end_ms: int) -> None:
        """Another picture; equal ones are not painted again."""
        if panel == self._panel and (start_ms, end_ms) == (self._start_ms, self._end_ms):
            return
        self._panel, self._start_ms, self._end_ms = panel, start_ms, end_ms
        self._strips = None
        self.refresh()

    def notify_style_update(self) -> None:
        """The theme or the style sheet changed."""
        super().notify_style_update()
        self._strips = None

    def render_line(self, y: int) -> Strip:
        """One line of the chart; all of them are made when the first is asked for."""
        if self._strips is None or self._made_for != self.size:
            self._made_for = self.size
            self._strips = self._make(self.size.width, self.size.height)
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def text(self) -> str:
        """What is painted, without colours (for tests and for copying)."""
        return "\n".join(self.render_line(y).text.rstrip() for y in range(self.size.height))

    # -- painting

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"chart--{name}")

    def _series_style(self, index: int) -> Style:
        return self._style(f"series-{index % COLOURS}")

    def _line(self, segments: list[Segment]) -> Strip:
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _make(self, width: int, height: int) -> list[Strip]:
        panel = self._panel
        if panel is None or width < 4 or height < 1:
            return []
        strips = [self._title(panel, width)]
        legend = chart_text.legend(panel, width - 1, max(1, min(3, height - 2 - _MIN_PLOT)))
        if panel.note or not panel.series:
            return strips + self._note(panel.note or "Nothing was measured in this window.", width, height - 1)
        plot_height = height - 2 - len(legend)
        if plot_height >= 1:
            strips += self._plot(panel, width, plot_height)
            strips.append(self._time_axis(width))
        for pieces in legend:
            strips.append(self._line([Segment(" ", self.rich_style), *map(self._piece, pieces)]))
        return strips[:height]

    def _piece(self, piece: chart_text.Piece) -> Segment:
        own = piece.series != chart_text.NO_SERIES
        return Segment(piece.text, self._series_style(piece.series) if own else self.rich_style)

    def _title(self, panel: Panel, width: int) -> Strip:
        unit = chart_text.unit_word(panel.unit)
        text = clean_line(panel.title) + (f"  {clean_line(unit)}" if unit else "")
        return self._line([Segment(" " + shorten(text, width - 2), self._style("title"))])

    def _note(self, note: str, width: int, height: int) -> list[Strip]:
        from textwrap import wrap

        lines = wrap(clean_line(note), max(8, width - 4))[: max(0, height)]
        above = max(0, (height - len(lines)) // 2)
        blank = Strip.blank(width, self.rich_style)
        return [blank] * above + [self._line([Segment("  " + line, self._style("note"))]) for line in lines]

    def _plot(self, panel: Panel, width: int, height: int) -> list[Strip]:
        columns = self.plot_columns(width)
        series = [
            braille.resample(item.times_ms, item.values, columns, self._start_ms, self._end_ms) for item in panel.series
        ]
        top = 100.0 if panel.unit == "%" else None
        seen = [v for samples in series for v in samples]
        hi, ticks = braille.scale(seen, max(1, height // 2), top=top)
        canvas = braille.paint(series, columns // 2, height, 0.0, hi)
        labels = chart_text.y_labels(ticks, height, hi, panel.unit)
        ends = chart_text.end_letters(series, height, hi)
        axis, plain = self._style("axis"), self.rich_style
        styles = [self._series_style(index) for index in range(len(series))]
        strips = []
        for row in range(height):
            segments = [Segment(labels[row], axis), *_runs(canvas.rows[row], canvas.owners[row], styles, plain)]
            if ends[row] != chart_text.NO_SERIES:
                segments.append(Segment(" " + chart_text.letter(ends[row]), styles[ends[row]]))
            strips.append(self._line(segments))
        return strips

    def _time_axis(self, width: int) -> Strip:
        columns = self.plot_columns(width) // 2
        text = " " * chart_text.GUTTER + braille.time_axis(self._start_ms, self._end_ms, columns)
        return self._line([Segment(text, self._style("axis"))])


def _runs(row: str, owners: tuple[int, ...], styles: list[Style], plain: Style) -> list[Segment]:
    """One segment for each run of cells of the same series; empty cells join the run before them."""
    segments: list[Segment] = []
    start, present = 0, braille.NOBODY
    for column, owner in enumerate(owners):
        if owner in (present, braille.NOBODY):
            continue
        if column > start:
            segments.append(Segment(row[start:column], styles[present] if present >= 0 else plain))
        start, present = column, owner
    if start < len(row):
        segments.append(Segment(row[start:], styles[present] if present >= 0 else plain))
    return segments
