"""A program in a pseudo terminal of a given size, with somebody at the other end who reads what it paints."""

from __future__ import annotations

import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl

_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;:?<>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[@-Z\\-_=>])")
_KEPT = 1 << 16


class Terminal:
    """Counts the bytes and looks for a pattern in the text of them. ``close`` ends the program."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        size: tuple[int, int],
        pattern: bytes,
        cwd: str | None = None,
    ) -> None:
        self.bytes = 0
        self.seen_s: float | None = None
        """Seconds from the start to the first text that matches the pattern."""
        self.tail = b""
        """The last that was painted, without escapes."""
        self._pattern = re.compile(pattern)
        self._seen = threading.Event()
        self._here, there = pty.openpty()
        ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._began = time.perf_counter()
        self._child = subprocess.Popen(
            argv, stdin=there, stdout=there, stderr=there, cwd=cwd, start_new_session=True,
            env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )  # fmt: skip
        os.close(there)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._here, keys.encode())

    def wait(self, timeout_s: float) -> float:
        """Seconds from the start to the pattern. Raises SystemExit with what was painted when it does not come."""
        if not self._seen.wait(timeout_s):
            raise SystemExit(f"no {self._pattern.pattern!r} within {timeout_s:g} s; painted: {self.tail[-2000:]!r}")
        assert self.seen_s is not None
        return self.seen_s

    def close(self) -> None:
        """End the program and wait for it."""
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join(5)
        os.close(self._here)

    def _read(self) -> None:
        rest = b""
        while True:
            try:
                data = os.read(self._here, 1 << 16)
            except OSError:  # the other end is closed
                return
            self.bytes += len(data)
            if self._seen.is_set():
                continue
            rest = (rest + data)[-_KEPT:]
            self.tail = _ESCAPES.sub(b"", rest)
            if self._pattern.search(self.tail):
                self.seen_s = time.perf_counter() - self._began
                self._seen.set()
