"""Two benchmarks side by side: what was asked of them, and every figure of the loads that both measured. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from launcher.bench.loads import load_name
from launcher.bench.plan import Load
from launcher.bench.result import Bench, Point

Verdict = Literal["better", "worse", "same", "unknown"]
NOISE = 0.03
"""A difference up to this share is called the same: a second measurement of one server differs by as much."""


class Metric(NamedTuple):
    key: str
    title: str
    unit: str
    """ms (the values are seconds), req/s, tok/s, or nothing"""
    more_is_better: bool
    value: Callable[[Point], float | None]


def _latency(key: str, title: str, *parts: str) -> tuple[Metric, ...]:
    def reader(part: str) -> Callable[[Point], float | None]:
        return lambda point: getattr(getattr(point, key), part)

    return tuple(Metric(f"{key}_{part}", f"{title} {part}", "ms", False, reader(part)) for part in parts)


METRICS: tuple[Metric, ...] = (
    Metric("request_rate", "requests", "req/s", True, lambda point: point.request_rate),
    Metric("output_rate", "output", "tok/s", True, lambda point: point.output_rate),
    Metric("total_rate", "input and output", "tok/s", True, lambda point: point.total_rate),
    Metric("goodput", "goodput", "req/s", True, lambda point: point.goodput),
    *_latency("ttft", "TTFT", "mean", "p50", "p99"),
    *_latency("tpot", "TPOT", "p50", "p99"),
    *_latency("itl", "ITL", "p50", "p99"),
    *_latency("e2e", "E2E", "p50", "p99"),
    Metric("failed", "failed", "", False, lambda point: None if point.failed is None else float(point.failed)),
)
"""What is compared, in the order of the rows."""


class Row(NamedTuple):
    """One figure at one load. ``a`` and ``b`` in seconds, requests or tokens a second."""

    load: Load
    metric: Metric
    a: float | None
    b: float | None
    change: float | None
    """Of b against a as a share: 0.1 is 10 % more; None when it cannot be said."""
    verdict: Verdict
    """Of b, seen from a."""


class Difference(NamedTuple):
    """Something that was not the same for both, in words."""

    what: str
    a: str
    b: str


class Comparison(NamedTuple):
    a: Bench
    b: Bench
    differences: tuple[Difference, ...]
    rows: tuple[Row, ...]
    only_a: tuple[Load, ...] = ()
    """Loads that b did not measure."""
    only_b: tuple[Load, ...] = ()


def compare(a: Bench, b: Bench) -> Comparison:
    """b seen from a. Loads are matched by rate and bound of concurrency; when each has only one, these two are
    compared, and the difference of their loads is among the differences."""
    points_a = {point.load: point for point in a.points if point.completed}
    points_b = {point.load: point for point in b.points if point.completed}
    pairs = [(load, points_a[load], points_b[load]) for load in points_a if load in points_b]
    if not pairs and len(points_a) == len(points_b) == 1:
        ((load, first),), ((_, second),) = points_a.items(), points_b.items()
        pairs = [(load, first, second)]
    met_a, met_b = {pair[1].load for pair in pairs}, {pair[2].load for pair in pairs}
    return Comparison(
        a, b, differences(a, b), tuple(row for pair in pairs for row in _rows(*pair)),
        tuple(load for load in points_a if load not in met_a), tuple(load for load in points_b if load not in met_b),
    )  # fmt: skip


def _rows(load: Load, a: Point, b: Point) -> list[Row]:
    found = []
    for metric in METRICS:
        first, second = metric.value(a), metric.value(b)
        if first is None and second is None:
            continue
        change, verdict = judge(first, second, more_is_better=metric.more_is_better)
        found.append(Row(load, metric, first, second, change, verdict))
    return found


def judge(a: float | None, b: float | None, *, more_is_better: bool) -> tuple[float | None, Verdict]:
    """The change from a to b as a share, and whether b is better."""
    if a is None or b is None:
        return None, "unknown"
    if a == b:
        return 0.0, "same"
    change = None if a == 0 else (b - a) / a
    if change is not None and abs(change) <= NOISE:
        return change, "same"
    return change, "better" if (b > a) == more_is_better else "worse"


def differences(a: Bench, b: Bench) -> tuple[Difference, ...]:
    """Everything that was not the same: run, model, engine, client, goals, and the plan field by field."""
    pairs = [
        ("run", f"{a.run_name} #{a.run_id}", f"{b.run_name} #{b.run_id}"),
        ("model", a.model, b.model), ("engine", a.engine, b.engine), ("client", a.client, b.client),
        ("goals", _goals(a), _goals(b)), ("loads", _loads(a), _loads(b)),
        *((title, getattr(a.plan, name), getattr(b.plan, name)) for name, title in _FIELDS),
        *((f"--{name}", a.plan.options.get(name), b.plan.options.get(name))
          for name in sorted({*a.plan.options, *b.plan.options})),
    ]  # fmt: skip
    return tuple(Difference(what, _word(one), _word(two)) for what, one, two in pairs if one != two)


_FIELDS = (
    ("dataset", "data set"), ("path", "file"), ("prompts", "prompts"), ("input_len", "input length"),
    ("output_len", "output length"), ("range_ratio", "range ratio"), ("prefix_len", "prefix length"),
    ("burstiness", "burstiness"), ("seed", "seed"), ("route", "route"), ("warmups", "warmups"),
    ("temperature", "temperature"),
)  # fmt: skip


def _goals(bench: Bench) -> str | None:
    return ", ".join(f"{key} {limit_s * 1000:g} ms" for key, limit_s in bench.goals) or None


def _loads(bench: Bench) -> str:
    return ", ".join(map(load_name, bench.plan.loads))


def _word(value: object) -> str:
    return "-" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)
