"""The recorded metrics of one run, read: by the screen, the command line, and by vdeck on another node."""

from __future__ import annotations

import threading
from operator import sub

from .levels import LEVELS
from .reader import Cache, LevelReader
from .records import Event
from .window import Window

_RECENT = 20
_SAMPLES = 3.2
"""A thinner level is read when so many of its samples fit between two points. The range of a rate is four samples (see
``catalog``), so it is at most a quarter longer than the distance of the points; and a chart as wide as a terminal, of a
whole day, is read from 1,440 samples instead of 8,640."""


class History:
    """Follows the store in ``folder``, which need not exist yet. Never raises. Threads may share it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._cache = Cache()
        self._levels = [LevelReader(folder, level, self._cache) for level in LEVELS]
        self._raw = self._levels[0]
        self._lock = threading.RLock()

    def refresh(self) -> bool:
        """Take in what was recorded since the last call: a few system calls. Whether there was anything new."""
        with self._lock:
            return self._raw.refresh()

    @property
    def latest_ms(self) -> int | None:
        """When the newest sample was taken; None without any."""
        with self._lock:
            return self._raw.last_ms

    @property
    def earliest_ms(self) -> int | None:
        """When the oldest sample that is still there was taken, on any level; None without any."""
        with self._lock:
            for level in self._levels[1:]:
                level.refresh()
            firsts = [level.first_ms for level in self._levels]
        return min((first for first in firsts if first is not None), default=None)

    @property
    def interval_ms(self) -> int:
        """The usual time between two samples: the median of the last twenty; 1000 while that cannot be said."""
        with self._lock:
            times = self._raw.last_times(_RECENT)
        steps = sorted(map(sub, times[1:], times))
        return steps[len(steps) // 2] if steps else 1000

    @property
    def damaged(self) -> int:
        """Blocks that could not be read so far."""
        return self._cache.damaged

    def window(self, start_ms: int, end_ms: int, *, step_ms: int = 0) -> Window:
        """What was recorded from ``start_ms`` to ``end_ms`` (both included).

        ``step_ms``: how far apart the points of a chart will be. A thinner level is read when about four of its samples
        fit into one step, or when only a thinner one still has the beginning. 0: every sample that is still there.
        """
        with self._lock:
            return self._window(start_ms, end_ms, step_ms)

    def _window(self, start_ms: int, end_ms: int, step_ms: int) -> Window:
        interval = self.interval_ms
        reader = self._choose(start_ms, step_ms)
        pieces = reader.pieces(start_ms, end_ms)
        if reader is not self._raw:  # a thinner level lags behind: the newest sample is in the raw one
            last, newest = reader.last_ms, self._raw.last_ms
            if newest is not None and (last is None or newest > last) and start_ms <= newest <= end_ms:
                pieces += self._raw.pieces(newest, newest)
        return Window(start_ms, end_ms, max(interval, reader.level.cell_ms), pieces)

    def marks(self, start_ms: int, end_ms: int) -> tuple[Event, ...]:
        """What happened from ``start_ms`` to ``end_ms``: restart, ready, benchmark, …; not the gaps."""
        events = self.window(start_ms, end_ms, step_ms=end_ms - start_ms).events
        return tuple(event for event in events if event.kind != "gap")

    def _choose(self, start_ms: int, step_ms: int) -> LevelReader:
        chosen = self._raw
        for level in self._levels[1:]:
            cell = level.level.cell_ms
            fits = cell * _SAMPLES <= step_ms
            if not fits and chosen.first_ms is not None and chosen.first_ms <= start_ms:
                break
            level.refresh()
            if level.first_ms is None:
                continue
            if fits or chosen.first_ms is None or level.first_ms + 2 * cell < chosen.first_ms:
                chosen = level
        return chosen
