"""The whole picture of a chart as lines of pieces: frame, legend, plot. Pure; the widget only colours it."""

from __future__ import annotations

from textwrap import wrap
from typing import NamedTuple

from launcher.text import clean_line
from tui.detail import chart_frame, chart_text
from tui.detail.chart_frame import LEFT, RIGHT, Edge
from tui.detail.chart_heat import heat_legend, heat_plot
from tui.detail.chart_plot import Plot, Scene, dot_column, lines_plot
from tui.detail.chart_text import NO_SERIES, Line, Piece

_MIN_PLOT = 3
_QUIET = "nothing in this window"


class Picture(NamedTuple):
    """``legend`` says which lines are the legend; the rows of ``plot`` follow them."""

    lines: list[Line]
    legend: range = range(0)
    plot: Plot | None = None


def columns_of(width: int) -> int:
    """Cells of the plot of a chart that is ``width`` cells wide."""
    return width - LEFT - RIGHT


def picture(scene: Scene, width: int, height: int, *, cursor: int | None = None, chosen: bool = False) -> Picture:
    """At most ``height`` lines of exactly ``width`` cells; ``cursor``: the time in ms whose values the legend shows."""
    if width < 6 or height < 1:
        return Picture([])
    edge = chart_frame.CHOSEN if chosen else chart_frame.PLAIN
    top = chart_frame.top(scene, width, edge)
    columns = columns_of(width)
    note = scene.panel.note or (None if scene.panel.series or scene.panel.heat else _QUIET)
    if note or columns < 1 or height < 3:
        inside = _note(note or "", width, max(0, height - 2), edge)
        return Picture([top, *inside, chart_frame.bottom(scene, width, edge, axis=False)][:height])
    room = _legend_room(scene, height)
    count = len(_legend(scene, width - 4, room, None, None)) if room else 0
    rows = height - 2 - count
    plot = (heat_plot if scene.panel.heat is not None else lines_plot)(scene, columns, rows)
    legend = legend_lines(scene, plot, width, count, cursor=cursor, chosen=chosen)
    body = [chart_frame.row(plot.line(number), edge) for number in range(rows)]
    return Picture([top, *legend, *body, chart_frame.bottom(scene, width, edge, axis=True)], range(1, 1 + count), plot)


def legend_lines(
    scene: Scene, plot: Plot, width: int, count: int, *, cursor: int | None, chosen: bool = False
) -> list[Line]:
    """The legend in exactly ``count`` lines: what is painted anew when only the cursor moves."""
    edge = chart_frame.CHOSEN if chosen else chart_frame.PLAIN
    found = _legend(scene, width - 4, count, plot, dot_of(scene, width, cursor)) if count else []
    found += [[]] * (count - len(found))
    return [chart_frame.inside(line, width, edge) for line in found[:count]]


def dot_of(scene: Scene, width: int, cursor: int | None) -> int | None:
    """The dot column of a time; None when it is not in the window."""
    if cursor is None or not scene.start_ms <= cursor <= scene.end_ms:
        return None
    return dot_column(cursor, scene.start_ms, scene.end_ms, columns_of(width))


def series_at(line: Line, x: int) -> int | None:
    """The series whose name or figures stand at this cell of a line of the legend."""
    for piece in line:
        x -= chart_text.width_of([piece])
        if x < 0:
            return piece.series if piece.series != NO_SERIES else None
    return None


def _legend_room(scene: Scene, height: int) -> int:
    room = max(3, height // 3) if scene.large else min(3, max(1, (height - 4) // 3))
    return max(0, min(room, height - 2 - _MIN_PLOT))


def _legend(scene: Scene, width: int, room: int, plot: Plot | None, dot: int | None) -> list[Line]:
    if scene.panel.heat is not None:
        return [heat_legend(scene, width, dot, columns_of(width + 4))]
    values = None
    if plot is not None and dot is not None:
        values = {index: samples[dot] for index, samples in plot.samples.items()}
    make = chart_text.table if scene.large else chart_text.legend
    return make(scene.panel, width, room, hidden=scene.hidden, at=values)


def _note(note: str, width: int, height: int, edge: Edge) -> list[Line]:
    words = wrap(clean_line(note), max(8, width - 6))[:height]
    above = max(0, (height - len(words)) // 2)
    lines: list[Line] = [[]] * above + [[Piece(" " + chart_frame.cut(line, width - 6), "note")] for line in words]
    lines += [[]] * (height - len(lines))
    return [chart_frame.inside(line, width, edge) for line in lines]
