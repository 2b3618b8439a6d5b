"""The shown lines of a log by number, at any size: of each block only how many there are is kept.

A block that was not looked at yet is taken to hold as many as the others on average, so that the end of a log is there
at once; what is above an exact place moves as the estimates become exact.
"""

from __future__ import annotations

import threading
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from itertools import accumulate
from typing import NamedTuple

from launcher.logs.blocks import Block, Blocks
from launcher.logs.lens import Lens
from launcher.logs.map import LogMap
from launcher.logs.row import LogRow
from launcher.logs.sieve import Sieve
from launcher.logs.tidy import shown

BLOCK_BYTES = 256 * 1024
_CACHED = 8
_READS = 2
"""So many blocks that nobody counted yet are read for one ``lines``: it is for painting."""
_FIRST = 4
"""Blocks that are counted at once for a first row: the last ones may have none."""
_AT_ONCE = 16
"""Blocks that a growth is counted of at once; what is more is left to ``step``."""


class _Page(NamedTuple):
    """The shown lines of one block: where each starts and ends in ``data``."""

    block: Block
    starts: list[int]
    ends: list[int]

    def row(self, index: int) -> LogRow:
        start, end = self.starts[index], self.ends[index]
        first, stop = self.block.start + start, self.stop(index)
        return LogRow(first, stop, shown(self.block.data[start : end - 1], stop - first - 1))

    def stop(self, index: int) -> int:
        """Where a line ends in the file. The last one may have been cut."""
        end = self.ends[index]
        return self.block.end if end >= len(self.block.data) else self.block.start + end


class BlockRows:
    """The lines that a lens shows (but for ``first_errors``)."""

    def __init__(self, log: LogMap, lens: Lens) -> None:
        self._sieve = Sieve(lens)
        self._blocks = Blocks(log, BLOCK_BYTES)
        self._counts = array("l")  # by block; -1: not counted
        self._known = bytearray()  # by block: 1 when it is counted
        self._unknown = 0
        self._matches = 0
        self._bytes = 0  # of the blocks that are counted
        self._counted_to = 0  # how far the last block is counted
        self._before: list[int] | None = None  # by block: the rows above it; made anew when asked for
        self._pages: OrderedDict[int, _Page] = OrderedDict()
        self._epoch = 0
        self._lock = threading.RLock()  # of all the above; never held while reading or matching
        self._work = threading.Lock()  # one thread steps or refreshes
        for _ in range(_AT_ONCE):
            if self._blocks.advance():
                break
        for _ in range(_FIRST):
            self.step(0.0, None)
            if self._matches:
                break

    @property
    def count(self) -> int:
        with self._lock:
            return self._table()[-1]

    @property
    def complete(self) -> bool:
        return self._blocks.end is not None and self._unknown == 0

    @property
    def scanned(self) -> float:
        if self._blocks.end is None:
            return 0.0
        return 1.0 - self._unknown / max(1, len(self._counts))

    @property
    def matches(self) -> int:
        return self._matches

    # -- counting

    def refresh(self) -> bool:
        """Take up what the log has grown by."""
        with self._work:
            blocks = self._blocks
            before = blocks.end
            with self._lock:
                self._epoch += 1
                blocks.grow()
                if blocks.end is None or blocks.end == before:
                    return False
                tail = len(self._counts) - 1
                since = self._counted_to if tail >= 0 and self._counts[tail] >= 0 else None
                self._extend()
                self._pages.pop(tail, None)
            if since is not None:
                more = blocks.read(tail, since)
                self._add(tail, more, self._sieve.count(more.data))
            for _ in range(_AT_ONCE):
                if not self._count_one(len(self._counts) - 1, since=tail + 1):
                    break
            return True

    def step(self, budget_s: float, near: int | None) -> bool:
        """Count blocks for so many seconds, at least one."""
        deadline = time.perf_counter() + budget_s
        changed = False
        with self._work:
            while True:
                if self._blocks.advance():
                    self._extend()
                    if not self._count_one(self._place(near)):
                        return changed
                    changed = True
                if time.perf_counter() >= deadline:
                    return changed

    def _place(self, near: int | None) -> int:
        """The block around which to go on: the last and the first one come before all others."""
        last = len(self._counts) - 1
        if near is None or last < 0 or self._counts[last] < 0:
            return last
        if self._counts[0] < 0:
            return 0
        with self._lock:
            return min(last, max(0, bisect_right(self._table(), near) - 1))

    def _count_one(self, place: int, since: int = 0) -> bool:
        """Count the block nearest to ``place`` (and not before ``since``) that is not counted; False: there is none."""
        number = self._nearest(place, since)
        if number is None:
            return False
        epoch = self._epoch
        block = self._blocks.read(number)
        self._store(number, block, self._sieve.count(block.data), epoch)
        return True

    def _nearest(self, place: int, since: int) -> int | None:
        if self._unknown == 0:
            return None
        below = self._known.rfind(0, since, place + 1)
        above = self._known.find(0, max(since, place + 1))
        if below < 0 or (above >= 0 and above - place < place - below):
            return above if above >= 0 else None
        return below

    def _extend(self) -> None:
        with self._lock:
            missing = len(self._blocks) - len(self._counts)
            if missing > 0:
                self._counts.extend([-1] * missing)
                self._known.extend(bytes(missing))
                self._unknown += missing
                self._before = None

    def _store(self, number: int, block: Block, count: int, epoch: int) -> None:
        with self._lock:
            if epoch != self._epoch or self._counts[number] >= 0:
                return
            self._counts[number] = 0
            self._known[number] = 1
            self._unknown -= 1
            self._add(number, block, count)

    def _add(self, number: int, block: Block, count: int) -> None:
        with self._lock:
            self._counts[number] += count
            self._matches += count
            self._bytes += block.end - block.start
            if number == len(self._counts) - 1:
                self._counted_to = block.end
            self._before = None

    def _table(self) -> list[int]:
        """By block the rows above it, and at the end all."""
        if self._before is None:
            counts = self._counts
            if self._unknown == 0:
                self._before = [0, *accumulate(counts)]
            else:
                guess = self._matches / self._bytes * BLOCK_BYTES if self._bytes else 0.0
                sums = accumulate(count if count >= 0 else guess for count in counts)
                self._before = [0, *map(int, sums)]
        return self._before

    # -- looking

    def lines(self, row: int, n: int) -> list[LogRow]:
        """``n`` lines from ``row`` on, fewer at the end and where too much is not counted yet."""
        with self._lock:
            table = self._table()
            total = len(self._counts)
        if not 0 <= row < table[-1] or self._blocks.stale:
            return []
        number = bisect_right(table, row) - 1
        index = row - table[number]
        found: list[LogRow] = []
        reads = 0
        while len(found) < n and number < total and reads <= _READS:
            if self._counts[number] != 0:
                reads += self._counts[number] < 0
                page = self._page(number)
                stop = min(len(page.starts), index + n - len(found))
                found += [page.row(place) for place in range(index, stop)]
            index = 0
            number += 1
        return found

    def row_at(self, offset: int) -> int:
        """The row whose line holds a byte offset, else the next one."""
        if not len(self._counts) or offset >= (self._blocks.end or 0):
            return self.count
        number = max(0, offset) // BLOCK_BYTES
        while number > 0 and self._blocks.first_start(number) > offset:
            number -= 1  # the line began in an earlier block
        page = self._page(number)
        place = offset - page.block.start
        index = bisect_left(page.ends, place + 1)
        if index and index == len(page.ends) and page.stop(index - 1) > offset:
            index -= 1
        with self._lock:
            table = self._table()
            return min(table[number] + index, table[-1])

    def _page(self, number: int) -> _Page:
        with self._lock:
            page = self._pages.get(number)
            if page is not None:
                self._pages.move_to_end(number)
                return page
            epoch = self._epoch
        block = self._blocks.read(number)
        page = _page(block, self._sieve)
        self._store(number, block, len(page.starts), epoch)
        with self._lock:
            if epoch == self._epoch:
                self._pages[number] = page
                while len(self._pages) > _CACHED:
                    self._pages.popitem(last=False)
        return page


def _page(block: Block, sieve: Sieve) -> _Page:
    lengths = [len(line) + 1 for line in block.data.split(b"\n")]
    lengths.pop()
    ends = list(accumulate(lengths))
    starts = [0, *ends[:-1]] if ends else []
    if not sieve.plain:
        numbers = sieve.numbers(block.data)
        starts, ends = [starts[number] for number in numbers], [ends[number] for number in numbers]
    return _Page(block, starts, ends)
