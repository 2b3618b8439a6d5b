"""The segments of one level: blocks go to the newest, the oldest is dropped when too much or too old."""

from __future__ import annotations

import os
from typing import NamedTuple

from . import records
from .faults import Faults
from .levels import Level, files_of, path_of
from .schema import Schema
from .segment import Segment


class _Old(NamedTuple):
    path: str
    size: int
    last_ms: int


class Retention:
    def __init__(self, folder: str, level: Level, faults: Faults) -> None:
        self._folder = folder
        self._level = level
        self._faults = faults
        self._old: list[_Old] = []
        self._numbers: set[int] = set()
        self._fd: int | None = None
        self._path = ""
        self._end = 0
        self._blocks = 0
        self._last_ms = 0
        self._schema: Schema | None = None
        self._schema_width = 0
        self._read()

    def _read(self) -> None:
        try:
            segments, _ = files_of(self._folder, self._level.name)
        except OSError as error:
            self._faults.note("list", error)
            return
        for file in segments:
            self._numbers.add(file.number)
            segment = Segment(file.path)
            try:
                segment.poll()
                size = os.stat(file.path).st_size
            except OSError as error:
                self._faults.note("read", error)
                continue
            if segment.foreign:
                continue
            self._numbers.update(ref.number for ref in segment.blocks)
            self._old.append(_Old(file.path, size, segment.blocks[-1].last_ms if segment.blocks else 0))

    @property
    def last_number(self) -> int:
        """The highest number of a block on the disk; -1 without any."""
        return max(self._numbers, default=-1)

    def has(self, number: int) -> bool:
        """Whether the block with this number is on the disk."""
        return number in self._numbers

    def append(self, number: int, last_ms: int, payload: bytes, schema: Schema) -> bool:
        """Write a block, and its schema in front when it is another one than before; False when it could not be."""
        if self._fd is not None and (self._blocks >= self._level.blocks or self._end > self._level.max_bytes // 8):
            self._finish()
        try:
            if self._fd is None:
                self._open(number)
            data = b""
            if schema is not self._schema or len(schema.series) != self._schema_width:
                data = records.pack(records.SCHEMA, schema.encode())
            assert self._fd is not None
            self._end = records.write_at(self._fd, data + records.pack(records.BLOCK, payload), self._end)
        except OSError as error:
            self._faults.note("write", error)
            self._cut()
            return False
        self._schema, self._schema_width = schema, len(schema.series)
        self._blocks += 1
        self._last_ms = last_ms
        self._numbers.add(number)
        return True

    def thin(self, now_ms: int) -> None:
        """Drop what is older or more than the level may keep. A reader that has it open notices and goes on without."""
        total = self._end + sum(old.size for old in self._old)
        while self._old:
            oldest = self._old[0]
            if total <= self._level.max_bytes and oldest.last_ms >= now_ms - self._level.max_age_s * 1000:
                return
            try:
                os.unlink(oldest.path)
            except FileNotFoundError:
                pass
            except OSError as error:
                self._faults.note("remove", error)
                return
            total -= oldest.size
            del self._old[0]

    def close(self) -> None:
        """Close the open segment; the next writer begins one of its own."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None

    def _open(self, number: int) -> None:
        path = path_of(self._folder, self._level.name, number, "seg")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._end = records.write_at(fd, records.MAGIC, 0)
        except OSError:
            os.close(fd)
            raise
        self._fd, self._path, self._blocks, self._schema = fd, path, 0, None

    def _finish(self) -> None:
        self._old.append(_Old(self._path, self._end, self._last_ms))
        self.close()

    def _cut(self) -> None:
        """Take half-written bytes away; when even that fails, leave the segment as it is and begin another."""
        if self._fd is None:
            return
        try:
            os.ftruncate(self._fd, self._end)
        except OSError:
            self._finish()
