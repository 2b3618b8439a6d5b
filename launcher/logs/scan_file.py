"""A log file through a ``Scan``, block by block: a block without any word that matters is only counted."""

from __future__ import annotations

import os

from launcher.logs.scan import AGAIN, GATES, Scan

_BLOCK = 1 << 20
_LINE = 1 << 16
"""What is looked at of one line."""
_GATES = tuple(word.encode() for word in GATES)
_AGAIN = tuple(word.encode() for word in AGAIN)


_SERVED = b"200 OK"
"""How nine of ten lines of a busy server end: its access log. Nothing is in them."""


def scan_file(path: str, scan: Scan, start: int = 0, *, most: int | None = None) -> None:
    """Every line from the byte ``start`` (a line's begin) on. ``most``: bytes that are looked at, a quarter at the
    beginning (where a start fails) and the rest at the end (where a server does); the lines between are not even
    counted. Raises OSError."""
    with open(path, "rb") as file:
        _count(file, start, scan)
        left = None if most is None or os.fstat(file.fileno()).st_size - start <= most else most // 4
        rest = b""
        while block := file.read(_BLOCK):
            if left is not None and (left := left - len(block)) < 0:
                file.seek(-(most or 0) * 3 // 4, os.SEEK_END)
                left, block, rest = None, file.readline(_BLOCK), b""
            cut = block.rfind(b"\n") + 1
            if not cut and len(rest) > _LINE:
                rest = rest[:_LINE]  # a line without an end: its begin is enough
                continue
            _feed(rest + block[:cut], scan)
            rest = block[cut:] if cut else rest + block
        if rest:
            _feed(rest, scan)


def _count(file: object, start: int, scan: Scan) -> None:
    left = start
    while left > 0:
        block: bytes = file.read(min(_BLOCK, left))  # type: ignore[attr-defined]
        if not block:
            return
        left -= len(block)
        scan.skip(block.count(b"\n"))


def _feed(block: bytes, scan: Scan) -> None:
    if not block:
        return
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if scan.settled or not scan.following:
        wanted = _AGAIN if scan.settled else _GATES
        told = b"\n".join([line for line in lines if line[-6:] != _SERVED])
        if not any(word in told for word in wanted):
            scan.skip(len(lines))
            return
    for line in lines:
        scan.line(line[:_LINE].decode("utf-8", "replace"))
