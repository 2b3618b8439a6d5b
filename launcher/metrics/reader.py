"""Follows one level of the store while it is written: blocks by an index, the open tail by its offset. Never locks."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from .block import BlockData
from .levels import Level, files_of
from .records import Event
from .schema import Schema
from .segment import BlockRef, Segment, load, load_schema
from .tail import Tail

_QUIET_POLLS = 3
"""After so many polls without anything new the folder is listed: a new writer may have begun a new tail."""

_SCHEMAS = 256
"""Places of schemas remembered; more only when series come and go all the time."""


class Piece:
    """The rows ``low`` to ``high`` of one block or tail."""

    __slots__ = ("_source", "high", "low", "schema")

    def __init__(self, source: BlockData | Tail, schema: Schema, low: int, high: int) -> None:
        self._source = source
        self.schema = schema
        self.low = low
        self.high = high

    @property
    def times(self) -> array[int]:
        """The times of the rows, in ms."""
        return self._source.times[self.low : self.high]

    @property
    def events(self) -> list[Event]:
        """All events of the block or tail."""
        return self._source.events

    def column(self, column: int) -> array[float]:
        """The values of a column in these rows, NaN where the series was not there."""
        if isinstance(self._source, Tail):
            return self._source.column(column, self.low, self.high)
        return self._source.column(column)[self.low : self.high]

    def cut(self, before_ms: int) -> None:
        """Leave out what is not before a time: a later piece begins there (the clock was set back)."""
        self.high = max(self.low, bisect_left(self._source.times, before_ms, self.low, self.high))


class Cache:
    """Blocks and schemas that were read lately; shared by the levels of one history."""

    def __init__(self, blocks: int = 80) -> None:  # a day of s10 is 72: with less it would be unpacked again each time
        self._limit = blocks
        self._blocks: dict[tuple[str, int], tuple[BlockData, Schema]] = {}
        self._schemas: dict[bytes, Schema] = {}
        self._located: dict[tuple[str, int], Schema] = {}
        self.damaged = 0
        """Blocks that could not be read."""

    def block(self, ref: BlockRef) -> tuple[BlockData, Schema] | None:
        """A block and its schema; None when it is damaged, or was dropped meanwhile."""
        key = (ref.path, ref.offset)
        found = self._blocks.pop(key, None)
        if found is None:
            try:
                found = (load(ref), self._schema(ref))
            except (OSError, ValueError):
                self.damaged += 1
                return None
            while len(self._blocks) >= self._limit:
                del self._blocks[next(iter(self._blocks))]
        self._blocks[key] = found  # the newest stands last
        return found

    def _schema(self, ref: BlockRef) -> Schema:
        key = (ref.path, ref.schema_offset)
        if len(self._located) > _SCHEMAS:
            self._located.clear()
            self._schemas.clear()
        if key not in self._located:
            payload, schema = load_schema(ref)
            self._located[key] = self._schemas.setdefault(payload, schema)
        return self._located[key]


class LevelReader:
    def __init__(self, folder: str, level: Level, cache: Cache) -> None:
        self.level = level
        self._folder = folder
        self._cache = cache
        self._segments: dict[str, Segment] = {}
        self._refs: list[BlockRef] = []
        self._tails: list[Tail] = []
        self._quiet = _QUIET_POLLS  # so that the first refresh lists the folder

    def refresh(self) -> bool:
        """Take in what was written since; whether there was anything new. Never raises."""
        polled = [tail.poll() for tail in self._tails]  # all of them, so no generator
        fresh = any(polled)
        self._quiet = 0 if fresh else self._quiet + 1
        if self._quiet >= _QUIET_POLLS or not self._tails or any(tail.sealed or tail.gone for tail in self._tails):
            self._quiet = 0
            fresh = self._list() or fresh
        return fresh

    def _list(self) -> bool:
        try:
            segments, tails = files_of(self._folder, self.level.name)
        except OSError:
            return False
        before = (len(self._refs), [tail.number for tail in self._tails])
        paths = [file.path for file in segments]
        known = self._segments
        self._segments = {path: known.get(path) or Segment(path) for path in paths}
        for path, segment in self._segments.items():
            if segment.complete:
                continue
            try:
                segment.poll()
                segment.complete = path != paths[-1]  # it had a successor when the folder was listed: nothing follows
            except OSError:
                pass  # dropped just now, or not to be read: the next listing tells
        self._refs = sorted(ref for segment in self._segments.values() for ref in segment.blocks)
        closed = {ref.number for ref in self._refs}
        open_tails = {tail.number: tail for tail in self._tails if not tail.gone}
        self._tails = [
            open_tails.get(file.number) or Tail(file.path, file.number) for file in tails if file.number not in closed
        ]
        polled = [tail.poll() for tail in self._tails]
        return any(polled) or before != (len(self._refs), [tail.number for tail in self._tails])

    @property
    def first_ms(self) -> int | None:
        """The oldest sample; None without any."""
        if self._refs:
            return self._refs[0].first_ms
        return next((tail.times[0] for tail in self._tails if tail.times), None)

    @property
    def last_ms(self) -> int | None:
        """The newest sample; None without any."""
        for tail in reversed(self._tails):
            if tail.times:
                return tail.times[-1]
        return self._refs[-1].last_ms if self._refs else None

    @property
    def tails(self) -> list[Tail]:
        """The open tails, oldest first; one, but for moments."""
        return self._tails

    def last_times(self, count: int) -> list[int]:
        """The newest times, in order: from the tails, and from the last block when they are too few."""
        times = [ms for tail in self._tails for ms in tail.times]
        if len(times) < count and self._refs:
            found = self._cache.block(self._refs[-1])
            times = (list(found[0].times) if found else []) + times
        return times[-count:]

    def pieces(self, start_ms: int, end_ms: int) -> list[Piece]:
        """What was sampled from ``start_ms`` to ``end_ms`` (both included), in order of writing; times rise."""
        found: list[Piece] = []
        for ref in self._refs:
            if ref.last_ms >= start_ms and ref.first_ms <= end_ms:
                block = self._cache.block(ref)
                if block is not None:
                    found.append(_between(*block, start_ms, end_ms))
        found += [_between(tail, tail.schema, start_ms, end_ms) for tail in self._tails]
        begins = end_ms + 1
        for piece in reversed(found):
            piece.cut(begins)
            if piece.low < piece.high:
                begins = piece.times[0]
        return [piece for piece in found if piece.low < piece.high or piece.events]


def _between(source: BlockData | Tail, schema: Schema, start_ms: int, end_ms: int) -> Piece:
    return Piece(source, schema, bisect_left(source.times, start_ms), bisect_right(source.times, end_ms))
