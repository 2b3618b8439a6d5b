"""Older history for charts, read from Prometheus without ever keeping the charts waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from launcher.errors import VdeckError
from launcher.metrics.catalog import Charts, moments
from launcher.metrics.terms import Term
from launcher.prometheus import choice, fetch, older, service
from launcher.prometheus.older import Earlier, Key
from launcher.prometheus.query import Client
from launcher.runs import listing
from launcher.runs.view import RunView

FRESH_S = 300.0
"""The past does not change; but a Prometheus may be configured or started meanwhile."""
RETRY_S = 30.0
QUERY_S = 5.0
"""For one question: days of buckets take Prometheus a moment."""
_KEPT = 8


class Want(NamedTuple):
    """One stretch of one run's past."""

    run: RunView
    start_ms: int
    end_ms: int
    step_ms: int
    terms: Mapping[Key, Term]


class Got(NamedTuple):
    """What came of asking. ``url`` None: there is no Prometheus; ``problem``: why nothing came."""

    start_ms: int
    end_ms: int
    until: float
    """Until when this need not be asked again, on the monotonic clock."""
    url: str | None = None
    earlier: Earlier | None = None
    problem: VdeckError | None = None


class OlderCharts:
    """Keeps what it was told. ``extend`` may be called by one thread at a time; it asks in a thread of its own."""

    def __init__(self, *, patience_s: float = 0.0) -> None:
        """``patience_s``: how long ``extend`` waits for an answer; with 0 the charts have it a moment later."""
        self._patience_s = patience_s
        self._got: dict[tuple[str, int, int], Got] = {}
        self._asking: dict[tuple[str, int, int], threading.Thread] = {}

    def extend(self, charts: Charts, run: RunView, *, points: int, begin_ms: int | None) -> Charts:
        """The charts, filled to the left of ``begin_ms`` (``History.earliest_ms``) with what Prometheus has. ``points``
        is what the charts were made with. Never raises: ``Charts.older`` says what went wrong."""
        times = moments(charts.start_ms, charts.end_ms, points)
        step_ms = max((times[-1] - times[0]) // (len(times) - 1), 1)
        start_ms = since(run, charts.start_ms, step_ms)
        end_ms = charts.end_ms if begin_ms is None else min(begin_ms + older.seam_ms(step_ms), charts.end_ms)
        if begin_ms is not None and begin_ms - start_ms <= step_ms:
            return charts
        key = (run.id, charts.end_ms - charts.start_ms, points)
        got = self._got.get(key)
        if got is None or not _covers(got, start_ms, end_ms, step_ms):
            self._ask(key, Want(run, start_ms, end_ms, step_ms, older.wanted(charts)))
            got = self._got.get(key)
        if got is None or got.url is None:
            return charts._replace(older=got.problem.sentence()) if got is not None and got.problem else charts
        if got.earlier is None:
            return charts._replace(older=got.problem.sentence() if got.problem else None)
        extended = older.extend(charts, got.earlier, times=times, begin_ms=begin_ms)
        return charts if extended is charts else extended._replace(older=f"older history from {got.url}")

    def _ask(self, key: tuple[str, int, int], want: Want) -> None:
        thread = self._asking.get(key)
        if thread is None or not thread.is_alive():
            if len(self._got) > _KEPT:
                self._got.clear()
            thread = self._asking[key] = threading.Thread(target=self._fetch, args=(key, want), daemon=True)
            thread.start()
        if self._patience_s:
            thread.join(self._patience_s)

    def _fetch(self, key: tuple[str, int, int], want: Want) -> None:
        self._got[key] = look(want)


def look(want: Want) -> Got:
    """Ask now. Blocks for some seconds at the most."""
    got = Got(want.start_ms, want.end_ms, time.monotonic() + FRESH_S)
    try:
        runs = listing.load_all()
        url = service.address(runs)
        if url is None:
            return got._replace(until=time.monotonic() + RETRY_S)
        got = got._replace(url=url)
        own = service.ours(runs)
        with Client(url, token=choice.token(), timeout_s=QUERY_S) as client:
            ours = own is not None and own.url == url
            known = fetch.source(client, want.run, want.start_ms, want.end_ms, own=ours)
            if known is None:
                return got._replace(earlier=Earlier(want.step_ms, {}))
            found = fetch.earlier(client, known, want.terms, want.start_ms, want.end_ms, want.step_ms)
            return got._replace(earlier=found)
    except VdeckError as error:
        return got._replace(problem=error, until=time.monotonic() + RETRY_S)
    except Exception as error:
        # a fault of ours must not leave the screen without its own charts
        problem = VdeckError(f"older history could not be read: {type(error).__name__}: {error}")
        return got._replace(problem=problem, until=time.monotonic() + RETRY_S)


def since(run: RunView, start_ms: int, step_ms: int) -> int:
    """When to begin to look back: a run of ours has no past before it was made, though another one may have had its
    port. A whole number of steps behind ``start_ms``."""
    if run.attached or run.created is None:
        return start_ms
    late = int(run.created * 1000) - start_ms
    return start_ms if late <= 0 else start_ms + -(-late // step_ms) * step_ms


def _covers(got: Got, start_ms: int, end_ms: int, step_ms: int) -> bool:
    """The window slides to the right, and so does the beginning of our own history when it is thinned out."""
    return time.monotonic() < got.until and got.start_ms <= start_ms + step_ms and end_ms <= got.end_ms + step_ms
