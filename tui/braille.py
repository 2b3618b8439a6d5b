"""Lines as braille dots. Pure functions: the Chart widget only colours what they return.

A cell of the terminal holds 2 x 4 dots. Every sample takes one dot column, so a plot of ``width`` cells shows
``2 * width`` samples; neighbours are joined by a line, a missing sample (None or NaN) is a gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

BLANK = "⠀"
NOBODY = -1
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
LINE = (0x47, 0xB8)
"""All dots of the left and of the right column of a cell."""
DOTTED = (0x05, 0x28)
"""Every second of them."""

Samples = Sequence[float | None]


class Canvas(NamedTuple):
    """A painted plot, top row first. ``owners`` says for each character which series it shows (NOBODY: empty)."""

    rows: tuple[str, ...]
    owners: tuple[tuple[int, ...], ...]


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


def with_bits(character: str, bits: int) -> str:
    """A braille character (or a blank) with more dots; any other character is left alone."""
    code = 0x2800 if character == " " else ord(character)
    return chr(code | bits) if 0x2800 <= code <= 0x28FF else character


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
    return dot_of(sample, height, lo, hi)[0]


def dot_of(sample: float, height: int, lo: float, hi: float) -> tuple[int, int]:
    """The cell row (0 = top) of this value, and the bits of one dot at its height at the left of the cell."""
    level = max(0, _levels([sample], 2, height * 4, lo, hi)[-1])
    return height - 1 - (level >> 2), _BITS[0][3 - (level & 3)]


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
