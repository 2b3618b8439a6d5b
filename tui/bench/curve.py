"""Throughput against latency as a curve: one point a load, joined by lines. Pure: results in, characters out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from launcher.bench.loads import load_name
from launcher.bench.result import Bench, Latency, Point
from tui import axis as axes
from tui import braille
from tui.detail import chart_text
from tui.detail.chart_plot import runs
from tui.detail.chart_text import Line, Piece

LATENCIES = {"ttft": "TTFT", "itl": "ITL", "e2e": "E2E"}
KEYS = tuple(LATENCIES)
_MARKS = ("●◆", "○◇")
"""p50 and p99 of A, and of B."""
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_NAME = 14


class Spot(NamedTuple):
    """A measured load: output tokens a second, seconds, and what it is called."""

    x: float
    y: float
    name: str


class Curve(NamedTuple):
    """One line of the plot: a percentile of one benchmark."""

    name: str
    mark: str
    role: str
    spots: tuple[Spot, ...]


class Paper(NamedTuple):
    """What is drawn: which latency, of which benchmarks (the first is A), and the goal across it."""

    key: str
    benches: tuple[Bench, ...]
    log: bool = False

    @property
    def goal_s(self) -> float | None:
        """The goal of the first benchmark for this latency."""
        return dict(self.benches[0].goals).get(self.key) if self.benches else None


def curves(paper: Paper) -> list[Curve]:
    """p50 and p99 of each benchmark, in the order of throughput; those without a point are left out."""
    found = []
    for number, bench in enumerate(paper.benches):
        letter = f"{'AB'[number % 2]} " if len(paper.benches) > 1 else ""
        for part in ("p50", "p99"):
            spots = tuple(sorted(_spots(bench.points, paper.key, part)))
            if spots:
                index = 2 * number + (part == "p99")
                mark = _MARKS[number % 2][part == "p99"]
                found.append(Curve(letter + part, mark, chart_text.role(index), spots))
    return found


def _spots(points: Iterable[Point], key: str, part: str) -> Iterable[Spot]:
    for point in points:
        latency: Latency = getattr(point, key)
        value = getattr(latency, part)
        if point.output_rate is not None and value is not None and math.isfinite(value):
            yield Spot(point.output_rate, value, _short(point))


def _short(point: Point) -> str:
    load = point.load
    rate = "" if load.rate is None else f"{load.rate:g}/s"
    bound = "" if load.concurrency is None else f"×{load.concurrency}"
    return (rate + bound or "all")[:_NAME]


def draw(paper: Paper, width: int, height: int) -> list[Line]:
    """The whole plot in ``width`` x ``height`` cells: title, plot with y labels, x axis."""
    title = LATENCIES.get(paper.key, paper.key)
    shown = curves(paper)
    columns, rows = width - chart_text.LABEL - 3, height - 3
    head: Line = [Piece(f"{title} ", "title"), Piece("against output tok/s  ", "muted")]
    for curve in shown:
        head += [Piece(f"{curve.mark} ", curve.role), Piece(f"{curve.name}  ", "")]
    if not shown or columns < 8 or rows < 2:
        return [head, [Piece("nothing was measured for it" if not shown else "", "muted")]][:height]
    spots = [spot for curve in shown for spot in curve.spots]
    goal = paper.goal_s
    near = [goal] if goal is not None and goal <= 1.5 * max(spot.y for spot in spots) else []
    values = [*(spot.y for spot in spots), *near]
    parts = max(1, rows // 3)
    y_axis = axes.logarithmic(values, parts) if paper.log else axes.linear(values, parts, "s")
    x_axis = axes.linear([spot.x for spot in spots], max(2, columns // 12))
    sheet = _Sheet(columns, rows)
    if near and goal is not None:
        sheet.goal(y_axis, goal)
    for curve in shown:
        sheet.curve(curve, x_axis, y_axis)
    labels = chart_text.y_labels(y_axis, rows, "s")
    plot = [[Piece(label, "axis"), *line] for label, line in zip(labels, sheet.lines())]
    return [head, *plot, *_x_labels(x_axis, columns)][:height]


class _Sheet:
    """Cells with dots, characters and colours."""

    def __init__(self, columns: int, rows: int) -> None:
        self._size = (columns, rows)
        self._cells = [[" "] * columns for _ in range(rows)]
        self._roles = [[""] * columns for _ in range(rows)]
        self._names: list[tuple[int, int, str]] = []

    def goal(self, axis: axes.Axis, goal_s: float) -> None:
        """A dotted line across."""
        row, bits = braille.dot_of(axis.at(goal_s), self._size[1], *axis.ends)
        for column in range(self._size[0]):
            self._cells[row][column] = braille.with_bits(" ", bits)
            self._roles[row][column] = "goal"

    def curve(self, curve: Curve, x_axis: axes.Axis, y_axis: axes.Axis) -> None:
        """Lines from spot to spot, a mark at each, its load beside the first curve's."""
        dots = [self._dot(spot, x_axis, y_axis) for spot in curve.spots]
        for before, after in pairwise(dots):
            for x, y in _line(before, after):
                self._set(x, y, curve.role)
        for (x, y), spot in zip(dots, curve.spots):
            row, column = y // 4, x // 2
            self._cells[row][column], self._roles[row][column] = curve.mark, curve.role
            self._names.append((row, column, spot.name))

    def lines(self) -> list[Line]:
        """The rows, with the names of loads where there is room for them."""
        for row, column, name in self._names:
            self._write(row, column, name)
        return [runs(cells, roles) for cells, roles in zip(self._cells, self._roles)]

    def _write(self, row: int, column: int, name: str) -> None:
        for place in (column + 2, column - len(name) - 1):
            if place >= 0 and place + len(name) <= self._size[0]:
                cells = self._cells[row][place : place + len(name)]
                if all(cell == " " for cell in cells):
                    self._cells[row][place : place + len(name)] = name
                    self._roles[row][place : place + len(name)] = ["muted"] * len(name)
                    return

    def _dot(self, spot: Spot, x_axis: axes.Axis, y_axis: axes.Axis) -> tuple[int, int]:
        lo, hi = y_axis.ends
        across = spot.x / x_axis.hi if x_axis.hi else 0.0
        up = (y_axis.at(spot.y) - lo) / (hi - lo) if hi > lo else 0.0
        columns, rows = 2 * self._size[0] - 1, 4 * self._size[1] - 1
        return round(min(1.0, max(0.0, across)) * columns), rows - round(min(1.0, max(0.0, up)) * rows)

    def _set(self, x: int, y: int, role: str) -> None:
        row, column = y // 4, x // 2
        if self._cells[row][column] in "●◆○◇":
            return
        bits = _BITS[x % 2][y % 4]
        old = self._cells[row][column] if self._roles[row][column] not in ("goal", "muted") else " "
        self._cells[row][column] = braille.with_bits(old, bits)
        self._roles[row][column] = role


def _line(a: tuple[int, int], b: tuple[int, int]) -> Iterable[tuple[int, int]]:
    """The dots from a to b."""
    steps = max(abs(b[0] - a[0]), abs(b[1] - a[1]), 1)
    for step in range(steps + 1):
        yield round(a[0] + (b[0] - a[0]) * step / steps), round(a[1] + (b[1] - a[1]) * step / steps)


def _x_labels(axis: axes.Axis, columns: int) -> Sequence[Line]:
    """A rule, and the ticks below it."""
    rule, text = ["─"] * columns, [" "] * columns
    for tick in axis.ticks:
        place = round(tick / axis.hi * (columns - 1)) if axis.hi else 0
        rule[place] = "┴"
        word = chart_text.axis_label(tick, "")
        begin = max(0, min(columns - len(word), place - len(word) // 2))
        if all(cell == " " for cell in text[max(0, begin - 1) : begin + len(word) + 1]):
            text[begin : begin + len(word)] = word
    pad = " " * (chart_text.LABEL + 1)
    return [[Piece(f"{pad}{''.join(rule)}", "axis")], [Piece(f"{pad}{''.join(text)}", "axis")]]


def title_of(bench: Bench) -> str:
    """What a benchmark is called beside others: its label, else its id; and its run."""
    return f"{bench.plan.label or bench.id} ({bench.run_name})"


def loads_text(bench: Bench) -> str:
    """Its loads, shortened."""
    names = [load_name(load) for load in bench.plan.loads]
    return ", ".join(names[:4]) + (f" … ({len(names)})" if len(names) > 4 else "")
