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
    """The figures at ``now_ms`` over the last ``window_s`` seconds of what ``history.refresh()`` has seen; over more
    when that is less than four scrape intervals, for a rate needs samples (Grafana's rule)."""
    latest = history.latest_ms
    if latest is None:
        return Figures()
    range_ms = max(window_s * 1000, 4 * history.interval_ms)
    reach_ms = max(range_ms, _SPARK_POINTS * _SPARK_STEP_MS)
    window = history.window(now_ms - reach_ms - 4 * history.interval_ms, now_ms)
    now = Measures(Grid(window, (now_ms,), range_ms))
    spark = tuple(range(now_ms - (_SPARK_POINTS - 1) * _SPARK_STEP_MS, now_ms + 1, _SPARK_STEP_MS))
    past = Measures(Grid(window, spark, max(4 * window.spacing_ms, _SPARK_STEP_MS)))
    ttft, itl, e2e = (
        [values[0] for values in now.quantiles(family, (0.5, 0.95, 0.99))]
        for family in (names.TTFT, names.ITL, names.E2E)
    )
    return Figures(
        at_ms=latest,
        prompt_tps=now.prompt_tps()[0],
        gen_tps=now.generation_tps()[0],
        running=now.gauge(names.RUNNING)[0],
        waiting=now.gauge(names.WAITING)[0],
        kv=now.gauge(names.KV_CACHE, mean=True)[0],
        ttft_p50=ttft[0],
        ttft_p95=ttft[1],
        ttft_p99=ttft[2],
        itl_p50=itl[0],
        itl_p95=itl[1],
        itl_p99=itl[2],
        e2e_p50=e2e[0],
        e2e_p95=e2e[1],
        e2e_p99=e2e[2],
        requests_ps=now.rate(names.FINISHED)[0],
        preemptions_ps=now.rate(names.PREEMPTIONS)[0],
        prefix_hit=now.prefix_hit()[0],
        spark=tuple(past.generation_tps()),
    )
