"""What the server counts, read before and after a load: the proof of who else was there. Pure but for the fetch."""

from __future__ import annotations

from typing import NamedTuple

from launcher.metrics import names
from launcher.metrics.exposition import ExpositionError, Page, Parser
from launcher.metrics.http import HttpError
from launcher.metrics.scrape import Scraper


class Counters(NamedTuple):
    """Sums over all engines of the server; None: it does not have this figure."""

    running: float | None = None
    waiting: float | None = None
    finished: float | None = None
    """Requests, since its start."""
    preemptions: float | None = None
    hits: float | None = None
    queries: float | None = None
    """Of the prefix cache, since its start."""

    @property
    def busy(self) -> int | None:
        """Requests that run or wait; None when the server does not say."""
        if self.running is None:
            return None
        return int(self.running + (self.waiting or 0))


def of_page(page: Page) -> Counters:
    """The counters of one page."""
    sums: dict[str, float] = {}
    for series, value in zip(page.series, page.values):
        if names.is_vllm(series.name):
            sums[series.name] = sums.get(series.name, 0.0) + value

    def first(find: str | None) -> float | None:
        return None if find is None else sums.get(find)

    has = sums.__contains__
    return Counters(
        first(names.gauge(names.RUNNING, has)), first(names.gauge(names.WAITING, has)),
        first(names.counter(names.FINISHED, has)), first(names.counter(names.PREEMPTIONS, has)),
        first(names.counter(names.PREFIX_HITS, has)), first(names.counter(names.PREFIX_QUERIES, has)),
    )  # fmt: skip


class CounterReader:
    """Reads the counters of one server again and again."""

    def __init__(self, scraper: Scraper) -> None:
        self._scraper = scraper
        self._parser = Parser()

    def read(self) -> Counters:
        """The counters now; all None when the server does not answer."""
        try:
            return of_page(self._parser.parse(self._scraper.get()))
        except (OSError, HttpError, ExpositionError):
            return Counters()
