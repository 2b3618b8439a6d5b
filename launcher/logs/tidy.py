"""Lines of a log as they are compared: without colour codes, bars at their last state, not longer than 64 KB. Pure."""

from __future__ import annotations

import re

from launcher.logs.lines import last_state

LINE_BYTES = 64 * 1024
"""What is behind so many bytes of a line is neither shown nor searched."""
_SGR = re.compile(rb"\x1b\[[0-9;:]*m")
_BARS = re.compile(rb"[^\n]*\r[^\n]*")


def tidy(data: bytes) -> bytes:
    """As many lines as before, each ended by its newline."""
    if b"\x1b" in data:
        data = _SGR.sub(b"", data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        if b"\r" in data:
            data = _BARS.sub(_collapse, data)
    return _cut_long(data)


def _collapse(found: re.Match[bytes]) -> bytes:
    return last_state(found[0].decode("utf-8", "replace")).encode()


def _cut_long(data: bytes) -> bytes:
    pieces: list[bytes] = []
    place = kept = 0
    while place + LINE_BYTES < len(data):
        newline = data.rfind(b"\n", place, place + LINE_BYTES + 1)
        if newline >= 0:
            place = newline + 1
            continue
        pieces += [data[kept : place + LINE_BYTES], b"\n"]
        place = kept = (data.find(b"\n", place) + 1) or len(data)
    if not pieces:
        return data
    pieces.append(data[kept:])
    return b"".join(pieces)


def shown(line: bytes, length: int) -> str:
    """A line (without newline) for the screen: colour codes stay. ``length``: its bytes in the file, if cut already."""
    text = line[:LINE_BYTES].decode("utf-8", "replace") if b"\r" not in line else _last_of(line)
    beyond = length - LINE_BYTES if b"\r" not in line else 0
    return f"{text} … (+{beyond:,} bytes)" if beyond > 0 else text


def _last_of(line: bytes) -> str:
    text = last_state(line.decode("utf-8", "replace"))
    return text if len(text) <= LINE_BYTES else f"{text[:LINE_BYTES]} … (+{len(text) - LINE_BYTES:,} characters)"
