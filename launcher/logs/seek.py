"""Where a time begins in a log: a binary search by the times that vLLM prints. A few reads at any size."""

from __future__ import annotations

import os
import re

from launcher.logs import times
from launcher.logs.lines import parse

_BLOCK = 64 * 1024
_STRETCH = 8 * 1024 * 1024
"""How far one step looks for a line with a time: a busy access log has none for megabytes."""
_STAMP = re.compile(rb"(?:INFO|WARNING|ERROR|DEBUG|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d ")


def first_since(fd: int, epoch: float) -> int | None:
    """Byte offset of the first line whose time is ``epoch`` (seconds since the epoch) or later.

    Local time, 1 s, no year: the year is taken nearest to the file's last change. The file's size when every time is
    earlier; None when no time was found. Lines of several processes that are a second out of order may be missed.
    """
    found = os.fstat(fd)
    wanted, near = int(epoch), found.st_mtime
    low, high = 0, found.st_size
    answer: int | None = None
    seen = False
    while low < high:
        middle = low if high - low <= _BLOCK else (low + high) // 2
        at, start, end = _next_time(fd, middle, high, near)
        seen = seen or at is not None
        if at is not None and at < wanted:
            low = end
            continue
        if at is not None:
            answer = start
        if middle == low:
            break
        high = middle
    if answer is not None:
        return answer
    return found.st_size if seen else None


def _next_time(fd: int, offset: int, end: int, near: float) -> tuple[float | None, int, int]:
    """The first line that starts in ``offset`` … ``end`` and has a time: that time, its start, its end."""
    place, limit = offset, min(end, offset + _STRETCH)
    if place > 0:
        place = _next_line(fd, place - 1, limit)
    while place < limit:
        block = os.pread(fd, _BLOCK, place)
        whole = block.rfind(b"\n") + 1 or len(block)
        for stamp in _STAMP.finditer(block, 0, whole):
            start = block.rfind(b"\n", 0, stamp.start()) + 1
            stop = block.find(b"\n", stamp.end()) + 1 or whole
            if place + start >= end:
                return None, end, end
            text = parse(block[start : min(stop, start + 400)].decode("utf-8", "replace").rstrip("\n")).time_text
            at = times.epoch(text, near=near) if text else None
            if at is not None:
                return at, place + start, place + stop
        if not block:
            break
        place += whole
    return None, end, end


def _next_line(fd: int, place: int, limit: int) -> int:
    """The offset behind the first newline at or after ``place``."""
    while place < limit:
        block = os.pread(fd, _BLOCK, place)
        newline = block.find(b"\n")
        if newline >= 0:
            return place + newline + 1
        if not block:
            break
        place += len(block)
    return limit
