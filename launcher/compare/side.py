"""One of the two runs, as far as it can be read: its files, its metrics, its benchmarks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from launcher import paths
from launcher.bench import store
from launcher.bench.masking import masked
from launcher.bench.result import Bench
from launcher.compare import log_args
from launcher.logs.redact import Redactor
from launcher.metrics.history import History
from launcher.runs import files, listing, masking
from launcher.runs.record import RunRecord
from launcher.runs.view import RunView

_MANIFEST_BYTES = 1 << 20
_LOG_BYTES = 8 << 20
"""The server names its arguments early in its log."""


class Side(NamedTuple):
    """What is there of a run. What is not is None or empty, and the sections say so."""

    run: RunView
    record: RunRecord | None = None
    manifest: str | None = None
    """As it was given, secrets in clear: not to be shown."""
    logged: Mapping[str, str] = {}
    """The arguments that the server named in its log."""
    history: History | None = None
    benches: tuple[Bench, ...] = ()
    """Newest first, secrets masked."""
    mask: Redactor = Redactor()

    @property
    def watched(self) -> bool:
        """vdeck did not start it."""
        return bool(self.run.attached)


class SideReader:
    """Reads one run again and again; what does not change is kept. Never raises for what it finds."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._history: History | None = None
        self._logged: Mapping[str, str] = {}
        self._looked: tuple[int, int] = (-1, -1)
        """Where the start begins in the log, and how much of it was looked at."""

    def read(self) -> Side:
        """The run as it is now. Blocks: small files, and the metrics that are new."""
        at = paths.RunPaths.of(self.run_id)
        record = listing.load_record(at)[0]
        mask = masking.of(at, record)
        if self._history is None:
            self._history = History(at.metrics)
        self._history.refresh()
        benches = tuple(masked(bench, mask) for bench in store.list_of(at.folder))
        return Side(
            listing.load(self.run_id), record, _text(at.manifest), self._arguments(at), self._history, benches, mask
        )

    def _arguments(self, at: paths.RunPaths) -> Mapping[str, str]:
        """What the log of the last start names; looked for until it is found, in what is new."""
        state = listing.load_state(at)[0]
        start = state.log_start if state is not None else 0
        size = min(_size(at.output) - start, _LOG_BYTES)
        if self._looked[0] != start or (not self._logged and self._looked[1] != size):
            self._looked = start, size
            self._logged = log_args.named(_bytes(at.output, _LOG_BYTES, start))
        return self._logged


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _text(path: str) -> str | None:
    found = _bytes(path, _MANIFEST_BYTES)
    return found.decode("utf-8", "replace") if found else None


def _bytes(path: str, limit: int, start: int = 0) -> bytes:
    """So much of a regular file; nothing when it cannot be read."""
    try:
        with files.open_regular(path) as file:
            file.seek(start)
            return file.read(limit)
    except (OSError, ValueError):
        return b""
