"""Records in a file that only grows; a reader stops before the first record that is not whole.

Every file begins with MAGIC. A record is ``<I length of the payload> <I CRC-32 of kind and payload> <B kind> payload``,
little endian as all numbers of the store. What a SIGKILL, a full disk or a crash of the machine cut off fails the CRC.
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

MAGIC: Final = b"VDECKM1\n"
HEADER: Final = struct.Struct("<IIB")
MAX_PAYLOAD: Final = 64 * 1024 * 1024

SCHEMA: Final = 1
SAMPLE: Final = 2
EVENT: Final = 3
SEAL: Final = 4
BLOCK: Final = 5


class Record(NamedTuple):
    kind: int
    payload: bytes
    end: int
    """Offset behind the record."""


class Event(NamedTuple):
    """Something at a time: ``gap`` (scrapes fail from here on), ``restart``, ``ready``, ``benchmark``, …"""

    ms: int
    kind: str


def pack(kind: int, payload: bytes) -> bytes:
    """One record as bytes."""
    return HEADER.pack(len(payload), zlib.crc32(payload, kind), kind) + payload


def scan(data: bytes, offset: int = 0) -> Iterator[Record]:
    """The whole records of ``data`` from ``offset`` on; ends before the first that is cut off or damaged."""
    while True:
        start = offset + HEADER.size
        if start > len(data):
            return
        length, crc, kind = HEADER.unpack_from(data, offset)
        payload = data[start : start + length]
        if length > MAX_PAYLOAD or len(payload) < length or zlib.crc32(payload, kind) != crc:
            return
        offset = start + length
        yield Record(kind, payload, offset)


def read_at(path: str, offset: int, size: int) -> bytes:
    """Up to ``size`` bytes. Raises OSError. Opens the file anew: a shared file system then shows what is newest."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(fd, size, offset)
    finally:
        os.close(fd)


def write_at(fd: int, data: bytes, offset: int) -> int:
    """Write all of ``data`` at ``offset``; the offset behind it. Raises OSError: then none of it counts as written."""
    view = memoryview(data)
    while view:
        count = os.pwrite(fd, view, offset)
        view = view[count:]
        offset += count
    return offset


def to_bytes(values: array[int] | array[float]) -> bytes:
    """The array as little endian bytes."""
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def doubles(data: bytes) -> array[float]:
    """Little endian doubles."""
    values = array("d", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def integers(code: str, data: bytes) -> array[int]:
    """Little endian integers of an array type code (``b h i q H I``)."""
    values: array[int] = array(code, data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def pack_events(events: list[Event]) -> bytes:
    """Events as bytes, for the head of a block and for records of their own."""
    parts = [struct.pack("<I", len(events))]
    for ms, kind in events:
        text = kind.encode()[:255]
        parts.append(struct.pack("<qB", ms, len(text)) + text)
    return b"".join(parts)


def unpack_events(data: bytes, offset: int = 0) -> tuple[list[Event], int]:
    """The events at ``offset``, and the offset behind them. Raises struct.error when they are cut off."""
    (count,) = struct.unpack_from("<I", data, offset)
    offset += 4
    events: list[Event] = []
    for _ in range(count):
        ms, length = struct.unpack_from("<qB", data, offset)
        offset += 9
        events.append(Event(ms, data[offset : offset + length].decode("utf-8", "replace")))
        offset += length
    return events, offset
