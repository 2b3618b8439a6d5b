"""The few numbers of a page by which a server's health is judged, for each engine by itself.

One stuck engine of two must not hide behind the other, so nothing is summed here. Names of vLLM 0.5.4 to 0.33: what a
release does not have is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from . import names
from .exposition import Page
from .series import Series


class Vitals(NamedTuple):
    """One engine at one moment (monotonic seconds). Counters are raw: only their change means something."""

    at: float
    running: float | None = None
    waiting: float | None = None
    kv: float | None = None
    """Share of the KV cache blocks that running requests hold, 0 to 1."""
    generated: float | None = None
    prompted: float | None = None
    finished: float | None = None
    """Requests that ended by themselves. Aborts are left out: the API server counts them without its engine."""
    steps: float | None = None
    """Engine steps that gave out at least one token (``iteration_tokens_total``)."""
    preempted: float | None = None
    hits: float | None = None
    queries: float | None = None
    """Of the prefix cache, both in tokens."""


_GAUGES: Final = {"running": names.RUNNING, "waiting": names.WAITING, "kv": names.KV_CACHE}
_COUNTERS: Final = {
    "generated": names.GENERATION_TOKENS,
    "prompted": names.PROMPT_TOKENS,
    "finished": names.FINISHED,
    "preempted": names.PREEMPTIONS,
    "hits": names.PREFIX_HITS,
    "queries": names.PREFIX_QUERIES,
}


class VitalsReader:
    """Reads page after page of one server; where the numbers stand is found once for each set of series."""

    def __init__(self) -> None:
        self._series: list[Series] = []
        self._columns: dict[str, dict[str, list[int]]] = {}
        self._configs: dict[str, dict[str, str]] = {}

    def read(self, page: Page, at: float) -> dict[str, Vitals]:
        """The engines by their label (empty for a server that has none)."""
        if page.series != self._series:  # the same objects while the page is steady: quick
            self._learn(page)
        values = page.values
        return {
            engine: Vitals(at, **{field: sum(values[column] for column in at_) for field, at_ in columns.items()})
            for engine, columns in self._columns.items()
        }

    def config(self, engine: str) -> Mapping[str, str]:
        """The labels of ``cache_config_info`` on the last page; they differ from release to release."""
        return self._configs.get(engine, {})

    def _learn(self, page: Page) -> None:
        self._series = page.series
        by_name: dict[str, list[int]] = {}
        for column, series in enumerate(page.series):
            if names.is_vllm(series.name):
                by_name.setdefault(series.name, []).append(column)
        has = by_name.__contains__
        wanted = {field: names.gauge(aliases, has) for field, aliases in _GAUGES.items()}
        wanted |= {field: names.counter(aliases, has) for field, aliases in _COUNTERS.items()}
        steps = names.histogram(names.STEP_TOKENS, has)
        wanted["steps"] = None if steps is None else f"{steps}_count"
        self._columns = {}
        for field, name in wanted.items():
            for column in by_name.get(name or "", ()):
                series = page.series[column]
                if series.label("finished_reason") != "abort":
                    engine = self._columns.setdefault(series.label("engine"), {})
                    engine.setdefault(field, []).append(column)
        info = names.gauge(names.CACHE_CONFIG, has)
        self._configs = {
            page.series[column].label("engine"): dict(page.series[column].labels)
            for column in by_name.get(info or "", ())
        }
