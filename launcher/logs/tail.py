"""A log file of any size: its end at once, then what is appended. Pure reading, no threads, bounded memory.

Lines end at a newline only. Bytes that are no UTF-8 become replacement characters, a progress bar (carriage returns) is
its last state, a line of more than 64 KB is cut with a mark. Escape sequences stay in: see ``launcher.logs.ansi``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from launcher.logs import seek
from launcher.logs.lines import last_state

LINE_BYTES = 64 * 1024
POLL_BYTES = 4 * 1024 * 1024
"""The most that one ``poll`` reads; what is behind it comes with the next one."""
LAST_BYTES = 8 * 1024 * 1024
"""The most that ``last`` reads: very many or very long lines are fewer then."""
_BLOCK = 64 * 1024
_KNOWN_BYTES = 64


class LogFile:
    """One reader of one log, with a place in it. A missing or unreadable file is an empty one, and may come later.

    Call ``last`` (or ``read_from``) once, then ``poll`` as often as wanted. Not from two threads at a time.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.restarted = False
        """The last ``poll`` found another file (rotation) or a shorter one (truncation): a new beginning."""
        self._fd = -1
        self._key: tuple[int, int] | None = None
        self._offset = 0
        self._known = b""  # the bytes before the offset: they tell a truncated file that has grown again
        self._held = bytearray()
        self._dropped = 0

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Reading again opens it again."""
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)

    @property
    def partial(self) -> str:
        """The unfinished last line, as far as it has come."""
        text = last_state(self._held.decode("utf-8", "replace"))
        return f"{text} … (+{self._dropped:,} bytes)" if self._dropped else text

    @property
    def behind(self) -> int:
        """Bytes of the file that ``poll`` has not read yet."""
        try:
            return max(0, os.fstat(self._fd).st_size - self._offset) if self._open() else 0
        except OSError:
            return 0

    def last(self, n: int) -> list[str]:
        """The last ``n`` complete lines, of at most the last 8 MiB; ``poll`` goes on behind them."""
        self.close()
        self._forget()
        try:
            return self._last(n) if self._open() else []
        except OSError:
            self.close()
            return []

    def _last(self, n: int) -> list[str]:
        start = end = os.fstat(self._fd).st_size
        blocks: list[bytes] = []
        newlines = 0
        while start > 0 and newlines <= n and end - start < LAST_BYTES:
            step = min(start, max(_BLOCK, end - start))  # double each time: few reads for many lines
            block = os.pread(self._fd, step, start - step)
            start -= step
            newlines += block.count(b"\n")
            blocks.append(block)
        data = b"".join(reversed(blocks))
        self._offset = start + len(data)
        self._known = data[-_KNOWN_BYTES:]
        body, newline, tail = data.rpartition(b"\n")
        self._hold(tail)
        if not newline:
            self._dropped += start
            return []
        lines = _split(body)
        if start and len(lines) <= n:  # the first one began before what was read
            lines = lines[1:] or [f"… {lines[0]}"]
        return lines[-n:] if n > 0 else []

    def poll(self) -> list[str]:
        """The complete lines that came since the last call, at most 4 MiB of them. Sets ``restarted``."""
        self.restarted = False
        try:
            if not self._open():
                return []
            lines = self._more()
            return lines if lines or not self._replaced() else self._begin_again()
        except OSError:  # a stale handle of a network file system: open it anew next time
            self.close()
            return []

    def _begin_again(self) -> list[str]:
        """The name belongs to another file now: the unfinished line of the old one, then the new one's lines."""
        rest = [self.partial] if self._held else []
        self.close()
        self._forget()
        self.restarted = True
        return rest + self._more() if self._open() else rest

    def _more(self) -> list[str]:
        size = os.fstat(self._fd).st_size
        if size == self._offset:
            return []
        back = len(self._known)
        data = os.pread(self._fd, POLL_BYTES + back, self._offset - back) if size > self._offset else b""
        if size < self._offset or data[:back] != self._known:  # truncated, perhaps grown again since
            self._forget()
            self.restarted = True
            data, back = os.pread(self._fd, POLL_BYTES, 0), 0
        fresh = data[back:]
        self._offset += len(fresh)
        self._known = data[-_KNOWN_BYTES:]
        body, newline, tail = fresh.rpartition(b"\n")
        if not newline:
            self._hold(fresh)
            return []
        first, more, rest = body.partition(b"\n")
        self._hold(first)
        lines = [self.partial]
        self._held.clear()
        self._dropped = 0
        if more:
            lines += _split(rest)
        self._hold(tail)
        return lines

    def _hold(self, piece: bytes) -> None:
        """Add to the unfinished line; a bar forgets what lies between its first and its last state."""
        held = self._held
        held += piece
        if len(held) > _BLOCK // 8 and b"\r" in piece:
            first = held.find(b"\r")
            last = held.rstrip(b"\r").rfind(b"\r")
            if last > first:
                del held[first:last]
        if len(held) > LINE_BYTES:
            self._dropped += len(held) - LINE_BYTES
            del held[LINE_BYTES:]

    def _forget(self) -> None:
        self._offset, self._dropped, self._known = 0, 0, b""
        self._held.clear()

    def _open(self) -> bool:
        if self._fd >= 0:
            return True
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError):  # ValueError: a zero byte in the path
            return False
        found = os.fstat(self._fd)
        if not stat.S_ISREG(found.st_mode):  # a folder, a pipe: nothing to read from the end of
            self.close()
            return False
        self._key = (found.st_dev, found.st_ino)
        return True

    def _replaced(self) -> bool:
        """Another file has this name now. While there is none, the old one is kept: it may still be written."""
        try:
            found = os.stat(self.path)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) != self._key

    def read_from(self, offset: int) -> Iterator[str]:
        """All complete lines from a byte offset (a line's start) to the present end; ``poll`` goes on behind them."""
        self.close()
        self._forget()
        try:
            if not self._open():
                return
            end = os.fstat(self._fd).st_size
            self._offset = min(offset, end)
            while self._offset < end and not self.restarted:
                yield from self._more()
        except OSError:
            self.close()

    def first_since(self, epoch: float) -> int | None:
        """Byte offset for ``read_from`` of the first line at or after ``epoch`` (seconds), by the times in the lines.

        Best effort, see ``launcher.logs.seek``. The file's size when all is earlier; None when no line has a time.
        """
        try:
            return seek.first_since(self._fd, epoch) if self._open() else None
        except OSError:
            self.close()
            return None


def _split(body: bytes) -> list[str]:
    """Complete lines of a block, without its last newline. The common case (short lines, no bars) is one decode."""
    lines = body.decode("utf-8", "replace").split("\n")
    if b"\r" in body:
        lines = [last_state(line) if "\r" in line else line for line in lines]
    if len(body) > LINE_BYTES and max(map(len, lines)) > LINE_BYTES:
        lines = [_cut(line) if len(line) > LINE_BYTES else line for line in lines]
    return lines


def _cut(line: str) -> str:
    return f"{line[:LINE_BYTES]} … (+{len(line) - LINE_BYTES:,} characters)"
