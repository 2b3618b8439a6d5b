"""The recorder's own samples, read back for Prometheus; and every term of every chart compared on them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prometheus_kit import Prometheus, Sample, same

from launcher.metrics import families, panels
from launcher.metrics.history import History
from launcher.metrics.measures import Measures
from launcher.metrics.panels import Line
from launcher.metrics.rates import Grid
from launcher.metrics.terms import Within
from launcher.metrics.window import Window


def series_of(window: Window, run: str) -> Iterator[tuple[str, list[Sample]]]:
    """Every series of a window as promtool takes it, with a label ``run``. A NaN in the store is no sample."""
    for name in window.names():
        for track in window.select(name):
            text = track.series.text
            head, _, rest = text.partition("{")
            label = f'{head}{{run="{run}",{rest}' if rest else f'{text}{{run="{run}"}}'
            yield label, [(ms, value) for ms, value in zip(window.times, track.values) if not math.isnan(value)]


class Compared(NamedTuple):
    """What came out: lines of charts and their values that are equal, lines without a value, and without PromQL."""

    lines: int
    values: int
    silent: list[str]
    unwritten: list[str]


def compare(server: Prometheus, history: History, run: str, points: Sequence[int], range_ms: int) -> Compared:
    """Every term of every chart, and of every family on demand, equal in vdeck and in Prometheus at every point.

    Raises AssertionError with the expression and the two values otherwise. No point may have a sample exactly a range
    before it (a 2.x would count it): ``free`` finds such points.
    """
    window = history.window(points[0] - range_ms - 10_000, points[-1])
    measures = Measures(Grid(window, points, range_ms))
    step = points[1] - points[0]
    lines, values, silent, unwritten = 0, 0, [], []
    for title, line in all_lines(window, history, points[-1]):
        expression = line.term.promql(f'run="{run}"', f"{range_ms}ms")
        if expression is None:
            unwritten.append(title)
            continue
        answer = server.range(expression, points[0], points[-1], step)
        assert len(answer) <= 1, f"{title}: {expression} gives {len(answer)} series"
        if isinstance(line.term, Within) and server.version < (3,):
            continue  # it parses; a 2.x has histogram_fraction for native histograms only
        theirs = next(iter(answer.values()), {})
        known = 0
        for point, mine in zip(points, line.term.values(measures)):
            other = theirs.get(point)
            other = None if other is None or math.isnan(other) else other
            assert same(mine, other), f"{title} at {point}: {mine!r}, Prometheus {other!r}: {expression}"
            known += mine is not None
        lines, values = lines + 1, values + known
        if not known:
            silent.append(title)
    return Compared(lines, values, silent, unwritten)


def all_lines(window: Window, history: History, now_ms: int) -> Iterator[tuple[str, Line]]:
    """The lines of all charts that this server has, and of all its families."""
    wanted = tuple(family.name for family in families.families(history, now_ms))
    for spec in (*panels.SPECS, *families.specs(window, wanted)):
        if spec.present(window):
            for line in spec.lines(window):
                yield f"{spec.title}, {line.name}", line
        if spec.goal:
            yield f"{spec.title} within 0.2 s", Line("goal", Within(spec.items[0].term.aliases, 0.2))


def free(times: Sequence[int], first: int, step: int, count: int, range_ms: int) -> range:
    """``count`` points, ``step`` apart, from ``first`` or a little later, at which all releases of Prometheus have the
    same rules: no sample exactly at the left edge of a range, and the first one near enough to it to reach it."""
    for offset in range(step):
        points = range(first + offset, first + offset + count * step, step)
        if all(_plain(times, point - range_ms, point) for point in points):
            return points
    raise AssertionError("no such points: the samples have too many holes")


def _plain(times: Sequence[int], start: int, end: int) -> bool:
    low, high = bisect_left(times, start), bisect_right(times, end)
    if high - low < 2 or times[low] == start:
        return False
    return times[low] - start < (times[high - 1] - times[low]) / (high - low - 1)
