"""The last minutes of a few histograms, kept small: what a supervisor judges goals by without reading its own store.

Every few seconds the cumulative buckets of a page are added up over the engines, resets corrected series by series (as
``rate`` does before ``sum by (le)``), and kept; the difference of two of these is what was observed between them.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from . import names
from .exposition import Page
from .promql import Bucket
from .series import Series


class _Kept(NamedTuple):
    at: float
    sums: dict[str, array[float]]


class _Column(NamedTuple):
    column: int
    """In the page."""
    bound: int
    """In the bounds of its histogram."""


class BucketRing:
    """``families``: names (aliases) of histograms by a key of the caller's. Times are monotonic seconds."""

    def __init__(self, families: Mapping[str, tuple[str, ...]], *, span_s: float, every_s: float) -> None:
        self._families = families
        self._span_s = span_s
        self._every_s = every_s
        self.clear()

    def clear(self) -> None:
        """Forget everything: another process answers from now on."""
        self._series: list[Series] = []
        self._columns: dict[str, list[_Column]] = {}
        self._bounds: dict[str, tuple[float, ...]] = {}
        self._last: dict[Series, float] = {}
        self._sums: dict[str, array[float]] = {}
        self._kept: deque[_Kept] = deque()

    def add(self, page: Page, now: float) -> bool:
        """Take the page when it is time for one; whether it was."""
        if self._kept and now - self._kept[-1].at < self._every_s:
            return False
        if page.series != self._series:  # the same objects while the page is steady: quick
            self._learn(page)
        for key, columns in self._columns.items():
            sums = self._sums[key]
            for column, bound in columns:
                series, value = page.series[column], page.values[column]
                before = self._last.get(series)
                self._last[series] = value
                if before is not None:  # the first value of a series has nothing to be compared with
                    sums[bound] += value if value < before else value - before
        self._kept.append(_Kept(now, {key: sums[:] for key, sums in self._sums.items()}))
        while now - self._kept[0].at > self._span_s:
            self._kept.popleft()
        return True

    @property
    def span_s(self) -> float:
        """How long a time it holds now."""
        return self._kept[-1].at - self._kept[0].at if self._kept else 0.0

    def buckets(self, key: str) -> list[Bucket]:
        """What the histogram observed in the time that is held, cumulative by upper bound; empty: it is not there."""
        if not self._kept or key not in self._bounds:
            return []
        newest, width = self._kept[-1].sums[key], len(self._bounds[key])
        first = next((kept.sums[key] for kept in self._kept if len(kept.sums.get(key, ())) == width), newest)
        return [(bound, new - old) for bound, new, old in zip(self._bounds[key], newest, first)]

    def _learn(self, page: Page) -> None:
        """Find the buckets on a page whose series changed; a histogram with new bounds begins anew."""
        self._series = page.series
        by_name: dict[str, list[int]] = {}
        for column, series in enumerate(page.series):
            if series.name.endswith("_bucket"):
                by_name.setdefault(series.name, []).append(column)
        self._columns = {}
        for key, aliases in self._families.items():
            family = names.histogram(aliases, by_name.__contains__)
            columns = [c for c in by_name.get(f"{family}_bucket", ()) if page.series[c].le is not None]
            if not columns:
                continue
            bounds = tuple(sorted({page.series[column].le or 0.0 for column in columns}))
            if self._bounds.get(key) != bounds:
                self._bounds[key] = bounds
                self._sums[key] = array("d", bytes(8 * len(bounds)))
                for kept in self._kept:
                    kept.sums.pop(key, None)
            index = {bound: place for place, bound in enumerate(bounds)}
            self._columns[key] = [_Column(column, index[page.series[column].le or 0.0]) for column in columns]
