"""A closed block: some minutes of samples, column by column, compressed. Pure: bytes to numbers and back, exactly.

Payload of a BLOCK record: ``<Q number> <q first ms> <q last ms> <I rows> <I columns>``, then zlib of: the events; the
steps between the times (int32); one byte for each column that says how it is stored; the first value of each column
(double); then for each column what its kind says, byte planes apart (all low bytes first, …), which packs better:

    CONSTANT  nothing: the first value all along (NaN: the series was not there)
    1 2 4 8   whole numbers: differences from row to row, in that many bytes
    SAME      the differences of the last column stored as whole numbers (the upper buckets of a histogram, mostly)
    BITS      doubles: differences of their 64 bits taken as integers
    RAW       doubles as they are (a NaN among them: the series came or went)
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Generator, Sequence
from itertools import accumulate
from operator import sub
from typing import Final

from .records import Event, doubles, integers, pack_events, to_bytes, unpack_events

META: Final = struct.Struct("<QqqII")

_CONSTANT: Final = 0
_SAME: Final = 16
_BITS: Final = 17
_RAW: Final = 18
_CODES: Final = {1: "b", 2: "h", 4: "i", 8: "q"}
_EXACT: Final = 2.0**53
_COLUMNS_A_STEP: Final = 12
_STEP_MAX: Final = 2**31 - 1


def encode(
    number: int,
    times: Sequence[int],
    rows: Sequence[array[float]],
    changed: set[int],
    events: list[Event],
) -> Generator[None, None, bytes]:
    """Build a block in small steps (each yield: about half a millisecond of work); returns the payload.

    All rows have the same length; ``changed`` names the columns that are not constant. Times rise.
    """
    width = len(rows[0])
    kinds = bytearray(width)
    parts: list[bytes] = []
    last: array[int] | None = None
    for done, column in enumerate(sorted(changed)):
        if done % _COLUMNS_A_STEP == 0:
            yield
        values = array("d", [row[column] for row in rows])
        steps = _whole_steps(values)
        if steps is None:
            kinds[column], data = _float_column(values)
            parts.append(data)
        elif last is not None and steps == last:
            kinds[column] = _SAME
        else:
            last = steps
            kinds[column] = steps.itemsize
            parts.append(_planes(to_bytes(steps), steps.itemsize))
    packer = zlib.compressobj(6)
    head = pack_events(events) + to_bytes(array("i", map(sub, times[1:], times))) + bytes(kinds)
    packed = [packer.compress(head + _planes(to_bytes(rows[0]), 8))]
    for index in range(0, len(parts), _COLUMNS_A_STEP):
        yield
        packed.append(packer.compress(b"".join(parts[index : index + _COLUMNS_A_STEP])))
    yield
    packed.append(packer.flush())
    return META.pack(number, times[0], times[-1], len(rows), width) + b"".join(packed)


def steps_fit(previous_ms: int, ms: int) -> bool:
    """Whether two times may stand next to each other in one block (less than 24 days apart)."""
    return 0 < ms - previous_ms <= _STEP_MAX


def _whole_steps(values: array[float]) -> array[int] | None:
    """The differences, in the smallest integers that hold them; None when not all values are whole and below 2**53."""
    if not all(map(float.is_integer, values)) or max(values) > _EXACT or min(values) < -_EXACT:
        return None
    whole = list(map(int, values))
    steps = list(map(sub, whole[1:], whole))
    low, high = min(steps, default=0), max(steps, default=0)
    for code, bits in (("b", 7), ("h", 15), ("i", 31)):
        if -(1 << bits) <= low and high < 1 << bits:
            return array(code, steps)
    return array("q", steps)


def _float_column(values: array[float]) -> tuple[int, bytes]:
    if any(value != value for value in values):
        return _RAW, _planes(to_bytes(values), 8)
    bits = array("q", values.tobytes())
    try:
        return _BITS, _planes(to_bytes(array("q", map(sub, bits[1:], bits))), 8)
    except OverflowError:  # the sign changed
        return _RAW, _planes(to_bytes(values), 8)


def _planes(data: bytes, size: int) -> bytes:
    return data if size == 1 else b"".join(data[index::size] for index in range(size))


def _unplanes(data: bytes, size: int) -> bytes:
    if size == 1:
        return data
    count = len(data) // size
    result = bytearray(len(data))
    for index in range(size):
        result[index::size] = data[index * count : (index + 1) * count]
    return bytes(result)


class BlockData:
    """An unpacked block. Columns are read when they are asked for, and then kept."""

    __slots__ = ("_body", "_cache", "_firsts", "_kinds", "_offsets", "_rows", "events", "times")

    def __init__(self, payload: bytes) -> None:
        """Raises ValueError when the payload is damaged."""
        try:
            _, first_ms, _, self._rows, width = META.unpack_from(payload)
            body = zlib.decompress(payload[META.size :])
            self.events, offset = unpack_events(body)
            steps = integers("i", body[offset : offset + 4 * (self._rows - 1)])
            offset += 4 * (self._rows - 1)
            self.times = array("q", accumulate(steps, initial=first_ms))
            self._kinds = body[offset : offset + width]
            offset += width
            self._firsts = doubles(_unplanes(body[offset : offset + 8 * width], 8))
            offset += 8 * width
        except (struct.error, zlib.error) as error:
            raise ValueError(f"a damaged block: {error}") from None
        self._body = body
        self._offsets: list[int] = []  # where the data of each column begin; SAME: those of the column it repeats
        self._cache: dict[int, array[float]] = {}
        self._find(offset)
        if len(self._firsts) != width:
            raise ValueError("a damaged block: too short")

    def _find(self, offset: int) -> None:
        shared, width = offset, 0
        kinds = bytearray(self._kinds)
        for column, kind in enumerate(self._kinds):
            if kind == _SAME:
                self._offsets.append(shared)
                kinds[column] = width
                continue
            self._offsets.append(offset)
            if kind in _CODES:
                shared, width = offset, kind
                offset += kind * (self._rows - 1)
            elif kind == _BITS:
                offset += 8 * (self._rows - 1)
            elif kind == _RAW:
                offset += 8 * self._rows
        self._kinds = bytes(kinds)
        if offset > len(self._body):
            raise ValueError("a damaged block: too short")

    def _constant(self, column: int) -> bool:
        return column >= len(self._kinds) or self._kinds[column] == _CONSTANT

    def column(self, column: int) -> array[float]:
        """The values of a column, NaN where the series was not there. Not to be changed by the caller."""
        cached = self._cache.get(column)
        if cached is None:
            cached = self._cache[column] = self._decoded(column)
        return cached

    def _decoded(self, column: int) -> array[float]:
        rows = self._rows
        if self._constant(column):
            first = self._firsts[column] if column < len(self._firsts) else float("nan")
            return array("d", [first] * rows)
        kind, offset, first = self._kinds[column], self._offsets[column], self._firsts[column]
        if kind == _RAW:
            return doubles(_unplanes(self._body[offset : offset + 8 * rows], 8))
        if kind == _BITS:
            steps = integers("q", _unplanes(self._body[offset : offset + 8 * (rows - 1)], 8))
            (start,) = struct.unpack("<q", struct.pack("<d", first))
            values = array("d")
            values.frombytes(array("q", accumulate(steps, initial=start)).tobytes())
            return values
        if kind not in _CODES:
            raise ValueError("a damaged block: unknown kind of column")
        data = _unplanes(self._body[offset : offset + kind * (rows - 1)], kind)
        return array("d", accumulate(integers(_CODES[kind], data), initial=int(first)))
