"""A segment: closed blocks one after the other, and the schema in front of the first block that needs it."""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from . import records
from .block import META, BlockData
from .schema import Schema


class BlockRef(NamedTuple):
    """Where a block lies, and what time it covers."""

    number: int
    first_ms: int
    last_ms: int
    path: str
    offset: int
    """Of its record in the file."""
    schema_offset: int
    """Of the record of its schema in the same file."""


class Segment:
    """The index of one segment file: reads only the heads of the records, and only those it has not seen yet."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.blocks: list[BlockRef] = []
        self.complete = False
        """Set by who knows that nothing will be added."""
        self.foreign = False
        """Another program, or another version, wrote it."""
        self._offset = len(records.MAGIC)
        self._schema_offset = 0

    def poll(self) -> None:
        """Look for new blocks. Raises OSError when the file cannot be read (it may have been dropped)."""
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(fd).st_size
            magic = os.pread(fd, len(records.MAGIC), 0)
            self.foreign = magic != records.MAGIC[: len(magic)]
            if self.foreign or size <= self._offset:
                return
            while self._step(fd, size):
                pass
        finally:
            os.close(fd)

    def _step(self, fd: int, size: int) -> bool:
        head = os.pread(fd, records.HEADER.size + META.size, self._offset)
        if len(head) < records.HEADER.size:
            return False
        length, _, kind = records.HEADER.unpack_from(head)
        end = self._offset + records.HEADER.size + length
        if end > size or kind not in (records.SCHEMA, records.BLOCK):
            return False
        if kind == records.SCHEMA:
            self._schema_offset = self._offset
        elif length >= META.size:
            number, first_ms, last_ms, _, _ = META.unpack_from(head, records.HEADER.size)
            self.blocks.append(BlockRef(number, first_ms, last_ms, self.path, self._offset, self._schema_offset))
        self._offset = end
        return True

    @property
    def end(self) -> int:
        """The offset behind the last whole record."""
        return self._offset


def load(ref: BlockRef) -> BlockData:
    """Read and unpack a block. Raises OSError or ValueError (damaged)."""
    return BlockData(_payload(ref.path, ref.offset, records.BLOCK))


def load_schema(ref: BlockRef) -> tuple[bytes, Schema]:
    """The schema of a block, and its bytes. Raises OSError or ValueError (damaged)."""
    payload = _payload(ref.path, ref.schema_offset, records.SCHEMA)
    schema = Schema()
    schema.extend(payload)
    return payload, schema


def _payload(path: str, offset: int, kind: int) -> bytes:
    head = records.read_at(path, offset, records.HEADER.size)
    try:
        length, _, found = records.HEADER.unpack(head)
    except struct.error:
        raise ValueError("cut off") from None
    if found != kind or length > records.MAX_PAYLOAD:
        raise ValueError("not the record that the index says")
    for record in records.scan(records.read_at(path, offset, records.HEADER.size + length)):
        return record.payload
    raise ValueError("damaged")
