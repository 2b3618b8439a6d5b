"""What a line of a chart is made of. Every term can be worked out of a window, and be written as a PromQL expression.

One table of terms (``panels``) therefore feeds the charts, the Grafana dashboard, and the tests that compare both with
a real Prometheus. An expression uses the metric names of today's vLLM, with the older ones behind ``or``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from . import names
from .measures import Measures, Values
from .window import Window

Labels = tuple[tuple[str, str], ...]


class Term(Protocol):
    def present(self, window: Window) -> bool:
        """Whether the server has the metrics for it."""
        ...

    def values(self, measures: Measures) -> Values:
        """One value for each point; None where nothing is known."""
        ...

    def promql(self, selector: str, window: str) -> str | None:
        """The same in PromQL. ``selector``: label matchers without braces, e.g. ``run="4711"``, or empty;
        ``window``: the range of rates, e.g. ``60s``. None: Prometheus does not have it (GPU figures)."""
        ...


class Gauge(NamedTuple):
    """The newest sample, summed over the engines, or their mean (``mean``)."""

    aliases: tuple[str, ...]
    mean: bool = False
    labels: Labels = ()

    def present(self, window: Window) -> bool:
        return names.gauge(self.aliases, window.has) is not None

    def values(self, measures: Measures) -> Values:
        return measures.gauge(self.aliases, mean=self.mean, **dict(self.labels))

    def promql(self, selector: str, window: str) -> str | None:
        how = "avg" if self.mean else "sum"
        return _either(self.aliases, lambda name: f"{how}({name}{_braces(selector, self.labels)})")


class Rate(NamedTuple):
    """A counter a second, summed over the engines."""

    aliases: tuple[str, ...]
    labels: Labels = ()

    def present(self, window: Window) -> bool:
        return names.counter(self.aliases, window.has) is not None

    def values(self, measures: Measures) -> Values:
        return measures.rate(self.aliases, **dict(self.labels))

    def promql(self, selector: str, window: str) -> str | None:
        braces = _braces(selector, self.labels)
        return _either(self.aliases, lambda name: f"sum(rate({name}_total{braces}[{window}]))")


class Quantile(NamedTuple):
    """A quantile of a histogram, buckets summed over the engines."""

    aliases: tuple[str, ...]
    q: float

    def present(self, window: Window) -> bool:
        return names.histogram(self.aliases, window.has) is not None

    def values(self, measures: Measures) -> Values:
        return measures.quantiles(self.aliases, (self.q,))[0]

    def promql(self, selector: str, window: str) -> str | None:
        return _either(self.aliases, lambda name: f"histogram_quantile({self.q:g}, {_buckets(name, selector, window)})")


class Within(NamedTuple):
    """The share (0 to 1) of what a histogram observed that is at most ``limit``, linear inside a bucket."""

    aliases: tuple[str, ...]
    limit: float

    def present(self, window: Window) -> bool:
        return names.histogram(self.aliases, window.has) is not None

    def values(self, measures: Measures) -> Values:
        return measures.within(self.aliases, self.limit)

    def promql(self, selector: str, window: str) -> str | None:
        return _either(
            self.aliases, lambda name: f"histogram_fraction(0, {self.limit:g}, {_buckets(name, selector, window)})"
        )


class Mean(NamedTuple):
    """The mean of what a histogram observed: rate of the sum by rate of the count."""

    aliases: tuple[str, ...]

    def present(self, window: Window) -> bool:
        return names.summary(self.aliases, window.has) is not None

    def values(self, measures: Measures) -> Values:
        return measures.mean(self.aliases)

    def promql(self, selector: str, window: str) -> str | None:
        range_ = f"{_braces(selector)}[{window}]"
        return _either(self.aliases, lambda name: f"sum(rate({name}_sum{range_})) / sum(rate({name}_count{range_}))")


class Ratio(NamedTuple):
    """One term by another; None where the second is nothing."""

    part: Term
    whole: Term

    def present(self, window: Window) -> bool:
        return self.part.present(window) and self.whole.present(window)

    def values(self, measures: Measures) -> Values:
        pairs = zip(self.part.values(measures), self.whole.values(measures))
        return [part / whole if part is not None and whole else None for part, whole in pairs]

    def promql(self, selector: str, window: str) -> str | None:
        part, whole = self.part.promql(selector, window), self.whole.promql(selector, window)
        return None if part is None or whole is None else f"({part}) / ({whole})"


class Scaled(NamedTuple):
    """``factor * term + offset``: shares as per cent, a length counted from one."""

    term: Term
    factor: float
    offset: float = 0.0

    def present(self, window: Window) -> bool:
        return self.term.present(window)

    def values(self, measures: Measures) -> Values:
        return [None if value is None else self.factor * value + self.offset for value in self.term.values(measures)]

    def promql(self, selector: str, window: str) -> str | None:
        inner = self.term.promql(selector, window)
        if inner is None:
            return None
        scaled = f"({inner})" if self.factor == 1 else f"{self.factor:g} * ({inner})"
        return f"{scaled} + {self.offset:g}" if self.offset else scaled


class FirstOf(NamedTuple):
    """The first term whose metrics are there: what older servers tell in another way."""

    terms: tuple[Term, ...]

    def present(self, window: Window) -> bool:
        return any(term.present(window) for term in self.terms)

    def values(self, measures: Measures) -> Values:
        for term in self.terms:
            if term.present(measures.window):
                return term.values(measures)
        return self.terms[0].values(measures)

    def promql(self, selector: str, window: str) -> str | None:
        found = [text for term in self.terms if (text := term.promql(selector, window)) is not None]
        return " or ".join(f"({text})" for text in found) if len(found) > 1 else next(iter(found), None)


class Adapters(NamedTuple):
    """How many LoRA adapters a label of ``lora_requests_info`` lists; its newest series (by value) is the valid one."""

    label: str

    def present(self, window: Window) -> bool:
        return names.gauge(names.LORA, window.has) is not None

    def values(self, measures: Measures) -> Values:
        return measures.listed(names.LORA, self.label)

    def promql(self, selector: str, window: str) -> str | None:
        return None  # PromQL cannot count the words of a label


def by_label(term: Gauge | Rate, label: str, selector: str, window: str) -> str | None:
    """A gauge or a rate for each value of a label, in PromQL."""
    braces = _braces(selector, term.labels)
    if isinstance(term, Rate):
        return _either(term.aliases, lambda name: f"sum by ({label}) (rate({name}_total{braces}[{window}]))")
    how = "avg" if term.mean else "sum"
    return _either(term.aliases, lambda name: f"{how} by ({label}) ({name}{braces})")


def by_bucket(aliases: tuple[str, ...], selector: str, window: str) -> str | None:
    """The cumulative buckets of a histogram, observations a second, in PromQL: what a heat map takes."""
    return _either(aliases, lambda name: _buckets(name, selector, window))


def _either(aliases: tuple[str, ...], write: Callable[[str], str]) -> str | None:
    """The expression for every alias, joined by ``or``; None for what only vdeck itself records."""
    known = [name for alias in aliases if (name := names.written(alias)) is not None]
    found = [write(name) for name in known]
    return " or ".join(f"({text})" for text in found) if len(found) > 1 else next(iter(found), None)


def _buckets(name: str, selector: str, window: str) -> str:
    return f"sum by (le) (rate({name}_bucket{_braces(selector)}[{window}]))"


def _braces(selector: str, labels: Labels = ()) -> str:
    inner = ",".join([*([selector] if selector else []), *(f'{key}="{_quoted(value)}"' for key, value in labels)])
    return f"{{{inner}}}" if inner else ""


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
