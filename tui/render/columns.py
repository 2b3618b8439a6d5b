"""The columns of the run table, and which of them a width has room for."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    key: str
    title: str
    least: int
    """Terminal cells, the gap to the next column included."""
    most: int
    keep: int
    """When room is short, the column with the lowest number goes first; 9 stays always."""
    right: bool = False


class Slot(NamedTuple):
    """A column as it is shown: ``width`` includes the gap of one cell to the next column."""

    key: str
    title: str
    width: int
    right: bool


COLUMNS: tuple[Column, ...] = (
    Column("mark", "", 2, 2, 9),
    Column("id", "ID", 13, 13, 2),
    Column("name", "Name", 11, 26, 9),
    Column("status", "Status", 17, 24, 9),
    Column("model", "Model", 11, 28, 6),
    Column("gpu", "GPU", 4, 8, 3),
    Column("rate", "tok/s", 7, 7, 8, True),
    Column("trend", "", 9, 13, 1),
    Column("load", "Run/Wait", 9, 9, 7, True),
    Column("kv", "KV", 7, 7, 5, True),
    Column("ttft", "TTFT p95", 9, 9, 4, True),
    Column("up", "Up", 8, 8, 8, True),
)
# Who gets the room that is left, a few cells at a time.
_GROW = ("name", "model", "status", "trend", "gpu")
SENTENCE = ("status", "model", "gpu", "rate", "trend", "load", "kv", "ttft")
"""The columns that the reason of a failed run runs across."""


def layout(width: int) -> tuple[Slot, ...]:
    """The columns for a table ``width`` cells wide: what does not fit goes, then the rest is shared out."""
    kept = list(COLUMNS)
    while sum(c.least for c in kept) > width and any(c.keep < 9 for c in kept):
        kept.remove(min(kept, key=lambda c: c.keep))
    widths = {c.key: c.least for c in kept}
    most = {c.key: c.most for c in kept}
    room = width - sum(widths.values())
    growing = [key for key in _GROW if key in widths]
    while room > 0 and growing:
        for key in tuple(growing):
            if widths[key] >= most[key]:
                growing.remove(key)
            elif room > 0:
                widths[key] += 1
                room -= 1
    return tuple(Slot(c.key, c.title, widths[c.key], c.right) for c in kept)
