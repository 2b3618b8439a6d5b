"""The lines of a log that a lens shows, addressed from 0: what a screen scrolls through.

One worker thread calls ``refresh`` and ``step``, the thread of the screen everything else. A place is best kept as the
byte offset of a line (``LogRow.start``): after a change ``row_at`` says which row it is now.
"""

from __future__ import annotations

from launcher.logs.block_rows import BlockRows
from launcher.logs.first_errors import FirstErrorRows
from launcher.logs.lens import Lens
from launcher.logs.map import LogMap
from launcher.logs.row import LogRow, RowSource
from launcher.logs.tidy import LINE_BYTES, shown

__all__ = ["LogRow", "Rows"]
_PLAIN = Lens()


class Rows:
    """Opened at the end of the log at once: the last lines are exact, what is above them is estimated until scanned."""

    def __init__(self, log: LogMap, lens: Lens = _PLAIN) -> None:
        self.log = log
        self.lens = lens
        self._begin()

    def _begin(self) -> None:
        self._generation = self.log.generation
        self._source: RowSource = (FirstErrorRows if self.lens.first_errors else BlockRows)(self.log, self.lens)

    @property
    def count(self) -> int:
        """How many rows there are; partly estimated until ``complete``."""
        return self._source.count

    @property
    def complete(self) -> bool:
        """Whether the whole log was scanned."""
        return self._source.complete

    @property
    def scanned(self) -> float:
        """Which part of the log was scanned, 0 … 1."""
        return self._source.scanned

    @property
    def matches(self) -> int:
        """How many rows were found for sure so far."""
        return self._source.matches

    @property
    def partial(self) -> str:
        """The unfinished last line, as far as it has come; of a long one the end is what counts when it is a bar."""
        size = self.log.size
        start = max(0, size - 2 * LINE_BYTES)
        data = self.log.read(start, size)
        newline = data.rfind(b"\n")
        if newline < 0 and start > 0 and b"\r" not in data:
            return f"{shown(data[:LINE_BYTES], LINE_BYTES)} …"
        tail = data[newline + 1 :]
        return shown(tail, len(tail))

    def refresh(self) -> bool:
        """Take up what ``LogMap.refresh`` has found: growth costs only the growth. True when something changed."""
        if self.log.generation != self._generation:
            self._begin()
            return True
        return self._source.refresh()

    def step(self, budget_s: float = 0.01, near: int | None = None) -> bool:
        """Scan some more for about so many seconds: both ends first, then around row ``near`` (else upwards from the
        end). True when something changed."""
        return self._source.step(budget_s, near)

    def line(self, row: int) -> LogRow | None:
        """One row; None when there is no such one (or it was but estimated)."""
        found = self._source.lines(row, 1)
        return found[0] if found else None

    def lines(self, row: int, n: int) -> list[LogRow]:
        """``n`` rows from ``row`` on, consistent with each other while another thread scans; fewer at the end."""
        return self._source.lines(row, n)

    def row_at(self, offset: int) -> int:
        """The row whose line holds the byte offset, else the first one behind it; ``count`` when there is none."""
        return self._source.row_at(offset)
