"""The supervisor's pen: keeps ``state.json`` and ``events.jsonl`` true, also on a disk that is full for a while."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from launcher import paths
from launcher.runs import events, files
from launcher.runs.state import State

RETRY_S = 1.0
CHECK_S = 5.0


class Keeper:
    """Owns the state of one run. ``save`` is cheap when nothing changed."""

    def __init__(self, run: paths.RunPaths, state: State) -> None:
        self.run = run
        self.state = state
        self.mask: Callable[[str], str] = str
        """Takes secrets out of all that is written: reasons and facts come from what the run printed."""
        self._written = b""
        self._stamp: tuple[int, int] | None = None
        self._next_try = 0.0
        self._next_check = 0.0
        self._events: deque[events.Event] = deque(maxlen=1000)
        """What the disk has not taken yet."""

    def event(self, kind: str, text: str) -> None:
        """Note one event; it is written now, or when the disk has room again."""
        self._events.append(events.Event(time.time(), kind, self.mask(text)))

    def status(self, status: str, reason: str | None = None) -> None:
        """Change the status (and the reason with it), with its event."""
        reason = self.mask(reason) if reason else reason
        if (status, reason) == (self.state.status, self.state.reason):
            return
        changed = status != self.state.status
        self.state.status, self.state.reason = status, reason
        self.event("status", f"{status}: {reason}" if reason and changed else reason or status)

    def save(self, now: float) -> bool:
        """Write what changed; False while the disk refuses. ``now`` is a monotonic clock."""
        if now < self._next_try:
            return False
        text = json.dumps(self._shown(), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            if text != self._written or self._was_damaged(now):
                files.write_atomic(self.run.state, text)
                self._written = text
                found = os.stat(self.run.state)
                self._stamp = (found.st_ino, found.st_mtime_ns)
            while self._events:
                events.append(self.run.events, self._events[0])
                self._events.popleft()
        except OSError:
            self._next_try = now + RETRY_S
            return False
        return True

    def _shown(self) -> dict[str, Any]:
        value = self.state.to_json()
        value["facts"] = {name: self.mask(fact) for name, fact in self.state.facts.items()}
        for name in ("reason", "progress", "advice"):
            value[name] = self.mask(value[name]) if value[name] else value[name]
        return value

    def _was_damaged(self, now: float) -> bool:
        """Somebody else wrote or removed the file: it is ours, write it again."""
        if now < self._next_check:
            return False
        self._next_check = now + CHECK_S
        try:
            found = os.stat(self.run.state)
        except OSError:
            return True
        return (found.st_ino, found.st_mtime_ns) != self._stamp
