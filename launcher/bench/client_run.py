"""One client process while it measures one load: its output, its end, its death."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence

from launcher.bench.progress import Parser
from launcher.bench.result import Progress
from launcher.runs import process, tree

_CHUNK = 1 << 16
_KILL_S = 2.0
_SAID = 1 << 16
"""So much of the end of its output is looked at when it failed."""


class ClientRun:
    """Starts the client at once. Raises OSError when it cannot be started."""

    def __init__(
        self, argv: Sequence[str], *, cwd: str, env: Mapping[str, str], output: str, load: int, total: int
    ) -> None:
        self._output = output
        self._start = self._offset = _size(output)
        self._parser = Parser(load, total)
        self.pid = process.start_bound(argv, cwd=cwd, env=env, output=output)
        self.code: int | None = None
        """Exit code (negative: a signal) once it has ended."""

    def poll(self) -> Progress:
        """Where it is; ``code`` tells whether it has ended."""
        for pid, code in process.reap():
            if pid == self.pid:
                self.code = code
        while data := _read(self._output, self._offset):
            self._offset += len(data)
            self._parser.feed(data)
        return self._parser.progress

    def kill(self) -> None:
        """SIGKILL to the client and to everything that it started; its connections close, and the server drops what it
        was answering."""
        if self.code is None:
            process.kill_group(self.pid)
        # what it put into the background hangs below this process, a subreaper; a fork may overtake one look
        deadline = time.monotonic() + _KILL_S
        while (left := tree.members(tree.scan(), supervisor=os.getpid())) and time.monotonic() < deadline:
            for pid in left:
                process.send(pid, signal.SIGKILL)
            process.reap_last(0.05)
        process.reap_last()

    def said(self) -> str:
        """The end of what it printed."""
        begin = max(self._start, _size(self._output) - _SAID)
        return _read(self._output, begin, _SAID).decode("utf-8", "replace")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _read(path: str, offset: int, size: int = _CHUNK) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(size)
    except OSError:
        return b""
