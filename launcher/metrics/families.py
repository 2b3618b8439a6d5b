"""Every family of metrics that a server has, for people who look for one: also those that no chart of ours shows."""

from __future__ import annotations

from typing import Final, NamedTuple

from . import names
from .exposition import bare
from .history import History
from .measures import Measures
from .panels import MAX_LINES, QUANTILES, Line, Spec
from .rates import Grid
from .series import SUFFIXES, Series
from .terms import Gauge, Mean, Quantile, Rate, Scaled, Term
from .window import Window

KEY: Final = "metric:"
"""The key of the panel of a family begins with it."""
_RANGE_MS: Final = 60_000
_SPREAD: Final = frozenset({"histogram", "gaugehistogram"})
_WITH_COUNT: Final = _SPREAD | {"summary"}
_UNITS: Final = (("_seconds", "s"), ("_bytes", "B"), ("_hertz", "Hz"), ("_watts", "W"), ("_celsius", "°C"))


class Family(NamedTuple):
    """``name`` and ``help`` are text from outside."""

    name: str
    """As the server writes it: a counter with ``_total``, a histogram without ``_bucket``."""
    kind: str
    help: str
    series_count: int
    current: float | None
    """Now: a gauge's sum over its series, a counter's increase a second, a histogram's mean, over the last minute."""
    unit: str
    """Of ``current`` and of its chart: ``s``, ``B``, ``%``, ``tok/s``, ``1/s``, … or empty."""


def families(history: History, now_ms: int) -> tuple[Family, ...]:
    """All families of the last minute before ``now_ms``, in the order of the page; empty when there is no sample."""
    window = history.window(now_ms - _RANGE_MS - 4 * history.interval_ms, now_ms)
    measures = Measures(Grid(window, (now_ms,), _RANGE_MS))
    found: dict[str, str] = {}
    for name in window.names():
        kind = _kind(name, window)
        found.setdefault(_family(name, kind), kind)
    return tuple(_described(family, kind, window, measures) for family, kind in found.items())


def specs(window: Window, wanted: tuple[str, ...]) -> tuple[Spec, ...]:
    """A panel for each of these families. One that the server does not have gets a panel that says so."""
    return tuple(_spec(family, window) for family in wanted)


def _described(family: str, kind: str, window: Window, measures: Measures) -> Family:
    samples = f"{family}_count" if kind in _WITH_COUNT else family
    tracks = window.select(samples)
    term = _whole_term(family, kind)
    current = term.values(measures)[0]
    return Family(family, kind, window.help(bare(family)) or "", len(tracks), current, _unit(family, kind))


def _kind(name: str, window: Window) -> str:
    """The type of a sample name; by its form where the server does not say (a relay may drop the TYPE lines)."""
    kind = window.kind(name)
    if kind in ("untyped", "unknown"):
        if any(name.endswith(suffix) and window.has(f"{name[: -len(suffix)]}_bucket") for suffix in SUFFIXES):
            return "histogram"
        if name.endswith("_total"):
            return "counter"
    return kind


def _family(name: str, kind: str) -> str:
    if kind in _WITH_COUNT:
        suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
        return name[: len(name) - len(suffix)]
    return name


def _whole_term(family: str, kind: str) -> Term:
    """A family as one figure."""
    alias = (names.whole(family),)
    if kind in _WITH_COUNT:
        return Mean(alias)
    return _scaled(
        family, kind, Rate((names.whole(family.removesuffix("_total")),)) if kind == "counter" else Gauge(alias)
    )


def _scaled(family: str, kind: str, term: Term) -> Term:
    return Scaled(term, 100) if _unit(family, kind) == "%" else term


def _spec(family: str, window: Window) -> Spec:
    forms = (family, f"{family}_bucket", f"{family}_count")
    kind = next((_kind(name, window) for name in forms if window.has(name)), "")
    if kind in _SPREAD:
        alias = (names.whole(family),)
        lines = [*(Line(name, Quantile(alias, q)) for q, name in QUANTILES), Line("mean", Mean(alias))]
    elif kind == "summary":
        lines = [Line("mean", _whole_term(family, kind))]
    else:
        lines = _of_series(family, kind, window)
    return Spec(KEY + family, family, _unit(family, kind), tuple(lines), "no value in this window")


def _of_series(family: str, kind: str, window: Window) -> list[Line]:
    """A line for each series, named by the labels in which they differ."""
    series = [track.series for track in window.select(family)][:MAX_LINES]
    alias = (names.whole(family.removesuffix("_total") if kind == "counter" else family),)
    lines = []
    for one, name in zip(series, _names(series)):
        term: Term = Rate(alias, one.labels) if kind == "counter" else Gauge(alias, labels=one.labels)
        lines.append(Line(name, _scaled(family, kind, term)))
    return lines


def _names(series: list[Series]) -> list[str]:
    differing = [
        key
        for key in dict.fromkeys(key for one in series for key, _ in one.labels)
        if len({one.label(key) for one in series}) > 1
    ]
    if not differing:
        return ["value"] * len(series)
    return [" ".join(one.label(key, "-") for key in differing) for one in series]


def _unit(family: str, kind: str) -> str:
    """By the name, as Prometheus' naming rules have it. A counter is charted as a rate."""
    stem = family.removesuffix("_total")
    if kind == "counter":
        return "tok/s" if stem.endswith("_tokens") else "B/s" if stem.endswith("_bytes") else "1/s"
    if stem.endswith(("_perc", "_ratio")):
        return "%"
    if stem.endswith("_tokens"):
        return "tok"
    return next((unit for ending, unit in _UNITS if stem.endswith(ending)), "")
