"""When a run last served: figures of an idle server say nothing, so the window ends with its last traffic. Pure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from launcher.metrics import names
from launcher.metrics.history import History
from launcher.metrics.window import Window

_RAW_MS = 3_600_000
"""A longer stretch is read from a thinner level."""
_POINTS = 1000
_COUNTERS = (names.PROMPT_TOKENS, names.GENERATION_TOKENS, names.FINISHED)


class Span(NamedTuple):
    """Milliseconds since the epoch."""

    begin_ms: int
    end_ms: int
    busy: float
    """The share of it (0 to 1) in which something was being served."""


def last_served(history: History, window_ms: int) -> Span | None:
    """The last ``window_ms`` in which the run served, without the idle time at both ends; None when it never did.

    It begins with the sample before the first traffic and ends with the last sample of it."""
    end = _last_active(history, window_ms)
    if end is None:
        return None
    spare = 4 * history.interval_ms
    window = history.window(end - window_ms - spare, end)
    times = [ms for ms in window.times if ms <= end]
    busy = [ms for ms in active(window) if end - window_ms < ms <= end]
    if not busy:
        return None
    before = max((ms for ms in times if ms < busy[0]), default=busy[0] - history.interval_ms)
    begin = max(end - window_ms, before)
    inside = [ms for ms in times if begin < ms <= end]
    return Span(begin, end, len(busy) / max(len(inside), 1))


def _last_active(history: History, window_ms: int) -> int | None:
    """The last sample with traffic, looked for backwards in ever longer stretches."""
    end, earliest = history.latest_ms, history.earliest_ms
    reach = window_ms
    while end is not None and earliest is not None and end > earliest:
        begin = max(end - reach, earliest - 1)
        step = 0 if end - begin <= _RAW_MS else (end - begin) // _POINTS
        found = active(history.window(begin - 4 * history.interval_ms, end, step_ms=step))
        if found:
            return found[-1]
        end, reach = begin, 4 * reach
    return None


def active(window: Window) -> list[int]:
    """The times at which something ran, or since whose last sample tokens or requests were counted."""
    hit = bytearray(len(window.times))
    running = names.gauge(names.RUNNING, window.has)
    for track in window.select(running) if running is not None else ():
        for index, value in enumerate(track.values):
            if value > 0:
                hit[index] = 1
    for aliases in _COUNTERS:
        name = names.counter(aliases, window.has)
        for track in window.select(name) if name is not None else ():
            _rises(track.values, hit)
    return [ms for ms, is_hit in zip(window.times, hit) if is_hit]


def _rises(values: array[float], hit: bytearray) -> None:
    before = math.nan
    for index, value in enumerate(values):
        if value != before and not math.isnan(value):
            if value > (0 if value < before else before):  # lower: the server was started again and counts from 0
                hit[index] = 1
            before = value


def averaged(window: Window, aliases: tuple[str, ...], begin_ms: int, *, mean: bool = False) -> float | None:
    """The mean over time of a gauge, summed (or averaged) over the engines; None without a sample."""
    return _mean(_sums(window, aliases, begin_ms, mean=mean))


def highest(window: Window, aliases: tuple[str, ...], begin_ms: int, *, mean: bool = False) -> float | None:
    """The highest value of a gauge, summed (or averaged) over the engines."""
    return max(_sums(window, aliases, begin_ms, mean=mean), default=None)


def _sums(window: Window, aliases: tuple[str, ...], begin_ms: int, *, mean: bool) -> list[float]:
    name = names.gauge(aliases, window.has)
    tracks = window.select(name) if name is not None else []
    found = []
    for index, ms in enumerate(window.times):
        values = [track.values[index] for track in tracks if not math.isnan(track.values[index])]
        if values and ms > begin_ms:
            found.append(sum(values) / (len(values) if mean else 1))
    return found


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return sum(known) / len(known) if known else None
