"""The store below ``RunPaths.metrics``, written by the supervisor: every ``/metrics`` page, once a second.

Chosen over SQLite: without WAL every commit is a journal, two fsyncs and a lock that readers on another node can break;
here a sample is one append of some hundred bytes, nobody locks, and a day of a busy server takes a few megabytes.

The folder holds for each level of ``levels.LEVELS`` (``raw``: all samples; ``s10``, ``s60``: one for each 10 s, 60 s)

    raw-0000000042.tail     the newest samples one by one: ``tail`` tells the records
    raw-0000000040.seg      closed blocks, columns packed: ``segment`` and ``block`` tell the format

Every file: ``records.MAGIC``, then records with a CRC. One writer; readers follow by offset and never lock. Numbers
only rise: a block replaces the tail of the same number. A series that a scrape has not is NaN; a failed scrape is a
``gap`` event. A new writer continues after a SIGKILL by closing the tails it finds. Errors are counted in ``faults``.
"""

from __future__ import annotations

import time
from array import array

from .exposition import ExpositionError, Page, Parser
from .faults import Faults
from .level_writer import LevelWriter
from .levels import LEVELS
from .records import Event
from .schema import Schema
from .series import Series

_SLICE_S = 0.002
"""What one call may spend on closing blocks, beside its own sample."""
_CLOCK_MS = 10_000
"""A clock that goes back by less is waited for; by more, the store begins a new block with the new time."""


class Recorder:
    """One for each run and folder. Nothing here raises; not to be used by two threads at once."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.faults = Faults()
        self.bad_lines = 0
        """Lines of pages that could not be read, since the start."""
        self.samples = 0
        self._parser = Parser()
        self._schema = Schema()
        self._page_series: list[Series] = []
        self._columns: list[int] = []
        self._straight = False  # the page has exactly the columns of the schema, in order
        self._last_ms: int | None = None
        self._in_gap = False
        self._closed = False
        self._levels = [LevelWriter(folder, level, self.faults) for level in LEVELS]

    def record(self, page: bytes, ts_ms: int, *, extra: Page | None = None) -> Page | None:
        """Keep one page, scraped at ``ts_ms`` (ms since the epoch). None, and a gap, when it is no metrics page.

        ``extra``: more series of the same moment that the server does not have (GPUs). Only the page is returned.
        """
        try:
            parsed = self._parser.parse(page)
        except ExpositionError as error:
            self.faults.note("parse", error)
            self.gap(ts_ms)
            return None
        self.bad_lines += parsed.bad
        if self._accept(ts_ms):
            row = self._row(parsed, extra)
            for level in self._levels:
                level.add(ts_ms, row, self._schema)
            self.samples += 1
            self._in_gap = False
        self.work(_SLICE_S)
        return parsed

    def gap(self, ts_ms: int) -> None:
        """The scrape at ``ts_ms`` failed. Only the first of several in a row is written."""
        if not self._in_gap:
            self._in_gap = True
            self._event(Event(ts_ms, "gap"))
        self.work(_SLICE_S)

    def mark(self, ts_ms: int, kind: str) -> None:
        """Something happened: ``restart``, ``ready``, ``benchmark``, … (a short word)."""
        self._event(Event(ts_ms, kind))

    def work(self, seconds: float) -> None:
        """Go on with closing blocks for at most about that long; ``record`` and ``gap`` do it too."""
        until = time.perf_counter() + seconds
        for level in self._levels:
            level.work(until)

    def close(self) -> None:
        """Write what is held back. Without it (SIGKILL) only the last sample of each thinned level is missing."""
        if not self._closed:
            self._closed = True
            for level in self._levels:
                level.close()

    def _event(self, event: Event) -> None:
        for level in self._levels:
            level.event(event)

    def _accept(self, ts_ms: int) -> bool:
        """Whether a sample with this time may follow; after a large step back of the clock all blocks begin anew."""
        last = self._last_ms
        if last is not None and ts_ms <= last:
            if last - ts_ms < _CLOCK_MS:
                return False
            for level in self._levels:
                level.roll()
        self._last_ms = ts_ms
        return True

    def _row(self, page: Page, extra: Page | None) -> array[float]:
        series, values = page.series, page.values
        if extra is not None:
            series, values = series + extra.series, values + extra.values
        if series != self._page_series:  # the same objects while the page is steady: quick
            self._learn(series, (page,) if extra is None else (page, extra))
        if self._straight:
            return array("d", values)
        row = array("d", [float("nan")]) * len(self._schema.series)
        for column, value in zip(self._columns, values):
            row[column] = value
        return row

    def _learn(self, series: list[Series], pages: tuple[Page, ...]) -> None:
        width = len(self._schema.series)
        if width > 2 * len(series) + 200:  # mostly series that are gone: begin anew with those that live
            for level in self._levels:
                level.roll()
            self._schema = Schema()
        for page in pages:
            self._schema.kinds.update(page.kinds)
            self._schema.helps.update(page.helps)
        self._page_series = series
        self._columns = [self._schema.add(one) for one in series]
        self._straight = self._columns == list(range(len(self._schema.series)))
