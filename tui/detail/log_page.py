"""Which lines of a log stand on which lines of the screen. Pure: it asks a ``Lines`` for log lines and knows no widget.

A place in a log is the byte offset of a line and a part of it, never a row number: numbers of a file that is not read
through are estimates, and change. Row numbers are only for the scrollbar and the status line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

PARTIAL = 1 << 62
"""The offset of the line that is still being written: behind all others."""

COPIED = 10_000
"""The most lines that are copied at a time: a terminal takes no more through its clipboard sequence."""


class Line(Protocol):
    """One log line: its bytes ``start`` to ``end`` in the file, and its text."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    @property
    def raw(self) -> str: ...


class Lines(Protocol):
    """The lines that are shown, by number (launcher.logs.rows.Rows)."""

    @property
    def count(self) -> int: ...

    @property
    def partial(self) -> str: ...

    def line(self, row: int, /) -> Line | None:
        """The line of a row; None when there is none."""
        ...

    def lines(self, row: int, n: int, /) -> Sequence[Line]:
        """The lines of ``n`` rows, of one moment."""
        ...

    def row_at(self, offset: int, /) -> int:
        """The row at or behind a byte offset; ``count`` when there is none."""
        ...


class Tail(NamedTuple):
    """The line that is still being written."""

    raw: str
    start: int = PARTIAL
    end: int = PARTIAL


class Place(NamedTuple):
    """``part``: 0, or which of the screen lines of a log line (wrapped, or with marks below)."""

    offset: int
    part: int = 0


class Cell(NamedTuple):
    """What one line of the screen shows: a part of a log line."""

    line: Line
    part: int


class Pager:
    """Walks over the lines by lines of the screen. ``height_of``: how many of them a log line takes (at least 1); None:
    one each, which makes long ways short."""

    def __init__(self, lines: Lines, height_of: Callable[[Line], int] | None = None) -> None:
        self._lines = lines
        self._even = height_of is None
        self._height_of = height_of or (lambda line: 1)

    @property
    def total(self) -> int:
        """Rows, the unfinished line counted."""
        return self._lines.count + bool(self._lines.partial)

    def _line(self, row: int) -> Line | None:
        """The line of a row. A row that is there may have no line for a moment, while another thread takes up what the
        file has more: without a second look the reader would be taken to the end."""
        for _ in range(5):
            found = self._lines.line(row)
            if found is not None or row >= self._lines.count:
                return found
        return None

    def at(self, offset: int) -> tuple[int, Line] | None:
        """The line at or behind an offset and its row; the last one when there is none behind; None: no line at all."""
        lines = self._lines
        if offset < PARTIAL:
            row = lines.row_at(offset)
            found = self._line(row)
            if found is not None:
                return row, found
        if lines.partial:
            return lines.count, Tail(lines.partial)
        last = lines.count - 1
        found = lines.line(last) if last >= 0 else None
        return (last, found) if found is not None else None

    def behind(self, line: Line) -> Line | None:
        """The line after this one."""
        if line.start >= PARTIAL:
            return None
        found = self._lines.line(self._lines.row_at(line.end))
        if found is not None and found.start > line.start:
            return found
        return Tail(self._lines.partial) if self._lines.partial else None

    def before(self, line: Line) -> Line | None:
        """The line before this one."""
        row = self._lines.count if line.start >= PARTIAL else self._lines.row_at(line.start)
        for _ in range(3):  # looking at a line may turn an estimate into a number: then its row is another one
            found = self._lines.line(row - 1) if row > 0 else None
            if found is None or found.end <= line.start:
                return found
            row = self._lines.row_at(line.start)
        return None

    def fill(self, place: Place, height: int) -> list[Cell]:
        """What stands on ``height`` lines of the screen from a place on; fewer where the log ends."""
        return list(self._cells(place, height))

    def _cells(self, place: Place, height: int) -> Iterator[Cell]:
        for line in self._following(place.offset, height):
            tall = self._height_of(line)
            part = min(place.part, tall - 1) if line.start == place.offset else 0
            for each in range(part, tall):
                yield Cell(line, each)
                height -= 1
                if height <= 0:
                    return

    def _following(self, offset: int, count: int) -> Iterator[Line]:
        """The line at or behind an offset (else the last one) and those behind it."""
        found = self.at(offset)
        if found is None:
            return
        row, first = found
        if first.start < PARTIAL:
            lines = self._lines.lines(row, count)
            if not lines or lines[0].start != first.start:  # an estimate became exact in between
                lines = self._lines.lines(self._lines.row_at(first.start), count)
            yield from lines
        if self._lines.partial:
            yield Tail(self._lines.partial)

    def between(self, first: int, last: int, limit: int = COPIED) -> Iterator[Line]:
        """The lines that start at ``first`` (or hold it) to ``last``, at most ``limit`` of them."""
        found = self.at(first)
        row = found[0] if found is not None else 0
        left = limit
        while left > 0 and (lines := self._lines.lines(row, min(left, 1000))):
            for line in lines:
                if line.start > last:
                    return
                yield line
            row += len(lines)
            left -= len(lines)
        if left > 0 and last >= PARTIAL and self._lines.partial:
            yield Tail(self._lines.partial)

    def moved(self, place: Place, by: int) -> Place:
        """The place ``by`` lines of the screen further down (negative: up), as far as there are lines."""
        found = self.at(place.offset)
        if found is None:
            return place
        if self._even:
            return Place(self.offset_of(found[0] + by))
        line = found[1]
        part = place.part if line.start == place.offset else 0
        part = min(part, self._height_of(line) - 1) + by
        while part < 0:
            above = self.before(line)
            if above is None:
                return Place(line.start)
            line = above
            part += self._height_of(line)
        while (tall := self._height_of(line)) <= part:
            below = self.behind(line)
            if below is None:
                return Place(line.start, tall - 1)
            line, part = below, part - tall
        return Place(line.start, part)

    def offset_of(self, row: int) -> int:
        """Where the line of a row starts; of the nearest row when there is none such."""
        row = max(0, min(row, self.total - 1))
        found = self._line(row)
        if found is not None:
            return found.start
        last = self.at(PARTIAL)
        return last[1].start if last is not None else 0

    def end(self, height: int) -> Place:
        """The place from which the last line just fits into ``height``."""
        found = self.at(PARTIAL)
        if found is None:
            return Place(0)
        line = found[1]
        return self.moved(Place(line.start, self._height_of(line) - 1), 1 - height)
