"""The figures of one run as the table shows them: over the last minute, live."""

from __future__ import annotations

from typing import NamedTuple

from . import names
from .history import History
from .measures import Measures
from .rates import Grid

_SPARK_POINTS = 30
_SPARK_STEP_MS = 2000


class Figures(NamedTuple):
    """None is what is unknown: no sample yet, a gap, nothing observed. Times in seconds, shares from 0 to 1."""

    at_ms: int | None = None
    """When the newest sample was taken."""
    prompt_tps: float | None = None
    gen_tps: float | None = None
    running: float | None = None
    waiting: float | None = None
    kv: float | None = None
    """Share of the KV cache in use, the mean over the engines."""
    ttft_p50: float | None = None
    ttft_p95: float | None = None
    ttft_p99: float | None = None
    itl_p50: float | None = None
    itl_p95: float | None = None
    itl_p99: float | None = None
    e2e_p50: float | None = None
    e2e_p95: float | None = None
    e2e_p99: float | None = None
    requests_ps: float | None = None
    preemptions_ps: float | None = None
    prefix_hit: float | None = None
    """Share of the prompt tokens asked for that the prefix cache had."""
    spark: tuple[float | None, ...] = ()
    """Generated tokens a second over the last minute, one point every two seconds, oldest first."""


def current(history: History, *, now_ms: int, window_s: int = 60) -> Figures:
    """The figures at ``now_ms`` over the last ``window_s`` seconds of what ``history.refresh()`` has seen; over four
    scrapes at least, where they are further apart."""
    return _Look(history, now_ms, window_s).all()


def brief(history: History, *, now_ms: int, window_s: int = 60) -> Figures:
    """``current`` with only what the table of runs shows, for less than half of the work: the rest is None."""
    return _Look(history, now_ms, window_s).of_table()


class _Look:
    """One look at a history."""

    def __init__(self, history: History, now_ms: int, window_s: int) -> None:
        self._latest = history.latest_ms
        range_ms = max(window_s * 1000, 4 * history.interval_ms)
        reach_ms = max(range_ms, _SPARK_POINTS * _SPARK_STEP_MS)
        window = history.window(now_ms - reach_ms - 4 * history.interval_ms, now_ms)
        self._now = Measures(Grid(window, (now_ms,), range_ms))
        spark = tuple(range(now_ms - (_SPARK_POINTS - 1) * _SPARK_STEP_MS, now_ms + 1, _SPARK_STEP_MS))
        self._past = Measures(Grid(window, spark, max(4 * window.spacing_ms, _SPARK_STEP_MS)))

    def of_table(self) -> Figures:
        if self._latest is None:
            return Figures()
        now = self._now
        p50, p95, p99 = self._quantiles(names.TTFT)
        return Figures(
            at_ms=self._latest,
            gen_tps=now.generation_tps()[0],
            running=now.gauge(names.RUNNING)[0],
            waiting=now.gauge(names.WAITING)[0],
            kv=now.gauge(names.KV_CACHE, mean=True)[0],
            ttft_p50=p50,
            ttft_p95=p95,
            ttft_p99=p99,
            spark=tuple(self._past.generation_tps()),
        )

    def all(self) -> Figures:
        if self._latest is None:
            return Figures()
        now = self._now
        itl, e2e = self._quantiles(names.ITL), self._quantiles(names.E2E)
        return self.of_table()._replace(
            prompt_tps=now.prompt_tps()[0],
            itl_p50=itl[0],
            itl_p95=itl[1],
            itl_p99=itl[2],
            e2e_p50=e2e[0],
            e2e_p95=e2e[1],
            e2e_p99=e2e[2],
            requests_ps=now.rate(names.FINISHED)[0],
            preemptions_ps=now.rate(names.PREEMPTIONS)[0],
            prefix_hit=now.prefix_hit()[0],
        )

    def _quantiles(self, family: tuple[str, ...]) -> list[float | None]:
        return [values[0] for values in self._now.quantiles(family, (0.5, 0.95, 0.99))]
