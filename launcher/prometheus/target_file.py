"""The target file of one run, kept true by its supervisor, and the sweep of files whose supervisor was killed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection

from launcher import paths
from launcher.metrics.faults import Faults
from launcher.prometheus import targets
from launcher.runs import files
from launcher.runs.state import State
from launcher.runs.view import RunView

GONE_AFTER_S = 300.0
"""A server that was ready and is not is merely slow, or hangs, and its target stays: Prometheus then says ``up 0``, and
that is true. After this long it is not ready for good."""
CHECK_S = 5.0
"""How often it is looked whether the file is still there, and a disk that refuses is asked again."""
_SERVES = ("running", "idle")


class TargetFile:
    """One for each supervisor, which is the only writer of the file. ``follow`` is cheap; nothing here raises."""

    def __init__(self, run: paths.RunPaths, view: Callable[[], RunView]) -> None:
        """``view``: the run as it is now; asked for only when the file is to be written."""
        self._path = run.prometheus_target()
        self._view = view
        self.faults = Faults()
        self._done: tuple[object, ...] | None = None
        """What the file was last made to be; None: not known (an earlier supervisor may have left one)."""
        self._refused = False
        """The disk did, the last time."""
        self._next = 0.0
        """When the file is looked at again though nothing changed, or tried again; on the monotonic clock."""
        self._ready_at: float | None = None
        """When the server was last seen ready, on the same clock."""

    def follow(self, state: State, now: float) -> None:
        """Write or remove the file if it is not as ``state`` wants it. ``now`` is a monotonic clock."""
        if state.ready:
            self._ready_at = now
        wanted = self._wanted(state, now)
        stand = (wanted, state.server_port, *state.served_names) if wanted else (wanted,)
        if now < self._next and (stand == self._done or self._refused):
            return
        self._next = now + CHECK_S
        if stand == self._done and (not wanted or os.path.exists(self._path)):
            return
        try:
            if wanted:
                self._write()
            else:
                _remove(self._path)
            self._done, self._refused = stand, False
        except OSError as error:
            self._done, self._refused = None, True
            self.faults.note("prometheus target", error)

    def _wanted(self, state: State, now: float) -> bool:
        if state.status not in _SERVES or not state.served:
            return False
        if self._ready_at is None:
            self._ready_at = now  # taken over in a moment in which the server is slow
        return now - self._ready_at < GONE_AFTER_S

    def _write(self) -> None:
        entry = targets.entry(self._view())
        if entry is None:
            return
        data = json.dumps([entry], separators=(",", ":")).encode() + b"\n"
        try:
            files.write_atomic(self._path, data)
        except FileNotFoundError:
            files.make_private(os.path.dirname(self._path))
            files.write_atomic(self._path, data)


def sweep(live: Collection[str]) -> int:
    """Remove the target files of runs that are not ``live`` (ended, deleted): a supervisor that is killed leaves its
    own. Returns how many; a file that cannot be removed is left to the next one who looks."""
    folder = paths.prometheus_targets()
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    removed = 0
    for name in names:
        run_id, _, rest = name.partition(".")
        if run_id in live or not run_id.isdigit():
            continue
        path = os.path.join(folder, name)
        if rest == "json" or _is_old_draft(path):
            try:
                removed += _remove(path)
            except OSError:
                continue
    return removed


def _is_old_draft(path: str) -> bool:
    """A half-written file of a supervisor that was killed while it wrote."""
    try:
        return path.endswith(".tmp") and time.time() - os.stat(path).st_mtime > CHECK_S
    except OSError:
        return False


def _remove(path: str) -> bool:
    """Whether there was one. Raises OSError."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True
