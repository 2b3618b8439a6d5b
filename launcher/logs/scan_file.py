"""A log file through a ``Scan``, block by block: a block without any word that matters is only counted."""

from __future__ import annotations

from launcher.logs.scan import AGAIN, GATES, Scan

_BLOCK = 1 << 20
_LINE = 1 << 16
"""What is looked at of one line."""
_GATES = tuple(word.encode() for word in GATES)
_AGAIN = tuple(word.encode() for word in AGAIN)


def scan_file(path: str, scan: Scan, start: int = 0) -> None:
    """Every line from the byte ``start`` (a line's begin) on. Raises OSError."""
    with open(path, "rb") as file:
        _count(file, start, scan)
        rest = b""
        while block := file.read(_BLOCK):
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
    wanted = _AGAIN if scan.settled else _GATES
    if (scan.settled or not scan.following) and not any(word in block for word in wanted):
        scan.skip(block.count(b"\n") + (not block.endswith(b"\n")))
        return
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    for line in lines:
        scan.line(line[:_LINE].decode("utf-8", "replace"))
