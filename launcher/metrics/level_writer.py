"""Writes one level of the store. Never blocks long, never raises on a full disk, and can be killed at any byte.

A sample goes straight to the tail. When the tail has the rows of a block, it is sealed, the next tail begins, and the
block is built from memory in slices of a millisecond or two (``work``), appended to the segment, and only then the old
tail is removed. So a sample is in a tail, in a block, or in both; a reader that finds both takes the block.

A writer never appends to a file of a writer before it: what it finds, it closes into blocks of its own (``recover``).
"""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Generator

from . import block, records
from .faults import Faults
from .levels import Level, files_of, path_of
from .records import Event
from .retention import Retention
from .schema import Schema
from .tail import Tail, pack_sample, padded

_BACKLOG = 8
"""Blocks kept in memory while they cannot be written (disk full); a busy block weighs about 20 kB."""

_TAIL_BYTES = 1_000_000
"""A larger tail is closed early: a page of thousands of series must fill neither the disk nor the memory."""


class LevelWriter:
    def __init__(self, folder: str, level: Level, faults: Faults) -> None:
        self._folder = folder
        self._level = level
        self._faults = faults
        self._segments = Retention(folder, level, faults)
        self._number = 0
        self._fd: int | None = None
        self._end = 0
        self._written: array[float] | None = None  # the row that readers of the tail have; None: write the next whole
        self._schema_written = 0
        self._rows: list[array[float]] = []
        self._times: list[int] = []
        self._changed: set[int] = set()
        self._events: list[Event] = []
        self._held: tuple[int, array[float], Schema] | None = None
        self._schema = Schema()
        self._jobs: list[Generator[None, None, None]] = []
        self._stuck = False  # no space for a block: one try a call of ``work`` is enough
        self._recover()

    def add(self, ms: int, row: array[float], schema: Schema) -> None:
        """Take one sample; times rise. ``row`` is not changed afterwards by the caller."""
        cell = self._level.cell_ms
        if not cell:
            self._commit(ms, row, schema)
            return
        if self._held is not None and self._held[0] // cell != ms // cell:
            self._commit(*self._held)
        self._held = (ms, row, schema)

    def event(self, event: Event) -> None:
        """Note an event; what this level still held back of the samples before is written first."""
        self._flush_held()
        self._events.append(event)
        self._append(records.pack(records.EVENT, records.pack_events([event])))

    def work(self, until: float) -> None:
        """Go on with closing blocks until ``time.perf_counter()`` says ``until``, or nothing is left."""
        self._stuck = False
        while self._jobs and not self._stuck and time.perf_counter() < until:
            try:
                next(self._jobs[0])
            except StopIteration:
                del self._jobs[0]

    def roll(self) -> None:
        """Close the block now: the clock or the schema begins anew."""
        self._flush_held()
        if self._rows or self._events:
            self._seal()

    def close(self) -> None:
        """Write what is held back and finish the closing of blocks. The tail stays: the next writer closes it."""
        self._flush_held()
        self.work(float("inf"))
        self._drop_tail_fd()
        self._segments.close()

    def _flush_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._commit(*held)

    def _commit(self, ms: int, row: array[float], schema: Schema) -> None:
        if self._times and not block.steps_fit(self._times[-1], ms):
            self._seal()
        self._schema = schema
        before = self._rows[-1] if self._rows else row
        width = len(schema.series)
        if len(before) < width:
            self._changed.update(range(len(before), width))
        self._changed.update(_differences(before, row))
        self._rows.append(row)
        self._times.append(ms)
        self._write_sample(ms, row)
        if len(self._rows) >= self._level.rows or self._end > _TAIL_BYTES:
            self._seal()

    def _write_sample(self, ms: int, row: array[float]) -> None:
        if self._fd is None and not self._open_tail():
            return
        data = b""
        if len(self._schema.series) > self._schema_written:
            data = records.pack(records.SCHEMA, self._schema.encode(self._schema_written))
        if self._written is None:
            columns = [column for column, value in enumerate(row) if value == value]
        else:
            columns = _differences(self._written, row)
            columns += [c for c in range(len(self._written), len(row)) if row[c] == row[c]]
        data += pack_sample(ms, columns, [row[column] for column in columns])
        if self._append(data):
            self._written = row
            self._schema_written = len(self._schema.series)

    def _open_tail(self) -> bool:
        path = path_of(self._folder, self._level.name, self._number, "tail")
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._faults.note("open", error)
            return False
        self._end = 0
        self._written = None
        self._schema_written = 0
        head = records.MAGIC
        if self._events:
            head += records.pack(records.EVENT, records.pack_events(self._events))
        if not self._append(head):
            self._drop_tail_fd()
            return False
        return True

    def _append(self, data: bytes) -> bool:
        if self._fd is None:
            return False
        try:
            self._end = records.write_at(self._fd, data, self._end)
        except OSError as error:
            self._faults.note("write", error)
            try:
                os.ftruncate(self._fd, self._end)
            except OSError:
                pass  # what is left behind the end fails the CRC, and the next record overwrites it
            return False
        return True

    def _drop_tail_fd(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None

    def _seal(self) -> None:
        """Close the tail and hand its samples to a job; the next sample opens the next tail."""
        self._append(records.pack(records.SEAL, bytes(8)))
        self._drop_tail_fd()
        if self._rows:
            rows = padded(self._rows, len(self._schema.series))
            build = block.encode(self._number, self._times, rows, self._changed, self._events)
            if len(self._jobs) < _BACKLOG:
                self._jobs.append(self._close_block(build, self._schema, self._times[-1], self._number))
        self._rows, self._times, self._changed, self._events = [], [], set(), []
        self._number += 1

    def _close_block(
        self, build: Generator[None, None, bytes], schema: Schema, last_ms: int, number: int
    ) -> Generator[None, None, None]:
        payload = yield from build
        while not self._segments.append(number, last_ms, payload, schema):
            if len(self._jobs) >= _BACKLOG:
                return  # its tail stays on the disk, and readers take that
            self._stuck = True
            yield
        self._unlink(path_of(self._folder, self._level.name, number, "tail"))
        yield
        self._segments.thin(last_ms)

    def _recover(self) -> None:
        """Close what writers before left; then numbers go on behind theirs."""
        try:
            _, tails = files_of(self._folder, self._level.name)
        except OSError as error:
            self._faults.note("list", error)
            tails = []
        self._number = 1 + max([self._segments.last_number, *(tail.number for tail in tails)])
        for file in tails:
            tail = Tail(file.path, file.number)
            tail.poll()
            if tail.foreign:
                continue
            if tail.rows and not self._segments.has(file.number):
                rows = padded(tail.rows, len(tail.schema.series))
                build = block.encode(file.number, tail.times, rows, tail.changed, tail.events)
                self._jobs.append(self._close_block(build, tail.schema, tail.times[-1], file.number))
            else:
                self._unlink(file.path)

    def _unlink(self, path: str) -> None:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._faults.note("remove", error)


def _differences(before: array[float], row: array[float]) -> list[int]:
    """The columns that both rows have and whose values differ (NaN equals NaN)."""
    return [column for column, (old, new) in enumerate(zip(before, row)) if old != new and (old == old or new == new)]
