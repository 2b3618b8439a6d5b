"""Lines as braille dots, and round axes. Pure functions: the Chart widget only colours what they return.

A cell of the terminal holds 2 x 4 dots. Every sample takes one dot column, so a plot of ``width`` cells shows
``2 * width`` samples; neighbours are joined by a line, a missing sample (None or NaN) is a gap.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

BLANK = "⠀"
NOBODY = -1
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_SPANS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)

Samples = Sequence[float | None]


class Canvas(NamedTuple):
    """A painted plot, top row first. ``owners`` says for each character which series it shows (NOBODY: empty)."""

    rows: tuple[str, ...]
    owners: tuple[tuple[int, ...], ...]


class Tick(NamedTuple):
    """A mark of an axis: ``at`` is the value (y axis) or the cell column (time axis)."""

    at: float
    label: str


def paint(series: Sequence[Samples], width: int, height: int, lo: float, hi: float) -> Canvas:
    """Paint every series into ``width`` x ``height`` cells, ``lo`` at the lowest dot and ``hi`` at the highest.

    A series shorter than ``2 * width`` stands at the right (its last sample is the newest), a longer one loses its
    oldest.
    Values outside are drawn at the border. Where two series share a cell, the later one gives its colour.
    """
    width, height = max(0, width), max(0, height)
    if not height:
        return Canvas((), ())
    bits = [[0] * width for _ in range(height)]
    owners = [[NOBODY] * width for _ in range(height)]
    for number, samples in enumerate(series):
        levels = _levels(samples, 2 * width, height * 4, lo, hi)
        for column, (low, high) in enumerate(_joined(levels)):
            if low < 0:
                continue
            cell, mask = column >> 1, _BITS[column & 1]
            for level in range(low, high + 1):
                row = height - 1 - (level >> 2)
                bits[row][cell] |= mask[3 - (level & 3)]
                owners[row][cell] = number
    rows = tuple("".join(map(_braille, row)) for row in bits)
    return Canvas(rows, tuple(tuple(row) for row in owners))


def _braille(bits: int) -> str:
    return chr(0x2800 + bits)


def _levels(samples: Samples, columns: int, dots: int, lo: float, hi: float) -> list[int]:
    """The dot row (0 = lowest) of each column, -1 for a gap."""
    levels = [-1] * columns
    shown = samples[-columns:] if columns else ()
    span = hi - lo
    start = columns - len(shown)
    for index, sample in enumerate(shown):
        if sample is None or sample != sample:
            continue
        part = (sample - lo) / span if span > 0 and math.isfinite(span) else 0.0
        if part != part:
            continue
        levels[start + index] = round(min(1.0, max(0.0, part)) * (dots - 1))
    return levels


def _joined(levels: Sequence[int]) -> list[tuple[int, int]]:
    """The lowest and highest dot of each column, so that steps between neighbours are closed half way."""
    spans: list[tuple[int, int]] = []
    for column, level in enumerate(levels):
        low = high = level
        if level >= 0:
            before = levels[column - 1] if column else -1
            after = levels[column + 1] if column + 1 < len(levels) else -1
            if before >= 0:
                edge = (before + level) // 2 + (1 if before < level else 0)
                low, high = min(low, edge), max(high, edge)
            if after >= 0:
                edge = (level + after) // 2 + (1 if after < level else 0)
                low, high = min(low, edge), max(high, edge)
        spans.append((low, high))
    return spans


def row_of(sample: float, height: int, lo: float, hi: float) -> int:
    """The cell row (0 = top) in which ``paint`` draws this value."""
    level = _levels([sample], 2, height * 4, lo, hi)[-1]
    return height - 1 - (max(0, level) >> 2)


def resample(times_ms: Sequence[int], values: Samples, columns: int, start_ms: int, end_ms: int) -> list[float | None]:
    """``columns`` samples spread evenly over start..end (both included): each the nearest one, or None."""
    if len(values) == columns:
        return list(values)
    if columns < 2 or end_ms <= start_ms or len(times_ms) != len(values) or not values:
        return [None] * columns
    step = (end_ms - start_ms) / (columns - 1)
    own = (times_ms[-1] - times_ms[0]) / (len(times_ms) - 1) if len(times_ms) > 1 else step
    reach = 0.75 * max(step, own)
    result: list[float | None] = []
    nearest = 0
    for column in range(columns):
        at = start_ms + column * step
        while nearest + 1 < len(times_ms) and abs(times_ms[nearest + 1] - at) <= abs(times_ms[nearest] - at):
            nearest += 1
        result.append(values[nearest] if abs(times_ms[nearest] - at) <= reach else None)
    return result


def round_step(span: float, parts: int) -> float:
    """The smallest of 1, 2, 5 x 10^n that cuts ``span`` into at most ``parts`` parts; 1.0 for no span."""
    if not math.isfinite(span) or span <= 0 or parts < 1:
        return 1.0
    raw = span / parts
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 1e-300 else 1e-300
    for factor in (1, 2, 5):
        if factor * power >= raw * (1 - 1e-9):
            return factor * power
    return 10 * power


def scale(values: Sequence[float | None], parts: int, *, top: float | None = None) -> tuple[float, tuple[float, ...]]:
    """The upper end of an axis that starts at 0, and its round ticks (0 and the end among them).

    ``top`` fixes the end (1.0 for fractions). Without any value the axis goes to 1.
    """
    peak = max((v for v in values if v is not None and math.isfinite(v)), default=0.0)
    end = top if top is not None else peak
    if not math.isfinite(end) or end <= 0:
        end = 1.0
    step = round_step(end, max(1, parts))
    steps = max(1, math.ceil(end / step - 1e-9))
    hi = end if top is not None else step * steps
    return hi, tuple(step * index for index in range(steps + 1) if step * index <= hi * (1 + 1e-9))


def time_ticks(start_ms: int, end_ms: int, width: int) -> tuple[Tick, ...]:
    """Round local times for an axis of ``width`` cells, as far apart as their labels need."""
    span_s = (end_ms - start_ms) / 1000
    if width < 8 or span_s <= 0:
        return ()
    offset = time.localtime(start_ms / 1000).tm_gmtoff
    for step in _SPANS_S:
        room = len("00:00:00" if step < 60 else "00:00") + 3
        if step / span_s * (width - 1) >= room:
            break
    else:
        return ()
    first = math.ceil((start_ms / 1000 + offset) / step) * step - offset
    ticks = []
    at = float(first)
    while at <= end_ms / 1000:
        pattern = "%H:%M:%S" if step < 60 else "%H:%M"
        column = (at * 1000 - start_ms) / (end_ms - start_ms) * (width - 1)
        ticks.append(Tick(round(column), time.strftime(pattern, time.localtime(at))))
        at += step
    return tuple(ticks)


def time_axis(start_ms: int, end_ms: int, width: int) -> str:
    """The labels of ``time_ticks`` on one line of exactly ``width`` characters, each centred below its moment."""
    line = [" "] * max(0, width)
    free = 0
    for tick in time_ticks(start_ms, end_ms, width):
        begin = min(max(0, int(tick.at) - len(tick.label) // 2), width - len(tick.label))
        if begin < free:
            continue
        line[begin : begin + len(tick.label)] = tick.label
        free = begin + len(tick.label) + 1
    return "".join(line)
