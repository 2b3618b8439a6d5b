"""Of each process of a log the first error, with the lines of its record and of its traceback: where to look first."""

from __future__ import annotations

import time
from bisect import bisect_right
from itertools import accumulate

from launcher.logs.blocks import Block, Blocks
from launcher.logs.kinds import Hints
from launcher.logs.lens import Lens
from launcher.logs.lines import LogLine, parse
from launcher.logs.map import LogMap
from launcher.logs.pattern import Matcher
from launcher.logs.row import LogRow
from launcher.logs.sieve import Sieve
from launcher.logs.tidy import LINE_BYTES, shown, tidy

_BLOCK_BYTES = 256 * 1024
_MOST_LINES = 400
"""Of one error. A longer one is no traceback."""
_PATIENCE = 2000
"""After so many lines of others the error of a process is over."""
_BAD = ("ERROR", "CRITICAL")
_LEVELS = Hints(Lens(levels=frozenset(_BAD)))
_TRACEBACK = Matcher(r"Traceback \(most", False)
_NO_LINE = 1 << 62
_CHAIN = ("During handling of the above exception", "The above exception was the direct cause")

Key = tuple[str | None, int | None]


class FirstErrors:
    """Feed it every line of a log, in order: it says which belong to a first error."""

    def __init__(self) -> None:
        self.open: dict[Key, _Error] = {}
        self._seen: set[Key] = set()

    def feed(self, line: str) -> bool:
        """Whether the line belongs to the first error of its process. (A process that was restarted has another.)"""
        found = parse(line)
        key = found.process, found.pid
        if found.level is not None and found.process is None:
            key = None, None  # a raw line tells no pid: those with one (torch) are of nobody as well
        self._tire(key)
        error = self.open.get(key)
        if error is not None:
            if error.goes_on(found):
                return True
            del self.open[key]
        if key in self._seen or not is_error(found):
            return False
        self._seen.add(key)
        self.open[key] = _Error(found)
        return True

    def _tire(self, key: Key) -> None:
        for other in [other for other, error in self.open.items() if other != key and error.others >= _PATIENCE]:
            del self.open[other]
        for other, error in self.open.items():
            error.others = 0 if other == key else error.others + 1


class _Error:
    """The error of one process while its lines come."""

    def __init__(self, first: LogLine) -> None:
        self.others = 0
        self._lines = 1
        self._source = first.source
        self._raw = first.level is None
        self._ended = False  # the line of the exception itself has come

    def goes_on(self, line: LogLine) -> bool:
        self._lines += 1
        if self._lines > _MOST_LINES:
            return False
        if line.level is not None:
            return not self._raw and line.level in _BAD and line.source == self._source
        text = line.message
        if not self._raw:  # what the web server says is followed by a bare traceback
            self._raw = text.startswith(("Traceback ", " ", "\t"))
            return self._raw
        if text.startswith("Traceback "):
            self._ended = False
            return True
        if self._ended:
            return not text.strip() or text[0].isspace() or text.startswith(_CHAIN)  # what the exception goes on to say
        self._ended = bool(text.strip()) and not text[0].isspace()
        return True


def is_error(line: LogLine) -> bool:
    """Whether a line begins an error: by its level, or a bare traceback."""
    if line.level is None:
        return line.message.startswith("Traceback (most recent call last)")
    return line.level in _BAD


class FirstErrorRows:
    """The rows of a lens with ``first_errors``. Found from the beginning of the log on, so nothing ever moves."""

    def __init__(self, log: LogMap, lens: Lens) -> None:
        self._log = log
        self._sieve = Sieve(lens)
        self._errors = FirstErrors()
        self._blocks = Blocks(log, _BLOCK_BYTES)
        self._to = 0  # how far the log was read: a line's start
        self._rows: list[tuple[int, int]] = []

    @property
    def count(self) -> int:
        return len(self._rows)

    matches = count

    @property
    def complete(self) -> bool:
        return self._blocks.end is not None and self._to >= self._blocks.end

    @property
    def scanned(self) -> float:
        return min(1.0, self._to / self._blocks.end) if self._blocks.end else float(self.complete)

    def refresh(self) -> bool:
        """Take up a growth."""
        end = self._blocks.end
        self._blocks.grow()
        return self.step(0.0, None) if self._blocks.end != end else False

    def step(self, budget_s: float, near: int | None) -> bool:
        """Scan on for so many seconds."""
        deadline = time.perf_counter() + budget_s
        before = len(self._rows)
        while not self.complete:
            if self._blocks.advance() and not self.complete:
                self._scan()
            if time.perf_counter() >= deadline:
                break
        return len(self._rows) > before or self.complete

    def _scan(self) -> None:
        block = self._blocks.read(self._to // _BLOCK_BYTES, self._to)
        if block.data:
            self._rows += self._found(block)
        self._to = block.end if block.data else self._blocks.end or 0  # cut short this moment: the next refresh tells

    def _found(self, block: Block) -> list[tuple[int, int]]:
        data = tidy(block.data)
        hints = _hints(data)
        if not hints and not self._errors.open:
            return []
        lines = data.split(b"\n")
        ends = list(accumulate(len(line) + 1 for line in block.data.split(b"\n")))
        found: list[tuple[int, int]] = []
        number = -1
        while (number := _following(hints, number, bool(self._errors.open))) < len(lines) - 1:
            if self._errors.feed(lines[number].decode("utf-8", "replace")):
                start = ends[number - 1] if number else 0
                end = block.end if number == len(lines) - 2 else block.start + ends[number]
                if self._sieve.accepts(block.data[start : ends[number] - 1]):
                    found.append((block.start + start, end))
        return found

    def lines(self, row: int, n: int) -> list[LogRow]:
        """``n`` rows from ``row`` on."""
        if row < 0:
            return []
        return [self._row(start, end) for start, end in self._rows[row : row + n]]

    def _row(self, start: int, end: int) -> LogRow:
        data = self._log.read(start, min(end - 1, start + 2 * LINE_BYTES))
        return LogRow(start, end, shown(data, end - start - 1))

    def row_at(self, offset: int) -> int:
        """The row whose line holds a byte offset, else the next one."""
        rows = self._rows
        place = bisect_right(rows, (offset, 1 << 62))
        return place - 1 if place and rows[place - 1][1] > offset else place


def _hints(data: bytes) -> list[int]:
    """The numbers of the lines that may begin an error."""
    return sorted({*_LEVELS.numbers(data), *_TRACEBACK.lines(data)})


def _following(hints: list[int], number: int, every: bool) -> int:
    """The line to look at behind ``number``: the next one, or the next hint; far behind the end when there is none."""
    if every:
        return number + 1
    place = bisect_right(hints, number)
    return hints[place] if place < len(hints) else _NO_LINE
