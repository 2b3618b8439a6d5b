"""The words around a plot: legend, y labels. Pure, so that tests read them as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from launcher.text import clean_line
from tui import braille
from tui import format as words

if TYPE_CHECKING:
    from launcher.metrics.catalog import Panel, Series

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NO_SERIES = -1
GUTTER = 9
"""Cells left of the plot: a label of 7, a space, the axis."""
MARGIN = 2
"""Cells right of the plot: a space and the letters at the ends of the lines."""
_GAP = "   "


class Piece(NamedTuple):
    """A bit of a legend line; ``series`` colours it (NO_SERIES: plain)."""

    text: str
    series: int = NO_SERIES


def letter(index: int) -> str:
    """What names a series where colours cannot: a, b, c …"""
    return LETTERS[index % len(LETTERS)]


def axis_label(value: float, unit: str) -> str:
    """A tick of the y axis in at most seven characters."""
    text = "0" if value == 0 else words.value(value, unit)
    return text.replace(" ", "") if len(text) > 7 else text


def unit_word(unit: str) -> str:
    """The unit behind the title; seconds, fractions and bytes stand at the figures themselves."""
    return "" if unit in ("s", "%", "B", "bytes") else unit


def legend(panel: Panel, width: int, max_lines: int) -> list[list[Piece]]:
    """The series with their figures in at most ``max_lines`` lines: as many figures as fit, then a count of the rest.

    ``a p95 212 ms (180 ms) ^640 ms``: now, mean and peak of the window.
    """
    if max_lines < 1 or not panel.series:
        return []
    lines: list[list[Piece]] = []
    for detail in (3, 2, 1):
        lines = _wrap([_entry(index, item, panel.unit, detail) for index, item in enumerate(panel.series)], width)
        if len(lines) <= max_lines:
            return lines
    kept = lines[:max_lines]
    shown = sum(1 for line in kept for piece in line if piece.series != NO_SERIES and len(piece.text) == 1)
    return [*kept[:-1], [*kept[-1], Piece(f" +{len(panel.series) - shown}")]]


def _entry(index: int, series: Series, unit: str, detail: int) -> list[Piece]:
    text = f" {clean_line(series.name)} {words.value(series.current, unit)}"
    if detail >= 2:
        text += f" ({words.value(series.mean, unit)})"
    if detail >= 3:
        text += f" ^{words.value(series.peak, unit)}"
    return [Piece(letter(index), index), Piece(text)]


def _wrap(entries: Sequence[Sequence[Piece]], width: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    used = 0
    for entry in entries:
        need = sum(cell_len(piece.text) for piece in entry)
        if lines and used + len(_GAP) + need <= width:
            lines[-1] += [Piece(_GAP), *entry]
            used += len(_GAP) + need
        else:
            lines.append(list(entry))
            used = need
    return lines


def y_labels(ticks: Sequence[float], height: int, hi: float, unit: str) -> list[str]:
    """One string a row, right-aligned in the gutter: the round ticks at their rows, the axis everywhere."""
    rows = [" " * (GUTTER - 1) + "│"] * height
    for tick in ticks:
        if height > 0:
            label = set_cell_size(axis_label(tick, unit).rjust(GUTTER - 2)[: GUTTER - 2], GUTTER - 2)
            rows[braille.row_of(tick, height, 0.0, hi)] = label + " ┤"
    return rows


def end_letters(series: Sequence[braille.Samples], height: int, hi: float) -> list[int]:
    """For each row the series whose line ends there (NO_SERIES: none); the nearest free row when two would meet."""
    rows = [NO_SERIES] * height
    for index, samples in enumerate(series):
        last = next((v for v in reversed(samples[-3:]) if v is not None and v == v), None)
        if last is None:
            continue
        wanted = braille.row_of(last, height, 0.0, hi)
        for row in sorted(range(height), key=lambda candidate: abs(candidate - wanted)):
            if rows[row] == NO_SERIES:
                rows[row] = index
                break
    return rows
