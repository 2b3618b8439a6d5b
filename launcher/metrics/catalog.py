"""The charts of a window: the table of ``panels``, worked out of a history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from . import families, names
from .goals import FAMILIES, Goal
from .history import History
from .measures import Measures
from .panels import SPECS, Line, Spec
from .promql import mean
from .rates import Grid
from .records import Event
from .terms import Scaled, Within
from .window import Window

NO_SAMPLES = "no metrics in this window"
NO_VLLM = "the server shows no vLLM metrics (--disable-log-stats)"
NO_FAMILY = "this server does not have these metrics"


class Series(NamedTuple):
    """One line of a chart; None where nothing is known: a gap in the line, never a zero."""

    name: str
    times_ms: tuple[int, ...]
    values: tuple[float | None, ...]
    current: float | None
    """At the last point."""
    mean: float | None
    peak: float | None


class Heat(NamedTuple):
    """A histogram over time. ``columns[i][b]``: observations a second at point i in the bucket that ends at
    ``bounds[b]`` (not cumulative; the last bound is +Inf); a column is None where nothing is known."""

    bounds: tuple[float, ...]
    columns: tuple[tuple[float, ...] | None, ...]


class GoalLine(NamedTuple):
    """An objective to draw across a chart of latencies."""

    goal: Goal
    attained: float | None
    """The share (0 to 1) within the limit over the whole window; None: nothing was observed."""


class Panel(NamedTuple):
    key: str
    title: str
    unit: str
    """``tok/s``, ``req``, ``req/s``, ``1/s``, ``%`` (values 0 to 100), ``s``, ``B``, ``W``, ``°C``, ``Hz``, ``tok``, or
    empty."""
    series: tuple[Series, ...]
    note: str | None
    """Why there is nothing to see; None when there is something."""
    heat: Heat | None = None
    """Set instead of ``series`` for a panel that is a heat map."""
    goals: tuple[GoalLine, ...] = ()
    absent: bool = False
    """The server does not have this at all: the screen names it with its ``note`` and gives it no room."""


class Charts(NamedTuple):
    """Everything the Metrics tab paints, on one time axis."""

    start_ms: int
    end_ms: int
    panels: tuple[Panel, ...] = ()
    marks: tuple[Event, ...] = ()
    """What happened in the window (``kind``: ready, restart, benchmark, goal, …); gaps are not among them."""
    note: str | None = None
    """Why there is no chart at all; None when there is one."""
    older: str | None = None
    """Where the part before our own history comes from, or why it could not be had; None: nothing to say."""


def moments(start_ms: int, end_ms: int, points: int) -> tuple[int, ...]:
    """The times of the points of a chart: evenly spaced, both ends included, at least two."""
    points = max(points, 2)
    span = max(end_ms - start_ms, 1)
    return tuple(start_ms + span * index // (points - 1) for index in range(points))


def charts(
    history: History,
    *,
    start_ms: int,
    end_ms: int,
    points: int,
    goals: Sequence[Goal] = (),
    extra: Sequence[str] = (),
) -> Charts:
    """All charts at ``points`` evenly spaced times from ``start_ms`` to ``end_ms`` (both included).

    ``goals`` are drawn into the charts of their latencies; ``extra`` names families to chart on top of the others.
    Rates are over max(4 x the distance of the samples, the distance of the points), Grafana's rule.
    """
    times, reach_ms, window = _look(history, start_ms, end_ms, points)
    measures = Measures(Grid(window, times, reach_ms))
    whole = Measures(Grid(window, (end_ms,), max(end_ms - start_ms, 1))) if goals else measures
    note = _nothing(window)
    specs = (*families.specs(window, tuple(extra)), *SPECS, *_goal_spec(goals))
    found = tuple(_panel(spec, measures, times, note) for spec in specs)
    return Charts(
        start_ms,
        end_ms,
        tuple(_with_goals(spec, panel, goals, whole) for spec, panel in zip(specs, found)),
        tuple(event for event in window.events if event.kind != "gap" and start_ms <= event.ms <= end_ms),
        note,
    )


def _look(history: History, start_ms: int, end_ms: int, points: int) -> tuple[tuple[int, ...], int, Window]:
    """The times of the points, the range of rates, and the samples for them."""
    times = moments(start_ms, end_ms, points)
    step_ms = max((times[-1] - start_ms) // (len(times) - 1), 1)
    reach_ms = max(4 * history.interval_ms, step_ms)
    window = history.window(start_ms - reach_ms, end_ms, step_ms=step_ms)
    reach_ms = max(4 * window.spacing_ms, step_ms)
    if window.spacing_ms > history.interval_ms:  # a thinner level: its ranges reach further back
        window = history.window(start_ms - reach_ms, end_ms, step_ms=step_ms)
    return times, reach_ms, window


def _nothing(window: Window) -> str | None:
    if not window.times:
        return NO_SAMPLES
    return None if any(map(names.is_vllm, window.names())) else NO_VLLM


def _panel(spec: Spec, measures: Measures, times: tuple[int, ...], nothing: str | None) -> Panel:
    empty = Panel(spec.key, spec.title, spec.unit, (), None)
    if nothing == NO_SAMPLES:
        return empty._replace(note=NO_SAMPLES, absent=spec.absent is not None)
    if not spec.present(measures.window):
        if nothing is not None and spec.absent is None:
            return empty._replace(note=nothing, absent=True)
        return empty._replace(note=spec.absent or NO_FAMILY, absent=spec.absent is not None)
    if spec.heat:
        heat = _heat(spec, measures)
        return empty._replace(heat=heat, note=None if heat is not None else spec.quiet)
    lines = tuple(_series(line, times, measures) for line in spec.lines(measures.window))
    seen = any(line.mean is not None for line in lines)
    return empty._replace(series=lines, note=None if seen else spec.quiet)


def _series(line: Line, times: tuple[int, ...], measures: Measures) -> Series:
    values = line.term.values(measures)
    known = [value for value in values if value is not None and -inf < value < inf]
    average = mean(known) if known else None
    return Series(line.name, times, tuple(values), values[-1], average, max(known, default=None))


def _heat(spec: Spec, measures: Measures) -> Heat | None:
    """The buckets apart instead of added up; None when nothing was observed in the window."""
    buckets = measures.buckets(spec.heat)
    assert buckets is not None
    columns: list[tuple[float, ...] | None] = []
    for ready in buckets.ready:
        counts = dict(ready) if ready else None
        columns.append(None if counts is None else tuple(_apart(counts, buckets.bounds)))
    seen = any(count for column in columns if column for count in column)
    return Heat(tuple(buckets.bounds), tuple(columns)) if seen else None


def _apart(counts: dict[float, float], bounds: Iterable[float]) -> Iterable[float]:
    below = 0.0
    for bound in bounds:
        count = counts.get(bound, below)
        yield max(0.0, count - below)
        below = count


def _goal_spec(goals: Sequence[Goal]) -> tuple[Spec, ...]:
    if not goals:
        return ()
    lines = [Line(goal.title, Scaled(Within(FAMILIES[goal.key], goal.limit_s), 100)) for goal in goals]
    return (Spec("goals", "Within the goals", "%", tuple(lines), "nothing was observed in this window"),)


def _with_goals(spec: Spec, panel: Panel, goals: Sequence[Goal], whole: Measures) -> Panel:
    found = tuple(
        GoalLine(goal, Within(FAMILIES[goal.key], goal.limit_s).values(whole)[0])
        for goal in goals
        if goal.key == spec.goal
    )
    return panel._replace(goals=found) if found else panel
