"""A log reader that can be left and taken up again: what a thread has read stays until the pane has it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tui.detail.sources import LogReader

CATCH_UP_BYTES = 4 * 1024 * 1024
"""More than this behind, the log is opened at its end again instead of being read through."""


class Found(NamedTuple):
    """``begins``: these lines are a new beginning; ``tail``: the line that is still being written."""

    lines: list[str]
    tail: str
    begins: bool


class LogFollower:
    """``read`` blocks and belongs into a thread; ``take`` is quick. A cancelled feed loses no line."""

    def __init__(self, run_id: str, reader: LogReader, lines: int) -> None:
        self.run_id = run_id
        self._reader = reader
        self._count = lines
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._tail = ""
        self._begins = False
        self._opened = False

    def read(self) -> None:
        """What is new; the last lines at the first time, and when too much has come since the last time."""
        with self._lock:
            reader = self._reader
            if not self._opened or reader.behind > CATCH_UP_BYTES:
                self._lines, self._begins, self._opened = reader.last(self._count), True, True
            else:
                lines = reader.poll()
                self._begins = self._begins or reader.restarted
                self._lines = lines if reader.restarted else [*self._lines, *lines]
            self._tail = reader.partial

    def take(self) -> Found:
        """What was read since the last ``take``."""
        with self._lock:
            found = Found(self._lines, self._tail, self._begins)
            self._lines, self._begins = [], False
        return found
