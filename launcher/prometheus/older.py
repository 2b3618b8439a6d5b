"""Charts that begin before our own history does, filled to the left with what a Prometheus has. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import fsum, isfinite
from typing import NamedTuple

from launcher.metrics.catalog import Charts, Panel, Series
from launcher.metrics.panels import SPECS, Line, Spec
from launcher.metrics.records import Event
from launcher.metrics.terms import Term

MARK = "prometheus"
"""The kind of the mark at which our own history begins."""
Key = tuple[str, str]
"""(key of the panel, name of the line)."""


class Earlier(NamedTuple):
    """What Prometheus had, on a grid of times of its own; values are finite, what is missing is missing."""

    step_ms: int
    """How far apart the times are."""
    lines: Mapping[Key, Mapping[int, float]]
    """Value by time in ms."""


def wanted(charts: Charts) -> dict[Key, Term]:
    """What to ask Prometheus for: the lines that are charted, and those that an empty panel would have."""
    specs = {spec.key: spec for spec in SPECS if not spec.heat}
    found: dict[Key, Term] = {}
    for panel in charts.panels:
        spec = specs.get(panel.key)
        if spec is not None:
            found.update(
                ((panel.key, line.name), line.term) for line in _lines(spec, [one.name for one in panel.series])
            )
    return found


def extend(charts: Charts, earlier: Earlier, *, times: tuple[int, ...], begin_ms: int | None) -> Charts:
    """The same charts, of these ``times``, with the points before ``begin_ms`` filled: when our own history begins;
    None: we have none.

    A point of our own stays what it is, and so does a gap in our history; the first points of a rate, for which we
    have one sample only, are filled too. The mark ``prometheus`` says where our own history begins.
    """
    until_ms = charts.end_ms + 1 if begin_ms is None else begin_ms + seam_ms(earlier.step_ms)
    before = sum(at < until_ms for at in times)
    panels = tuple(_panel(panel, earlier, times, before) for panel in charts.panels)
    if panels == charts.panels:
        return charts
    marks = charts.marks
    if begin_ms is not None and charts.start_ms <= begin_ms <= charts.end_ms:
        marks = tuple(sorted((*marks, Event(begin_ms, MARK))))
    return charts._replace(panels=panels, marks=marks, note=None)


def _lines(spec: Spec, charted: Sequence[str]) -> Iterable[Line]:
    for item in spec.items:
        if isinstance(item, Line):
            yield item
        else:  # a line a label value: those that our own history knows
            fixed = {one.name for one in spec.items if isinstance(one, Line)}
            for name in charted:
                if name not in fixed and name.startswith(item.prefix):
                    yield Line(name, item.with_value(name[len(item.prefix) :]))


def seam_ms(step_ms: int) -> int:
    """How long our own history has to last until its rates have a value."""
    return max(step_ms, 2000)


def _panel(panel: Panel, earlier: Earlier, times: tuple[int, ...], before: int) -> Panel:
    """``before``: how many points may be filled."""
    own = {one.name: one for one in panel.series}
    unknown: tuple[float | None, ...] = (None,) * len(times)
    new = [name for key, name in earlier.lines if key == panel.key and name not in own]
    lines = [*panel.series, *(Series(name, times, unknown, None, None, None) for name in new)]
    found = []
    for line in lines:
        points = sorted(earlier.lines.get((panel.key, line.name), {}).items())
        filled = _filled(line, points, earlier.step_ms, before)
        if line.name in own or filled is not line:
            found.append(filled)
    return panel if tuple(found) == panel.series else panel._replace(series=tuple(found), note=None, absent=False)


def _filled(line: Series, points: Sequence[tuple[int, float]], step_ms: int, before: int) -> Series:
    values = list(line.values)
    for index, at in enumerate(line.times_ms[:before]):
        if values[index] is None:
            values[index] = _nearest(points, at, step_ms)
    if tuple(values) == line.values:
        return line
    known = [value for value in values if value is not None and isfinite(value)]
    return line._replace(values=tuple(values), current=values[-1], mean=fsum(known) / len(known), peak=max(known))


def _nearest(points: Sequence[tuple[int, float]], at: int, step_ms: int) -> float | None:
    """The value whose time is nearest, at most half a step away: the grid may be a moment older than the chart."""
    index = bisect_left(points, (at,))
    near = min(points[max(index - 1, 0) : index + 1], key=lambda point: abs(point[0] - at), default=None)
    return near[1] if near is not None and 2 * abs(near[0] - at) <= step_ms else None
