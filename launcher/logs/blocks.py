"""A log cut into blocks of about the same size, at line boundaries, without an index.

Block ``k`` holds the lines that start in its share of the file, bytes ``k * size`` … ``(k + 1) * size``. So it is known
where to read before anything else was read. Memory: 8 bytes a block.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

from launcher.logs.map import LogMap
from launcher.logs.tidy import LINE_BYTES

_SLACK = 4096
_STRIDE = 1024 * 1024


class Block(NamedTuple):
    """``start`` … ``end``: its lines in the file. ``data``: these bytes; of a last line that is longer than 64 KB and
    goes beyond the block the beginning, and when it is a bar its last state, then a newline."""

    start: int
    end: int
    data: bytes


class Blocks:
    """The blocks of one log as far as its last complete line. Made anew after a new beginning of the log."""

    def __init__(self, log: LogMap, size: int) -> None:
        self.log = log
        self.size = size
        self.generation = log.generation
        self.end: int | None = None
        """Behind the last newline of the file; None while it is not found yet."""
        self._looked = self._low = log.size
        self._starts = array("q")  # by block: where its first line starts, or one behind it; -1: not known

    @property
    def stale(self) -> bool:
        """The log has begun anew: all this is about another file."""
        return self.log.generation != self.generation

    def __len__(self) -> int:
        return -(-(self.end or 0) // self.size)

    def advance(self) -> bool:
        """Find the end, going back from the end of the file by at most 1 MB. True: found, or nothing to be found."""
        if self.end is not None:
            return True
        low = max(0, self._low - _STRIDE)
        newline = self.log.read(low, self._low).rfind(b"\n")
        self._low = low
        if newline >= 0 or low == 0:
            self._set_end(low + newline + 1)
        return self.end is not None

    def grow(self) -> None:
        """Take up what the log has grown by since (``log.size``)."""
        size, low = self.log.size, self._looked
        self._looked = size
        newest = size
        while newest > low:
            start = max(low, newest - _STRIDE)
            newline = self.log.read(start, newest).rfind(b"\n")
            if newline >= 0:
                self._set_end(start + newline + 1)
                return
            newest = start

    def _set_end(self, end: int) -> None:
        self.end = end
        missing = len(self) - len(self._starts)
        self._starts.extend([-1] * missing)

    def read(self, number: int, since: int = 0) -> Block:
        """Block ``number`` (below the length), of its lines those from offset ``since`` (a line's start)."""
        limit = self.end or 0  # another thread may let it grow
        border = (number + 1) * self.size
        first = max(0, number * self.size - 1, since - 1)
        stop = min(border + _SLACK, limit)
        data = self.log.read(first, stop)
        start = since if since > first else self._first_start(number, first, data, limit)
        if start >= min(border, limit) or not data:
            return Block(start, start, b"")
        data = data[start - first :] if start > first else data
        end = self._last_end(number, start, data, limit)
        if end <= stop:
            return Block(start, end, data[: end - start])
        return Block(start, end, self._with_long_line(data, start, end))

    def first_start(self, number: int) -> int:
        """Where the first line of block ``number`` starts; at its border or beyond when it has none."""
        if number == 0 or self._starts[number] >= 0:
            return 0 if number == 0 else self._starts[number]
        first = number * self.size - 1
        limit = self.end or 0
        return self._first_start(number, first, self.log.read(first, min(first + _SLACK, limit)), limit)

    def _first_start(self, number: int, first: int, data: bytes, limit: int) -> int:
        """Where the first line starts, in the block or behind it. ``data``: the file from ``first`` on."""
        if number == 0:
            return 0
        if self._starts[number] < 0:
            newline = data.find(b"\n")
            found = first + newline + 1 if newline >= 0 else self._search(number, first + len(data), limit)
            self._note(number, found)
            return found
        return self._starts[number]

    def _last_end(self, number: int, start: int, data: bytes, limit: int) -> int:
        """The end of the last line that starts in the block. ``data``: the file from ``start`` on."""
        border = (number + 1) * self.size
        if border >= limit:
            return limit
        newline = data.find(b"\n", border - 1 - start)
        if newline < 0:
            return self._search(number + 1, start + len(data), limit)
        self._note(number + 1, start + newline + 1)
        return start + newline + 1

    def _search(self, number: int, place: int, limit: int) -> int:
        """Behind the first newline at or after ``place``. No line starts between block ``number``'s share and there.

        Every block on the way is told, so that a line of any length is gone through once.
        """
        found = limit
        for block in range(max(number, place // self.size), -(-limit // self.size)):
            if block < len(self._starts) and self._starts[block] > place:
                found = self._starts[block]
                break
            data = self.log.read(place, min((block + 1) * self.size, limit))
            newline = data.find(b"\n")
            if newline >= 0:
                found = place + newline + 1
                break
            place += len(data)
        for block in range(number, found // self.size + 1):
            self._note(block, found)
        return found

    def _note(self, number: int, start: int) -> None:
        if number < len(self._starts) and number * self.size <= start:
            self._starts[number] = start

    def _with_long_line(self, data: bytes, start: int, end: int) -> bytes:
        """The lines, the last of which goes on beyond what was read."""
        place = data.rfind(b"\n") + 1
        line = data[place:]
        if end - start - place <= 2 * LINE_BYTES:
            return data[:place] + self.log.read(start + place, end)
        line = (line + self.log.read(start + len(data), start + place + LINE_BYTES + 1))[: LINE_BYTES + 1]
        if b"\r" in line:  # a bar: its beginning has the prefix, its end the last state
            tail = self.log.read(end - LINE_BYTES, end - 1)
            line = line[: line.find(b"\r")] + b"\r" + tail[tail.find(b"\r") + 1 :]
        return data[:place] + line + b"\n"
