"""An open tail: samples as they come, each only with the values that changed. Here it is read.

SCHEMA  Schema.encode(); more of them when new series come (only the new ones)
SAMPLE  <q ms> <I count> <B wide> columns (uint16, or uint32 when wide) values (double); NaN: the series went away
EVENT   records.pack_events
SEAL    <q unused>; nothing follows, the next tail has the next number
"""

from __future__ import annotations

import struct
from array import array
from typing import Final

from . import records
from .records import Event
from .schema import Schema

SAMPLE_HEAD: Final = struct.Struct("<qIB")
_CHUNK: Final = 4 * 1024 * 1024


def pack_sample(ms: int, columns: list[int], values: list[float]) -> bytes:
    """One SAMPLE record."""
    wide = bool(columns) and columns[-1] > 0xFFFF
    head = SAMPLE_HEAD.pack(ms, len(columns), wide)
    indices: array[int] = array("I" if wide else "H", columns)
    payload = head + records.to_bytes(indices) + records.to_bytes(array("d", values))
    return records.pack(records.SAMPLE, payload)


class Tail:
    """What a tail holds so far; ``poll`` reads what was added. A row may be short: series came later."""

    def __init__(self, path: str, number: int) -> None:
        self.path = path
        self.number = number
        self.schema = Schema()
        self.times: array[int] = array("q")
        self.rows: list[array[float]] = []
        self.changed: set[int] = set()
        self.events: list[Event] = []
        self.sealed = False
        self.gone = False
        """The file is no more: its samples are in a block by now, or were dropped."""
        self.foreign = False
        """Another program, or another version, wrote it."""
        self._offset = 0

    def poll(self) -> bool:
        """Read what was added; whether there was anything. What cannot be read now is left for the next poll."""
        if self.sealed or self.gone:
            return False
        fresh = False
        while True:
            try:
                data = records.read_at(self.path, self._offset, _CHUNK)
            except FileNotFoundError:
                self.gone = True
                return fresh
            except OSError:
                return fresh
            start = 0
            if self._offset == 0:
                magic = data[: len(records.MAGIC)]
                self.foreign = magic != records.MAGIC[: len(magic)]
                if self.foreign or len(magic) < len(records.MAGIC):
                    return fresh
                start = len(records.MAGIC)
            end = start
            for record in records.scan(data, start):
                self._take(record)
                end = record.end
                fresh = True
            self._offset += end
            if end == 0 or len(data) < _CHUNK:
                return fresh

    def _take(self, record: records.Record) -> None:
        try:
            if record.kind == records.SAMPLE:
                self._sample(record.payload)
            elif record.kind == records.SCHEMA:
                self.schema.extend(record.payload)
            elif record.kind == records.EVENT:
                self.events += records.unpack_events(record.payload)[0]
            elif record.kind == records.SEAL:
                self.sealed = True
        except (ValueError, IndexError, struct.error):
            pass  # whole, and yet not as it should be: another version wrote it

    def _sample(self, payload: bytes) -> None:
        ms, count, wide = SAMPLE_HEAD.unpack_from(payload)
        split = SAMPLE_HEAD.size + count * (4 if wide else 2)
        columns = records.integers("I" if wide else "H", payload[SAMPLE_HEAD.size : split])
        values = records.doubles(payload[split:])
        width = len(self.schema.series)
        if (self.times and ms <= self.times[-1]) or len(values) != count or (count and max(columns) >= width):
            return
        row = self.rows[-1][:] if self.rows else array("d")
        if len(row) < width:
            row.extend([float("nan")] * (width - len(row)))
        for column, value in zip(columns, values):
            row[column] = value
        if self.rows:
            self.changed.update(columns)
        self.times.append(ms)
        self.rows.append(row)

    def column(self, column: int, low: int, high: int) -> array[float]:
        """The values of a column in some rows, NaN where the series was not there."""
        rows = self.rows[low:high]
        try:
            return array("d", [row[column] for row in rows])
        except IndexError:
            nan = float("nan")
            return array("d", [row[column] if column < len(row) else nan for row in rows])


def padded(rows: list[array[float]], width: int) -> list[array[float]]:
    """Rows of one length: NaN where a series had not come yet."""
    nan = float("nan")
    return [row if len(row) == width else row + array("d", [nan] * (width - len(row))) for row in rows]
