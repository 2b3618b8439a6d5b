"""The levels of the store: every sample for a day, then ever thinner. And the names of the files.

A level has one open ``.tail`` (samples one by one) and some ``.seg`` files (closed blocks). The sizes add up to less
than 25 MB, whatever the server writes: ``max_bytes`` drops a level's oldest segment earlier than ``max_age_s`` would.
"""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple


class Level(NamedTuple):
    name: str
    cell_ms: int
    """At most one sample for each cell of this length is kept (the last one of the cell); 0: all."""
    rows: int
    """Samples in a block."""
    blocks: int
    """Blocks in a segment; a segment is what retention drops."""
    max_bytes: int
    max_age_s: int


LEVELS: Final = (
    Level("raw", 0, 120, 30, 15_000_000, 26 * 3600),
    Level("s10", 10_000, 120, 12, 5_000_000, 8 * 86_400),
    Level("s60", 60_000, 120, 6, 3_000_000, 62 * 86_400),
)

_NAME = re.compile(r"(?P<level>[a-z0-9]+)-(?P<number>\d{10})\.(?P<kind>tail|seg)")


class StoreFile(NamedTuple):
    number: int
    """Of a tail: its block number. Of a segment: the number of its first block."""
    path: str


def path_of(folder: str, level: str, number: int, kind: str) -> str:
    """A file of the store; ``kind`` is tail or seg."""
    return os.path.join(folder, f"{level}-{number:010d}.{kind}")


def files_of(folder: str, level: str) -> tuple[list[StoreFile], list[StoreFile]]:
    """(segments, tails) of a level, oldest first; nothing when there is no folder. Raises OSError for other reasons."""
    found: dict[str, list[StoreFile]] = {"seg": [], "tail": []}
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        names = []
    for name in sorted(names):
        match = _NAME.fullmatch(name)
        if match and match["level"] == level:
            found[match["kind"]].append(StoreFile(int(match["number"]), os.path.join(folder, name)))
    return found["seg"], found["tail"]
