"""The plot of a chart: labels, cells and line ends of every row, as characters with roles (colours). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui import axis as axes
from tui import braille
from tui import format as words
from tui.detail import chart_text
from tui.detail.chart_text import NO_SERIES, Line, Piece

if TYPE_CHECKING:
    from launcher.metrics.catalog import GoalLine, Panel, Series
    from launcher.metrics.records import Event

_SPREAD = 20
"""The highest line this many times above the lowest, in the mean, asks for powers of ten."""
_NEAR = 1.5
"""A goal at most this far above the values moves the axis; one further up is only pointed to."""


class Scene(NamedTuple):
    """What a chart shows and how."""

    panel: Panel
    start_ms: int
    end_ms: int
    marks: tuple[Event, ...] = ()
    hidden: frozenset[str] = frozenset()
    """Names of series that the user does not want to see."""
    log: bool | None = None
    """Whether the y axis has powers of ten; None: as the values ask for."""
    large: bool = False
    """It has the whole pane."""


class Plot(NamedTuple):
    """One entry a row, top row first, in each of the lists."""

    labels: list[Piece]
    cells: list[list[str]]
    roles: list[list[str]]
    ends: list[Piece]
    samples: Mapping[int, Sequence[float | None]] = {}
    """By series: the value of every dot column."""

    def line(self, row: int) -> Line:
        """One row: label, runs of cells of the same role, the letter at the end."""
        return [self.labels[row], *runs(self.cells[row], self.roles[row]), self.ends[row]]


def runs(cells: Sequence[str], roles: Sequence[str]) -> Line:
    """One piece for each run of cells of the same role; blank cells join the run before them."""
    pieces: Line = []
    start, present = 0, ""
    for column, role in enumerate(roles):
        if role in (present, ""):
            continue
        if column > start:
            pieces.append(Piece("".join(cells[start:column]), present))
        start, present = column, role
    if start < len(cells):
        pieces.append(Piece("".join(cells[start:]), present))
    return pieces


def is_log(scene: Scene) -> bool:
    """Whether the y axis has powers of ten: as the user wants it, else for times that lie far apart."""
    if scene.log is not None:
        return scene.log
    means = [s.mean for s in visible(scene.panel, scene.hidden).values() if s.mean is not None and s.mean > 0]
    return scene.panel.unit == "s" and len(means) > 1 and max(means) > _SPREAD * min(means)


def visible(panel: Panel, hidden: Collection[str]) -> dict[int, Series]:
    """The series that are shown, by their place in the panel."""
    return {index: item for index, item in enumerate(panel.series) if item.name not in hidden}


def axis_of(scene: Scene, samples: Sequence[Sequence[float | None]], height: int) -> axes.Axis:
    """The y axis: round, and not blown up by a goal far above all values."""
    seen = [v for values in samples for v in values]
    peak = max((v for v in seen if v is not None and v == v), default=0.0)
    near = [line.goal.limit_s for line in scene.panel.goals if peak <= 0 or line.goal.limit_s <= _NEAR * peak]
    parts = max(1, height // (2 if height < 10 else 3))
    if is_log(scene):
        return axes.logarithmic([*seen, *near], parts)
    return axes.linear([*seen, *near], parts, scene.panel.unit)


def lines_plot(scene: Scene, columns: int, height: int) -> Plot:
    """The series of a panel as lines in ``columns`` x ``height`` cells, with its goals and marks."""
    shown = visible(scene.panel, scene.hidden)
    samples = {
        index: braille.resample(item.times_ms, item.values, 2 * columns, scene.start_ms, scene.end_ms)
        for index, item in shown.items()
    }
    axis = axis_of(scene, list(samples.values()), height)
    canvas = braille.paint([axis.project(values) for values in samples.values()], columns, height, *axis.ends)
    order = list(samples)
    names = {number: chart_text.role(index) for number, index in enumerate(order)} | {braille.NOBODY: ""}
    cells = [list(row.replace(braille.BLANK, " ")) for row in canvas.rows]
    roles = [[names[owner] for owner in row] for row in canvas.owners]
    labels = [Piece(text, "axis") for text in chart_text.y_labels(axis, height, scene.panel.unit)]
    ends = [_end(place, order) for place in chart_text.end_letters(list(samples.values()), height, axis)]
    plot = Plot(labels, cells, roles, ends, samples)
    for goal in scene.panel.goals:
        _draw_goal(plot, goal, axis, height)
    draw_marks(plot, scene, columns)
    return plot


def _end(place: int, order: Sequence[int]) -> Piece:
    if place == NO_SERIES:
        return Piece(" ")
    return Piece(chart_text.letter(order[place]), chart_text.role(order[place]), order[place])


def _draw_goal(plot: Plot, line: GoalLine, axis: axes.Axis, height: int) -> None:
    """A dotted line at its limit, which stands at the axis; an arrow at the border when it lies above."""
    limit = line.goal.limit_s
    if not height:
        return
    if limit > axis.hi * (1 + 1e-9):
        text = f"goal {words.latency(limit)} ↑"
        place = _free(plot.cells[0], len(text))
        if place is None:
            plot.labels[0] = Piece(chart_text.y_label(chart_text.axis_label(limit, "s")) + "↑", "goal")
        else:
            plot.cells[0][place : place + len(text)] = text
            plot.roles[0][place : place + len(text)] = ["goal"] * len(text)
        return
    row, dot = braille.dot_of(axis.at(limit), height, *axis.ends)
    plot.labels[row] = Piece(chart_text.y_label(chart_text.axis_label(limit, "s")) + "┤", "goal")
    for column, role in enumerate(plot.roles[row]):
        if not role:
            plot.cells[row][column] = braille.with_bits(plot.cells[row][column], dot)
            plot.roles[row][column] = "goal"


def _free(row: Sequence[str], width: int) -> int | None:
    """The last place of the row with ``width`` blank cells."""
    for place in range(len(row) - width, -1, -1):
        if all(cell == " " for cell in row[place : place + width]):
            return place
    return None


# -- marks


def mark_columns(scene: Scene, columns: int) -> list[tuple[int, str]]:
    """Dot column and word of every mark in the window, one for each cell, from left to right."""
    found: dict[int, tuple[int, str]] = {}
    for event in scene.marks:
        if scene.start_ms <= event.ms <= scene.end_ms:
            dot = dot_column(event.ms, scene.start_ms, scene.end_ms, columns)
            found.setdefault(dot // 2, (dot, event.kind))
    return [found[cell] for cell in sorted(found)]


def dot_column(ms: float, start_ms: int, end_ms: int, columns: int) -> int:
    """The dot column of a time in a plot of ``columns`` cells (outside the window: at its border)."""
    part = (ms - start_ms) / max(1, end_ms - start_ms)
    return round(min(1.0, max(0.0, part)) * max(0, 2 * columns - 1))


def time_of(dot: int, start_ms: int, end_ms: int, columns: int) -> int:
    """The time in ms that a dot column stands for."""
    return round(start_ms + (end_ms - start_ms) * dot / max(1, 2 * columns - 1))


def draw_marks(plot: Plot, scene: Scene, columns: int) -> None:
    """A thin vertical line where something happened, behind what is measured."""
    for dot, _ in mark_columns(scene, columns):
        bits = braille.DOTTED[dot & 1]
        for cells, roles in zip(plot.cells, plot.roles):
            if roles[dot // 2] in ("", "goal") and (cells[dot // 2] == " " or roles[dot // 2] == "goal"):
                cells[dot // 2] = braille.with_bits(cells[dot // 2], bits)
                roles[dot // 2] = roles[dot // 2] or "mark"
