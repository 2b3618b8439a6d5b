"""A histogram over time as a heat map: buckets as rows, time as columns, shades for how much. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import inf, sqrt
from typing import TYPE_CHECKING

from launcher.metrics.promql import histogram_quantiles
from tui import format as words
from tui.detail import chart_text
from tui.detail.chart_plot import Plot, Scene, draw_marks
from tui.detail.chart_text import LABEL, Line, Piece

if TYPE_CHECKING:
    from launcher.metrics.catalog import Heat

SHADES = " ░▒▓█"
_TOP = len(SHADES) - 1

Column = tuple[float, ...] | None


def heat_plot(scene: Scene, columns: int, height: int) -> Plot:
    """The heat map of a panel in ``columns`` x ``height`` cells. Buckets that were never hit above and below those
    that were take no room; neighbours are merged when there are more than rows."""
    heat = scene.panel.heat
    assert heat is not None
    low, high = hit(heat)
    count = min(high - low, max(1, height))
    groups = _merged(squeezed(heat.columns, columns), low, high, count)
    peak = max((value for column in groups if column is not None for value in column), default=0.0)
    rows = [(height - 1 - row) * count // height for row in range(height)]
    cells = [[" " if column is None else shade(column[group], peak) for column in groups] for group in rows]
    roles = [[f"heat-{SHADES.index(cell)}" if cell != " " else "" for cell in line] for line in cells]
    ends = [_bound(heat.bounds, low + ((group + 1) * (high - low) + count - 1) // count - 1) for group in range(count)]
    labels = [Piece(text, "axis") for text in _labels(rows, ends, scene.panel.unit)]
    plot = Plot(labels, cells, roles, [Piece(" ")] * height)
    draw_marks(plot, scene, columns)
    return plot


def hit(heat: Heat) -> tuple[int, int]:
    """The first bucket with an observation in the window, and the one behind the last."""
    seen = [index for index in range(len(heat.bounds)) if any(column[index] > 0 for column in heat.columns if column)]
    return (seen[0], seen[-1] + 1) if seen else (0, len(heat.bounds))


def squeezed(columns: Sequence[Column], width: int) -> list[Column]:
    """As many columns as there are cells: each the mean of those that fall into it."""
    return [_cell(columns, cell, width) for cell in range(width)]


def _cell(columns: Sequence[Column], cell: int, width: int) -> Column:
    first = cell * len(columns) // width
    part = [column for column in columns[first : max(first + 1, (cell + 1) * len(columns) // width)] if column]
    return tuple(sum(values) / len(part) for values in zip(*part)) if part else None


def _merged(columns: Sequence[Column], low: int, high: int, count: int) -> list[Column]:
    """Buckets ``low`` to ``high`` of every column in ``count`` groups of neighbours."""
    size = high - low
    edges = [(low + (g * size + count - 1) // count, low + ((g + 1) * size + count - 1) // count) for g in range(count)]
    return [None if c is None else tuple(sum(c[first:last]) for first, last in edges) for c in columns]


def shade(value: float, peak: float) -> str:
    """How much as a character; what is more than nothing is always seen. (By the root: rare sizes matter too.)"""
    if not value > 0 or not peak > 0:
        return SHADES[0]
    return SHADES[min(_TOP, 1 + int(_TOP * sqrt(value / peak) * (1 - 1e-9)))]


def _bound(bounds: Sequence[float], index: int) -> tuple[float, bool]:
    """The upper bound of a bucket; for the open one the bound that it lies above, and True."""
    bound = bounds[index]
    return (bound, False) if bound < inf or index == 0 else (bounds[index - 1], True)


def _labels(rows: Sequence[int], ends: Sequence[tuple[float, bool]], unit: str) -> list[str]:
    """The upper bound of a group at its highest row, as far as labels do not touch (few rows may)."""
    labels = [" " * LABEL + "│"] * len(rows)
    near = 2 if len(rows) > 4 else 1
    last = len(rows) + near
    for row in range(len(rows) - 1, -1, -1):
        if (row == 0 or rows[row - 1] != rows[row]) and last - row >= near:
            bound, above = ends[rows[row]]
            labels[row] = chart_text.y_label((">" if above else "") + chart_text.axis_label(bound, unit)) + "┤"
            last = row
    return labels


# -- the legend


def heat_legend(scene: Scene, width: int, at: int | None, columns: int) -> Line:
    """``p50 212  p95 1.2k  0.8/s  ░▒▓█ up to 3.4/s``: of the whole window, or of the column at the cursor (the dot
    column ``at`` of a plot of ``columns`` cells)."""
    heat, unit = scene.panel.heat, scene.panel.unit
    assert heat is not None
    if at is not None:
        counts: Sequence[float] = _cell(heat.columns, min(columns - 1, at // 2), columns) or ()
    else:
        known = [column for column in heat.columns if column is not None]
        counts = [sum(values) / len(known) for values in zip(*known)] if known else ()
    line: Line = []
    role = "value" if at is None else "cursor-value"
    p50, p95 = quantiles(heat.bounds, counts)
    for name, text in (("p50", _value(p50, unit)), ("p95", _value(p95, unit)), ("", _rate(counts))):
        line += [Piece(f"{'   ' if line else ''}{name}{' ' if name else ''}"), Piece(text, role)]
    shades: Line = [Piece("   "), *(Piece(SHADES[level], f"heat-{level}") for level in range(1, _TOP + 1))]
    shades.append(Piece(" few to many", "muted"))
    return [*line, *shades] if chart_text.width_of([*line, *shades]) <= width else line


def quantiles(bounds: Sequence[float], counts: Sequence[float]) -> tuple[float | None, float | None]:
    """p50 and p95 of counts by bucket, as Prometheus works them out; None without an observation."""
    if not counts or not sum(counts) > 0:
        return None, None
    p50, p95 = histogram_quantiles((0.5, 0.95), list(zip(bounds, accumulate(counts))))
    return p50, p95


def _value(value: float | None, unit: str) -> str:
    return words.value(value, unit)


def _rate(counts: Sequence[float]) -> str:
    return f"{words.number(sum(counts))}/s" if counts else words.UNKNOWN
