"""The words around a plot: legend, y labels, goals. Pure, so that tests read them as text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from launcher.text import clean_line
from tui import braille
from tui import format as words
from tui.axis import Axis

if TYPE_CHECKING:
    from launcher.metrics.catalog import GoalLine, Panel, Series

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLOURS = 6
NO_SERIES = -1
LABEL = 6
"""Cells of a y label."""
_GAP = "   "
_MAX_NAME = 24


class Piece(NamedTuple):
    """A bit of a line. ``role`` says how it is coloured (empty: plain), ``series`` what a click on it means."""

    text: str
    role: str = ""
    series: int = NO_SERIES


Line = list[Piece]


def letter(index: int) -> str:
    """What names a series where colours cannot: a, b, c …"""
    return LETTERS[index % len(LETTERS)]


def role(index: int) -> str:
    """The colour of a series."""
    return f"series-{index % COLOURS}"


def axis_label(value: float, unit: str) -> str:
    """A tick of the y axis, in at most six characters where that is possible."""
    text = "0" if value == 0 else words.value(value, unit)
    return text.replace(" ", "") if len(text) > LABEL else text


def unit_word(unit: str) -> str:
    """The unit behind the title; seconds, fractions and bytes stand at the figures themselves."""
    return {"s": "", "%": "", "ratio": "", "B": "", "B/s": "", "1/s": "a second"}.get(unit, unit)


def width_of(line: Sequence[Piece]) -> int:
    """Terminal cells of a line."""
    return sum(cell_len(piece.text) for piece in line)


# -- the legend


def legend(
    panel: Panel,
    width: int,
    max_lines: int,
    *,
    hidden: Collection[str] = (),
    at: Mapping[int, float | None] | None = None,
) -> list[Line]:
    """The series with their figures in at most ``max_lines`` lines: as many figures as fit, then a count of the rest.

    ``a p95 212 ms ø180 ms ^640 ms``: now, mean and peak of the window. With ``at`` (series -> value) the values at the
    cursor stand in the place of those of now.
    """
    if max_lines < 1 or not panel.series:
        return []
    for detail in (3, 2, 1):
        entries = [
            _entry(index, item, panel.unit, detail, hidden=item.name in hidden, at=at)
            for index, item in enumerate(panel.series)
        ]
        lines = _columns(entries, width)
        if len(lines) <= max_lines:
            return lines
    return _counted(entries, width, max_lines)


def _entry(
    index: int, series: Series, unit: str, detail: int, *, hidden: bool, at: Mapping[int, float | None] | None
) -> Line:
    name = series_name(series)
    if hidden:
        return [Piece("·", "muted", index), Piece(f" {name} hidden", "muted", index)]
    value = words.value(series.current if at is None else at.get(index), unit)
    line = [Piece(letter(index), role(index), index), Piece(f" {name} ", "", index)]
    line.append(Piece(value, "value" if at is None else "cursor-value", index))
    rest = f" ø{words.value(series.mean, unit)}" if detail >= 2 else ""
    rest += f" ^{words.value(series.peak, unit)}" if detail >= 3 else ""
    if rest:
        line.append(Piece(rest, "muted", index))
    return line


def series_name(series: Series) -> str:
    """The name of a series, harmless and not too long."""
    name = clean_line(series.name).strip() or "-"
    return name if cell_len(name) <= _MAX_NAME else set_cell_size(name, _MAX_NAME - 1).rstrip() + "…"


def _columns(entries: Sequence[Line], width: int) -> list[Line]:
    """The entries in lines, one below the other in equal columns."""
    widest = max(map(width_of, entries))
    count = max(1, min(len(entries), (width + len(_GAP)) // (widest + len(_GAP))))
    rows = ceil(len(entries) / count)
    lines: list[Line] = []
    for row in range(rows):
        line: Line = []
        for entry in entries[row * count : (row + 1) * count]:
            if line:
                line.append(Piece(" " * ((widest + len(_GAP)) * (len(line_starts(line))) - width_of(line))))
            line += entry
        lines.append(line)
    return lines


def line_starts(line: Line) -> list[int]:
    """The series that a line of the legend names."""
    return list(dict.fromkeys(piece.series for piece in line if piece.series != NO_SERIES))


def _counted(entries: Sequence[Line], width: int, max_lines: int) -> list[Line]:
    """As many entries as fit into the lines without columns, then how many are left."""
    lines: list[Line] = [[]]
    room = width - len(f" +{len(entries)}")
    shown = 0
    for entry in entries:
        need = width_of(entry) + (len(_GAP) if lines[-1] else 0)
        if lines[-1] and width_of(lines[-1]) + need > (room if len(lines) == max_lines else width):
            if len(lines) == max_lines:
                break
            lines.append([])
        lines[-1] += [*([Piece(_GAP)] if lines[-1] else []), *entry]
        shown += 1
    if shown < len(entries):
        lines[-1].append(Piece(f" +{len(entries) - shown}", "muted"))
    return lines


def table(
    panel: Panel,
    width: int,
    max_lines: int,
    *,
    hidden: Collection[str] = (),
    at: Mapping[int, float | None] | None = None,
) -> list[Line]:
    """The legend of a chart that has the whole pane: a line a series with now, min, mean and max."""
    if max_lines < 2 or not panel.series:
        return []
    names = [series_name(item) for item in panel.series]
    wide = min(max(map(cell_len, names)), max(8, width - 42))
    head = "now" if at is None else "at cursor"
    lines: list[Line] = [[Piece(" " * (wide + 2) + "".join(f"{w:>10}" for w in (head, "min", "mean", "max")), "muted")]]
    for index, (name, item) in enumerate(zip(names, panel.series)):
        shown = item.name not in hidden
        known = [value for value in item.values if value is not None and value == value]
        now = item.current if at is None else at.get(index)
        figures = [words.value(value, panel.unit) for value in (min(known, default=None), item.mean, item.peak)]
        label = Piece(f" {set_cell_size(name, wide)}", "" if shown else "muted", index)
        if shown:
            value = Piece(f"{words.value(now, panel.unit):>10}", "value" if at is None else "cursor-value", index)
            rest = Piece("".join(f"{figure:>10}" for figure in figures), "", index)
            lines.append([Piece(letter(index), role(index), index), label, value, rest])
        else:
            lines.append([Piece("·", "muted", index), label, Piece("    hidden", "muted", index)])
    if len(lines) > max_lines:
        left = len(lines) - max_lines + 1
        lines = [*lines[: max_lines - 1], [Piece(f"+{left} more", "muted")]]
    return lines


# -- the axes


def y_labels(axis: Axis, height: int, unit: str) -> list[str]:
    """One string a row, right-aligned: the round ticks at their rows, the axis everywhere."""
    rows = [" " * LABEL + "│"] * height
    for tick in axis.ticks:
        if height > 0:
            rows[braille.row_of(axis.at(tick), height, *axis.ends)] = y_label(axis_label(tick, unit)) + "┤"
    return rows


def y_label(text: str) -> str:
    """A label in exactly the cells it has."""
    return set_cell_size(text.rjust(LABEL)[:LABEL], LABEL)


def end_letters(series: Sequence[braille.Samples], height: int, axis: Axis) -> list[int]:
    """For each row the series whose line ends there (NO_SERIES: none); the nearest free row when two would meet."""
    rows = [NO_SERIES] * height
    for index, samples in enumerate(series):
        last = next((v for v in reversed(samples[-3:]) if v is not None and v == v), None)
        if last is None:
            continue
        wanted = braille.row_of(axis.at(last), height, *axis.ends)
        for row in sorted(range(height), key=lambda candidate: abs(candidate - wanted)):
            if rows[row] == NO_SERIES:
                rows[row] = index
                break
    return rows


# -- goals


def goal_piece(line: GoalLine, *, full: bool = False) -> Piece:
    """``✔ goal 500 ms: 97.8 %``: the limit and how often it held in the window. ``full`` adds how often it is to."""
    goal = line.goal
    text = f"goal {words.latency(goal.limit_s)}: "
    of = f", wanted {share(goal.share)}" if full else ""
    if line.attained is None:
        return Piece(f"{text}-{of}", "muted")
    good = line.attained >= goal.share
    return Piece(f"{'✔' if good else '✖'} {text}{share(line.attained)}{of}", "good" if good else "bad")


def share(part: float) -> str:
    """A share with one decimal, rounded down: 99.96 % is not 100 %."""
    return f"{floor(part * 1000 + 1e-9) / 10:.1f}".removesuffix(".0") + " %"
