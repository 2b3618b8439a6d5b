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
    def count(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def scanned(self) -> float: ...
    @property
    def matches(self) -> int: ...
    @property
    def shift(self) -> int: ...
    def refresh(self) -> bool: ...
    def step(self, budget_s: float, near: int | None) -> bool: ...
    def lines(self, row: int, n: int) -> list[LogRow]: ...
    def row_at(self, offset: int) -> int: ...
