"""What operators want to know, worked out of a window by vLLM's metric names: one value for each point of a grid."""

from __future__ import annotations

from collections.abc import Sequence

from . import names
from .rates import Buckets, Grid, averaged, bucket_rates, fractions, present, quantiles, rates, summed
from .window import Window

Values = list[float | None]


class Measures:
    """Sums over the engines of a server (counters, requests), or the mean (shares), as each figure needs it."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self.window: Window = grid.window
        self._unknown: Values = [None] * len(grid.points)
        self._buckets: dict[str, Buckets] = {}

    def gauge(self, aliases: tuple[str, ...], *, mean: bool = False, **labels: str) -> Values:
        """A gauge, summed (or averaged) over the engines."""
        name = names.gauge(aliases, self.window.has)
        columns = [present(track.values, self._grid) for track in self.window.select(name, **labels)] if name else []
        if not columns:
            return self._unknown
        return averaged(columns) if mean else summed(columns)

    def rate(self, aliases: tuple[str, ...], **labels: str) -> Values:
        """A counter a second, summed over the engines."""
        name = names.counter(aliases, self.window.has)
        return self._unknown if name is None else self._rates(name, **labels)

    def prompt_tps(self) -> Values:
        """Prompt tokens a second, cached ones included; from the old gauge when there is no counter."""
        return self._throughput(names.PROMPT_TOKENS, names.PROMPT_THROUGHPUT)

    def generation_tps(self) -> Values:
        """Generated tokens a second; from the old gauge when there is no counter."""
        return self._throughput(names.GENERATION_TOKENS, names.GENERATION_THROUGHPUT)

    def _throughput(self, counter: tuple[str, ...], gauge: tuple[str, ...]) -> Values:
        if names.counter(counter, self.window.has) is None:
            return self.gauge(gauge)
        return self.rate(counter)

    def prefix_hit(self) -> Values:
        """Prefix cache hits by queries over the range (tokens); from the old gauge when there are no counters."""
        hits, queries = self.rate(names.PREFIX_HITS), self.rate(names.PREFIX_QUERIES)
        if names.counter(names.PREFIX_QUERIES, self.window.has) is None:
            return self.gauge(names.PREFIX_HIT_RATE, mean=True)
        return [hit / asked if hit is not None and asked else None for hit, asked in zip(hits, queries)]

    def buckets(self, aliases: tuple[str, ...]) -> Buckets | None:
        """The buckets of a histogram over the range; None when the server does not have it."""
        family = names.histogram(aliases, self.window.has)
        if family is None:
            return None
        if family not in self._buckets:
            self._buckets[family] = bucket_rates(self.window.select(f"{family}_bucket"), self._grid)
        return self._buckets[family]

    def quantiles(self, aliases: tuple[str, ...], qs: Sequence[float]) -> list[Values]:
        """Quantiles of a histogram over the range, buckets summed over the engines; one list for each q."""
        buckets = self.buckets(aliases)
        return [self._unknown if buckets is None else quantiles(buckets, q) for q in qs]

    def within(self, aliases: tuple[str, ...], limit: float) -> Values:
        """The share (0 to 1) of what a histogram observed over the range that is at most ``limit``."""
        buckets = self.buckets(aliases)
        return self._unknown if buckets is None else fractions(buckets, limit)

    def mean(self, aliases: tuple[str, ...]) -> Values:
        """The mean of what a histogram observed over the range: rate of the sum by rate of the count."""
        family = names.summary(aliases, self.window.has)
        if family is None:
            return self._unknown
        sums, counts = self._rates(f"{family}_sum"), self._rates(f"{family}_count")
        return [part / count if part is not None and count else None for part, count in zip(sums, counts)]

    def listed(self, aliases: tuple[str, ...], label: str) -> Values:
        """How many names the label of an info gauge lists (joined by commas). Its value is the time at which it was
        set: of several series the newest is valid."""
        name = names.gauge(aliases, self.window.has)
        if name is None:
            return self._unknown
        tracks = self.window.select(name)
        counts = [float(len([word for word in track.series.label(label).split(",") if word])) for track in tracks]
        result: Values = []
        for values in zip(*(present(track.values, self._grid) for track in tracks)):
            known = [(value, count) for value, count in zip(values, counts) if value is not None]
            result.append(max(known)[1] if known else None)
        return result

    def _rates(self, name: str, **labels: str) -> Values:
        columns = [rates(track.values, self._grid) for track in self.window.select(name, **labels)]
        return summed(columns) if columns else self._unknown
