"""A log file read by byte offsets, from any place, while it grows, is cut short or is replaced.

Read with ``pread``, not through a memory map: a page of a map whose file was truncated kills the process (SIGBUS), and
pages that were looked at count as its memory. ``pread`` of what the kernel has cached is about as fast.
"""

from __future__ import annotations

import os
import stat
import threading
from typing import Literal

from launcher.logs import seek

Change = Literal["same", "grown", "restarted"]
_KNOWN_BYTES = 64
_LONGEST_READ = 64 * 1024 * 1024


class LogMap:
    """One log, by byte offsets. A missing or unreadable file (or a folder, a pipe) is an empty one, and may come later.

    ``read`` and ``refresh`` may be called from several threads. Errors of the file system are never raised: a stale
    handle is opened anew by the next ``refresh``.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        """Bytes that the file had at the last ``refresh``. What came since is not read."""
        self.generation = 0
        """One more with each new beginning (rotation, truncation): offsets of an older one mean nothing any more."""
        self._handle: _Handle | None = None
        self._known = b""  # the bytes before the size: they tell a truncated file that has grown again
        self._mtime_ns = 0
        self._lock = threading.Lock()
        self.refresh()

    def close(self) -> None:
        """Let go of the file. ``refresh`` opens it again."""
        self._handle = None

    def first_since(self, epoch: float) -> int | None:
        """Byte offset of the first line at or after ``epoch`` (seconds), see ``launcher.logs.seek``; None: no times."""
        handle = self._handle
        try:
            return None if handle is None else seek.first_since(handle.fd, epoch)
        except OSError:
            return None

    def read(self, start: int, stop: int) -> bytes:
        """The bytes ``start`` … ``stop`` (at most 64 MiB), fewer at the end of the file or when it cannot be read."""
        handle = self._handle  # kept alive by this name, whatever another thread does
        wanted = min(stop - start, _LONGEST_READ)
        if handle is None or start < 0 or wanted <= 0:
            return b""
        try:
            data = os.pread(handle.fd, wanted, start)
            while 0 < len(data) < wanted:  # a network file system may give less
                more = os.pread(handle.fd, wanted - len(data), start + len(data))
                if not more:
                    break
                data += more
        except OSError:
            return b""
        return data

    def refresh(self) -> Change:
        """Look at the file again: ``size`` and, after a new beginning, ``generation`` follow."""
        with self._lock:
            try:
                return self._look()
            except OSError:  # a stale handle of a network file system: open it anew next time
                self._handle = None
                return "same"

    def _look(self) -> Change:
        handle = self._handle or _open(self.path)
        if handle is None:
            return "same"
        fresh = self._handle is None
        found = os.fstat(handle.fd)
        if not self._continues(handle, found):
            return self._begin(handle)
        self._handle = handle
        if found.st_size > self.size:
            self._take(found)
            return "grown"
        self._mtime_ns = found.st_mtime_ns
        other = None if fresh else self._successor(found)
        return "same" if other is None else self._begin(other)

    def _continues(self, handle: _Handle, found: os.stat_result) -> bool:
        """Whether it is still what was read so far, with more behind it perhaps."""
        if found.st_size < self.size:
            return False
        if found.st_size == self.size and found.st_mtime_ns == self._mtime_ns:
            return True
        back = len(self._known)
        return os.pread(handle.fd, back, self.size - back) == self._known if back else True

    def _successor(self, mine: os.stat_result) -> _Handle | None:
        """The other file that has this name now. While there is none the old one is kept: it may still be written."""
        try:
            found = os.stat(self.path)
        except (OSError, ValueError):
            return None
        return None if (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino) else _open(self.path)

    def _begin(self, handle: _Handle) -> Change:
        self._handle = handle
        self.generation += 1
        self._take(os.fstat(handle.fd))
        return "restarted"

    def _take(self, found: os.stat_result) -> None:
        assert self._handle is not None
        self._mtime_ns = found.st_mtime_ns
        start = max(0, found.st_size - _KNOWN_BYTES)
        self._known = os.pread(self._handle.fd, found.st_size - start, start)
        self.size = start + len(self._known)


class _Handle:
    """A descriptor that closes when nobody uses it any more: not while another thread reads from it."""

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __del__(self) -> None:
        os.close(self.fd)


def _open(path: str) -> _Handle | None:
    try:
        handle = _Handle(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except (OSError, ValueError):  # ValueError: a zero byte in the path
        return None
    return handle if stat.S_ISREG(os.fstat(handle.fd).st_mode) else None
