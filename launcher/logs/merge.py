"""Several logs as one, in the order of time. ``merged`` is pure; ``MergedLog`` reads the ends of the files and follows.

Times have seconds: within one, lines stand in the order of the logs. A line without a time stays behind the line before
it of its own log. What was once put in order is not moved again: a line that is written late comes late.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from launcher.logs import times
from launcher.logs.lines import parse
from launcher.logs.map import Change, LogMap
from launcher.logs.tail import LogFile

LIMIT = 20_000
"""Lines of all logs together. A third more may pile up before the oldest are dropped."""

_NEVER = float("-inf")


class Piece(NamedTuple):
    """A line and whose it is; ``at``: seconds since the epoch, that of the line before where it has none itself."""

    at: float
    owner: int
    line: str


def merged(batches: Sequence[Sequence[str]], last: list[float], *, near: float) -> list[Piece]:
    """The lines of all ``batches`` (one for each log) in the order of time.

    ``last`` holds the newest time of each log so far and is brought up to date; ``near`` (seconds since the epoch)
    tells the year. The order of one log is never changed: a line older than the one before counts as equally old.
    """
    return list(heapq.merge(*(_timed(owner, lines, last, near) for owner, lines in enumerate(batches)), key=_when))


def _when(piece: Piece) -> float:
    return piece.at


def _timed(owner: int, lines: Sequence[str], last: list[float], near: float) -> Iterator[Piece]:
    known: dict[str, float | None] = {}
    early: list[str] = []  # lines before the first time of this log: they stand right before it
    for line in lines:
        text = parse(line).time_text
        if text is not None and text not in known:
            known[text] = times.epoch(text, near=near)
        at = known[text] if text is not None else None
        if at is not None and at > last[owner]:
            last[owner] = at
        if last[owner] == _NEVER:
            early.append(line)
            continue
        yield from (Piece(last[owner], owner, each) for each in early)
        early = []
        yield Piece(last[owner], owner, line)
    yield from (Piece(_NEVER, owner, each) for each in early)


class MergedLog(LogMap):
    """The newest lines of several logs as one log in memory, by byte offsets like any other.

    ``refresh`` reads what the files have more; when too many lines have piled up the oldest are dropped: then it says
    ``restarted``, and ``dropped`` by how many bytes all offsets are smaller now (None: the files began anew).
    """

    def __init__(self, paths: Sequence[str], *, near: float, limit: int = LIMIT) -> None:
        self._files = [LogFile(path) for path in paths]
        self._limit = limit
        self._near = near
        self._last = [_NEVER] * len(self._files)
        self._body = bytearray()
        self._starts: list[int] = []
        self._owners: list[int] = []
        self._times: list[float] = []
        self.path = ""
        self.size = 0
        self.generation = 0
        self.dropped: int | None = None
        share = max(1, limit // max(1, len(self._files)))
        self._add([file.last(share) for file in self._files])

    def owner(self, offset: int) -> int:
        """The number of the log whose line stands at an offset."""
        return self._owners[max(0, bisect_right(self._starts, offset) - 1)] if self._owners else 0

    def offset_since(self, epoch: float) -> int:
        """Where the first line at or after a time starts; ``size`` when all are earlier."""
        ends = _NEVER
        for start, at in zip(self._starts, self._times, strict=True):
            ends = max(ends, at)
            if ends >= epoch:
                return start
        return self.size

    def refresh(self) -> Change:
        """Read what came since the last time."""
        fresh = [file.poll() for file in self._files]
        if not any(fresh):
            return "same"
        self._add(fresh)
        if len(self._starts) <= self._limit + self._limit // 3:
            return "grown"
        self._drop(len(self._starts) - self._limit)
        self.generation += 1
        return "restarted"

    def read(self, start: int, stop: int) -> bytes:
        """The bytes ``start`` … ``stop``, fewer at the end."""
        return bytes(self._body[max(0, start) : max(0, stop)])

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()

    def fileno(self) -> int | None:
        """There is no single file."""
        return None

    def _add(self, batches: Sequence[Sequence[str]]) -> None:
        size = len(self._body)
        for piece in merged(batches, self._last, near=self._near):
            data = piece.line.replace("\n", " ").encode("utf-8", "replace") + b"\n"
            self._body += data
            self._starts.append(size)
            self._owners.append(piece.owner)
            self._times.append(piece.at)
            size += len(data)
        self.size = size

    def _drop(self, count: int) -> None:
        cut = self.dropped = self._starts[count]
        self._body = self._body[cut:]
        self._starts = [start - cut for start in self._starts[count:]]
        del self._owners[:count], self._times[:count]
        self.size = len(self._body)
