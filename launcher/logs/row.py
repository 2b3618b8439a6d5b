"""One line of a log with its place in the file, and who gives such lines by number."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class LogRow(NamedTuple):
    """``start`` … ``end``: its bytes in the file, with the newline. ``raw``: its text with colour codes (they are for
    ``launcher.logs.ansi``), a bar at its last state, cut at 64 KB with a mark."""

    start: int
    end: int
    raw: str


class RowSource(Protocol):
    """What ``Rows`` does in one way or the other; see there."""

    @property
    def count(self) -> int:
        """Rows, partly estimated."""
        ...

    @property
    def complete(self) -> bool:
        """Nothing is estimated."""
        ...

    @property
    def scanned(self) -> float:
        """Part of the log, 0 … 1."""
        ...

    @property
    def matches(self) -> int:
        """Rows found for sure."""
        ...

    def refresh(self) -> bool:
        """Take up a growth."""
        ...

    def step(self, budget_s: float, near: int | None) -> bool:
        """Scan on."""
        ...

    def lines(self, row: int, n: int) -> list[LogRow]:
        """Rows from ``row`` on."""
        ...

    def row_at(self, offset: int) -> int:
        """The row at or behind a byte offset."""
        ...
