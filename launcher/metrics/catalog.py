"""The charts: which panels there are, and their lines worked out of a history. Later panels go into the same table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum
from typing import NamedTuple

from . import names
from .goals import Goal
from .history import History
from .measures import Measures, Values
from .rates import Grid
from .records import Event
from .window import Window

_QUANTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
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
    """``tok/s``, ``req``, ``req/s``, ``%`` (values 0 to 100), ``s``, ``B``, ``W``, ``°C``, ``Hz``, ``tok`` or empty."""
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


class _Kind(NamedTuple):
    key: str
    title: str
    unit: str
    lines: Callable[[Measures], list[tuple[str, Values]]]
    families: tuple[str, ...]
    """Sample names of which at least one must be there."""
    quiet: str
    """The note when they are there and still have no value."""


def _throughput(measures: Measures) -> list[tuple[str, Values]]:
    return [("prompt", measures.prompt_tps()), ("generation", measures.generation_tps())]


def _requests(measures: Measures) -> list[tuple[str, Values]]:
    return [("running", measures.gauge(names.RUNNING)), ("waiting", measures.gauge(names.WAITING))]


def _kv(measures: Measures) -> list[tuple[str, Values]]:
    shares = measures.gauge(names.KV_CACHE, mean=True)
    return [("KV cache", [None if share is None else share * 100 for share in shares])]


def _latency(aliases: tuple[str, ...]) -> Callable[[Measures], list[tuple[str, Values]]]:
    def lines(measures: Measures) -> list[tuple[str, Values]]:
        found = measures.quantiles(aliases, [q for q, _ in _QUANTILES])
        return [(name, values) for (_, name), values in zip(_QUANTILES, found)]

    return lines


_QUIET = "no samples in this window"
_NO_TOKEN = "no request got a token in this window"
_NO_END = "no request finished in this window"
_TOKENS = (
    *names.PROMPT_TOKENS, *names.GENERATION_TOKENS, *names.PROMPT_THROUGHPUT, *names.GENERATION_THROUGHPUT
)  # fmt: skip

_KINDS = (
    _Kind("throughput", "Throughput", "tok/s", _throughput, _TOKENS, _QUIET),
    _Kind("requests", "Requests", "req", _requests, (*names.RUNNING, *names.WAITING), _QUIET),
    _Kind("kv", "KV cache", "%", _kv, names.KV_CACHE, _QUIET),
    _Kind("ttft", "Time to first token", "s", _latency(names.TTFT), names.TTFT, _NO_TOKEN),
    _Kind("itl", "Inter-token latency", "s", _latency(names.ITL), names.ITL, _NO_TOKEN),
    _Kind("e2e", "Request latency", "s", _latency(names.E2E), names.E2E, _NO_END),
)


def panels(history: History, *, start_ms: int, end_ms: int, points: int) -> tuple[Panel, ...]:
    """All panels at ``points`` evenly spaced times from ``start_ms`` to ``end_ms`` (both included).

    Rates are over max(4 x the distance of the samples, the distance of the points), Grafana's rule.
    """
    points = max(points, 2)
    span = max(end_ms - start_ms, 1)
    times = tuple(start_ms + span * index // (points - 1) for index in range(points))
    step_ms = max(span // (points - 1), 1)
    reach_ms = max(4 * history.interval_ms, step_ms)
    window = history.window(start_ms - reach_ms, end_ms, step_ms=step_ms)
    reach_ms = max(4 * window.spacing_ms, step_ms)
    if window.spacing_ms > history.interval_ms:  # a thinner level: its ranges reach further back
        window = history.window(start_ms - reach_ms, end_ms, step_ms=step_ms)
    measures = Measures(Grid(window, times, reach_ms))
    return tuple(_panel(kind, measures, window, times) for kind in _KINDS)


def _panel(kind: _Kind, measures: Measures, window: Window, times: tuple[int, ...]) -> Panel:
    note = _missing(kind, window)
    if note is not None:
        return Panel(kind.key, kind.title, kind.unit, (), note)
    lines = tuple(_series(name, times, values) for name, values in kind.lines(measures))
    seen = any(line.mean is not None for line in lines)
    return Panel(kind.key, kind.title, kind.unit, lines, None if seen else kind.quiet)


def _missing(kind: _Kind, window: Window) -> str | None:
    if not window.times:
        return NO_SAMPLES
    present = window.names()
    if not any(names.is_vllm(name) for name in present):
        return NO_VLLM
    forms = (names.gauge, names.counter, names.histogram)
    return None if any(form(kind.families, window.has) for form in forms) else NO_FAMILY


def _series(name: str, times: tuple[int, ...], values: Sequence[float | None]) -> Series:
    known = [value for value in values if value is not None]
    mean = fsum(known) / len(known) if known else None
    return Series(name, times, tuple(values), values[-1], mean, max(known, default=None))
