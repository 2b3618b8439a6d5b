"""One client process while it measures one load: its output, its end, its death."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping, Sequence

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
        self._reap()
        while data := _read(self._output, self._offset):
            self._offset += len(data)
            self._parser.feed(data)
        return self._parser.progress

    def kill(self) -> None:
        """SIGKILL to the client and to everything that it started; its connections close, and the server drops what it
        was answering."""
        # Whom it started is looked for before it dies, and again once it is reaped: only then do its orphans surely
        # hang below this process, a subreaper. A look in between could miss both: the parent dead, its child not moved.
        known = {proc.pid: proc.start for proc in self._below(()).values()}
        if self.code is None:
            process.kill_group(self.pid)
        deadline = time.monotonic() + _KILL_S
        while time.monotonic() < deadline:
            self._reap()
            left = self._below(known.items())
            for pid, proc in left.items():
                known[pid] = proc.start
                process.send(pid, signal.SIGKILL)
            if not left and self.code is not None:
                break
            time.sleep(0.01)
        process.reap_last()

    def _below(self, known: Iterable[tuple[int, int]]) -> dict[int, tree.Proc]:
        return tree.members(tree.scan(), supervisor=os.getpid(), known=known)

    def _reap(self) -> None:
        for pid, code in process.reap():
            if pid == self.pid:
                self.code = code

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
