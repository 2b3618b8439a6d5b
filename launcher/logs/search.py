"""Looking for a pattern in a log of any size, by pieces of a millisecond or so: to be shown, resumed and given up."""

from __future__ import annotations

import time
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

from launcher.logs.blocks import Block, Blocks
from launcher.logs.first_errors import FirstErrorRows
from launcher.logs.lens import Lens
from launcher.logs.map import LogMap
from launcher.logs.pattern import Matcher
from launcher.logs.sieve import Sieve
from launcher.logs.tidy import tidy

BLOCK_BYTES = 256 * 1024
"""Larger ones are slower: the memory of each is given back to the system and asked for anew."""


class Hit(NamedTuple):
    """A line that holds the pattern. ``start`` … ``end``: the first match in the file's bytes; the whole line where the
    text is not the bytes (colours, bars, no ASCII)."""

    start: int
    end: int
    line_start: int


class Pending:
    """The answer is not found yet: ask again with the same arguments."""


PENDING = Pending()


class Search:
    """A hit is a line, as grep counts them: one that the lens shows and that holds the pattern.

    Not from two threads at a time. A pattern with a problem (``pattern.problem``) is nowhere.
    """

    def __init__(self, log: LogMap, lens: Lens, pattern: str, ignore_case: bool | None = None) -> None:
        self.log = log
        self.lens = lens
        self._matcher = Matcher(pattern, ignore_case)
        self._sieve = Sieve(lens, self._matcher)
        self._begin()

    @property
    def problem(self) -> str | None:
        """What is wrong with the pattern."""
        return self._matcher.problem

    @property
    def skipped(self) -> bool:
        """There are lines that were not searched, because it would have taken too long."""
        return self._matcher.skipped > 0

    @property
    def progress(self) -> float:
        """Which part of the log ``count_step`` has counted, 0 … 1."""
        end = self._blocks.end
        return 0.0 if end is None else min(1.0, self._counted_to / end) if end else 1.0

    def _begin(self) -> None:
        self._blocks = Blocks(self.log, BLOCK_BYTES)
        self._errors = FirstErrorRows(self.log, self.lens) if self.lens.first_errors else None
        self._job: tuple[int, bool] | None = None
        self._place = 0
        self._count = self._counted_to = 0

    def _ready(self) -> bool:
        """Take up a growth or a new beginning. False: the end of the log is not found yet."""
        if self._blocks.stale:
            self._begin()
        self._blocks.grow()
        if self._errors is not None:
            self._errors.refresh()
        return self._blocks.advance()

    # -- the next hit

    def next(self, offset: int, budget_s: float = 0.01) -> Hit | Pending | None:
        """The first hit whose line starts at or behind ``offset``."""
        return self.find(offset, False, budget_s)

    def previous(self, offset: int, budget_s: float = 0.01) -> Hit | Pending | None:
        """The last hit whose line starts before ``offset``."""
        return self.find(offset, True, budget_s)

    def find(self, offset: int, backwards: bool = False, budget_s: float = 0.01) -> Hit | Pending | None:
        """``PENDING`` when the budget (seconds) is used up: the same call goes on. None: there is no such line."""
        deadline = time.perf_counter() + budget_s
        while not self._ready():
            if time.perf_counter() >= deadline:
                return PENDING
        if self._errors is not None:
            return self._find_error(offset, backwards, deadline)
        if self._job != (offset, backwards):
            self._job = (offset, backwards)
            last = (self._blocks.end or 0) - 1
            self._place = max(0, min(offset - 1, last) if backwards else offset) // BLOCK_BYTES
        step = -1 if backwards else 1
        while 0 <= self._place < len(self._blocks):
            hit = self._in_block(self._blocks.read(self._place), offset, backwards)
            if hit is not None:
                self._job = None
                return hit
            self._place += step
            if time.perf_counter() >= deadline:
                return PENDING
        self._job = None
        return None

    def _in_block(self, block: Block, offset: int, backwards: bool) -> Hit | None:
        if not block.data or (backwards and block.start >= offset):
            return None
        numbers = self._sieve.numbers(block.data)
        if not numbers:
            return None
        ends = list(accumulate(len(line) + 1 for line in block.data.split(b"\n")))
        starts = [0, *ends[:-1]]
        place = bisect_left(numbers, True, key=lambda number: block.start + starts[number] >= offset)
        if backwards:
            place -= 1
        if not 0 <= place < len(numbers):
            return None
        number = numbers[place]
        start, end = starts[number], ends[number] - 1
        return self._hit(block.start + start, block.data[start:end])

    def _hit(self, start: int, line: bytes) -> Hit:
        bare = tidy(line + b"\n")[:-1]
        where = self._matcher.where(bare)
        if where is None or bare != line[: len(bare)]:
            where = 0, len(line)
        return Hit(start + where[0], start + where[1], start)

    def _find_error(self, offset: int, backwards: bool, deadline: float) -> Hit | Pending | None:
        assert self._errors is not None
        while not self._errors.complete:
            self._errors.step(0.0, None)
            if time.perf_counter() >= deadline:
                return PENDING
        rows = self._errors.lines(0, self._errors.count)
        for row in reversed(rows) if backwards else rows:
            if (row.start < offset) is backwards:
                line = self.log.read(row.start, row.end - 1)
                if self._sieve.accepts(line):
                    return self._hit(row.start, line)
        return None

    # -- all hits

    def count_step(self, budget_s: float = 0.01) -> tuple[int, bool]:
        """Count on for so many seconds: the hits so far, and whether the present log is counted to its end."""
        deadline = time.perf_counter() + budget_s
        while not self._ready():
            if time.perf_counter() >= deadline:
                return self._count, False
        if self._errors is not None:
            return self._count_errors(deadline)
        end = self._blocks.end or 0
        while self._counted_to < end:
            block = self._blocks.read(self._counted_to // BLOCK_BYTES, self._counted_to)
            if not block.data:  # cut short this moment: the next refresh tells
                break
            self._count += self._sieve.count(block.data)
            self._counted_to = block.end
            if time.perf_counter() >= deadline:
                break
        return self._count, self._counted_to >= end

    def _count_errors(self, deadline: float) -> tuple[int, bool]:
        assert self._errors is not None
        while not self._errors.complete:
            self._errors.step(0.0, None)
            if time.perf_counter() >= deadline:
                return 0, False
        rows = self._errors.lines(0, self._errors.count)
        self._counted_to = self._blocks.end or 0
        return sum(self._sieve.accepts(self.log.read(row.start, row.end - 1)) for row in rows), True
