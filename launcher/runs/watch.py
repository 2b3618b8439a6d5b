"""The supervisor's eye on the log of a start: bytes in, phases and facts out. Quiet once the server is ready."""

from __future__ import annotations

import os

from launcher.logs import phases

_CHUNK = 1 << 20


class LogWatch:
    """Reads what was appended to the log since the last call and feeds it to the phase tracker."""

    def __init__(self, path: str, offset: int) -> None:
        self._path = path
        self._offset = offset
        self._partial = b""
        self.tracker = phases.Tracker()

    def read(self) -> list[str]:
        """Advance; the phases that began, in order. A missing file is an empty one."""
        found: list[str] = []
        try:
            with open(self._path, "rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:  # truncated by somebody: begin again
                    self._offset, self._partial = 0, b""
                file.seek(self._offset)
                data = file.read(_CHUNK)
        except OSError:
            return found
        self._offset += len(data)
        *lines, self._partial = (self._partial + data).replace(b"\r", b"\n").split(b"\n")
        self._partial = self._partial[-65536:]
        for line in lines:
            change = self.tracker.feed(line.decode("utf-8", "replace"))
            if change is not None:
                found.append(change.phase)
        return found
