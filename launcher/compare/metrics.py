"""The metrics of two runs while they served: what ``vdeck run metrics`` prints, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from launcher.compare import traffic
from launcher.compare.row import Row, Section, number_row
from launcher.compare.side import Side
from launcher.compare.traffic import Span
from launcher.metrics import names, report
from launcher.metrics.history import History
from launcher.metrics.measures import Measures
from launcher.metrics.rates import Grid
from launcher.metrics.report import Report

_ALIKE = 0.1
"""Traffic that differs by more than this share is another traffic."""


class Served(NamedTuple):
    """The figures of one run over the last time in which it served. Means of gauges are over that time."""

    span: Span
    report: Report
    kv: float | None
    kv_peak: float | None
    running: float | None
    waiting: float | None
    prompt_tokens: float | None
    """Of a request that finished, the mean."""
    answer_tokens: float | None

    def latency(self, key: str, part: str) -> float | None:
        """``p50``, ``p95``, ``p99`` or ``mean`` of ttft, itl, tpot or e2e, in seconds."""
        value: float | None = getattr(dict(self.report.latencies)[key], part)
        return value

    def mean(self, key: str) -> float | None:
        """The mean of queue, prefill or decode, in seconds."""
        return dict(self.report.times)[key]


class Metric(NamedTuple):
    label: str
    unit: str
    more_is_better: bool | None
    """None: neither."""
    value: Callable[[Served], float | None]
    group: str = ""


def _latencies(key: str, title: str) -> tuple[Metric, ...]:
    def reader(part: str) -> Callable[[Served], float | None]:
        return lambda served: served.latency(key, part)

    return tuple(Metric(f"{title} {part}", "s", False, reader(part), "Latency") for part in ("p50", "p95", "p99"))


METRICS: tuple[Metric, ...] = (
    Metric("Served for", "span", None, lambda served: (served.span.end_ms - served.span.begin_ms) / 1000, "Window"),
    Metric("Up to", "moment", None, lambda served: served.span.end_ms / 1000, "Window"),
    Metric("Under traffic", "ratio", None, lambda served: served.span.busy, "Window"),
    Metric("Requests", "req/s", True, lambda served: served.report.figures.requests_ps, "Throughput"),
    Metric("Generation", "tok/s", True, lambda served: served.report.figures.gen_tps, "Throughput"),
    Metric("Prompt", "tok/s", True, lambda served: served.report.figures.prompt_tps, "Throughput"),
    *_latencies("ttft", "TTFT"),
    *_latencies("itl", "ITL"),
    *_latencies("tpot", "TPOT"),
    *_latencies("e2e", "E2E"),
    Metric("Time in queue", "s", False, lambda served: served.mean("queue"), "Latency"),
    Metric("Prefill", "s", False, lambda served: served.mean("prefill"), "Latency"),
    Metric("Decode", "s", False, lambda served: served.mean("decode"), "Latency"),
    Metric("Running", "", None, lambda served: served.running, "Load"),
    Metric("Waiting", "", False, lambda served: served.waiting, "Load"),
    Metric("KV cache", "ratio", False, lambda served: served.kv, "Load"),
    Metric("KV cache, peak", "ratio", False, lambda served: served.kv_peak, "Load"),
    Metric("Prefix cache hits", "ratio", True, lambda served: served.report.figures.prefix_hit, "Load"),
    Metric("Preemptions", "/s", False, lambda served: served.report.figures.preemptions_ps, "Load"),
    Metric("Errors and aborts", "ratio", False, lambda served: served.report.error_share, "Load"),
    Metric("Tokens of a prompt", "", None, lambda served: served.prompt_tokens, "Requests"),
    Metric("Tokens of an answer", "", None, lambda served: served.answer_tokens, "Requests"),
)
"""What is compared, in the order of the rows."""


def section(a: Side, b: Side, window_s: int) -> Section:
    """The figures over the last ``window_s`` seconds in which each served."""
    first, second = served(a.history, window_s), served(b.history, window_s)
    says = [said for word, side, found in (("A", a, first), ("B", b, second)) if (said := _why(word, side, found))]
    if first is None and second is None:
        return Section("metrics", tuple(says))
    return Section("metrics", tuple(says), _warnings(first, second), tuple(_row(one, first, second) for one in METRICS))


def _row(metric: Metric, a: Served | None, b: Served | None) -> Row:
    one, two = (None if found is None else metric.value(found) for found in (a, b))
    row = number_row(metric.label, one, two, metric.unit, more_is_better=metric.more_is_better, group=metric.group)
    return row._replace(verdict="unknown", change=None) if metric.group == "Window" else row


def served(history: History | None, window_s: int) -> Served | None:
    """The figures of the last ``window_s`` seconds in which the run served; None when it never did."""
    span = traffic.last_served(history, window_s * 1000) if history is not None else None
    if history is None or span is None:
        return None
    length_s = max(1, round((span.end_ms - span.begin_ms) / 1000))
    found = report.make(history, now_ms=span.end_ms, window_s=length_s)
    range_ms = round(found.window_s * 1000)
    window = history.window(span.end_ms - range_ms - 4 * history.interval_ms, span.end_ms)
    at_end = Measures(Grid(window, (span.end_ms,), range_ms))
    return Served(
        span,
        found,
        traffic.averaged(window, names.KV_CACHE, span.begin_ms, mean=True),
        traffic.highest(window, names.KV_CACHE, span.begin_ms, mean=True),
        traffic.averaged(window, names.RUNNING, span.begin_ms),
        traffic.averaged(window, names.WAITING, span.begin_ms),
        at_end.mean(names.PROMPT_LENGTH)[0],
        at_end.mean(names.GENERATION_LENGTH)[0],
    )


def _why(word: str, side: Side, found: Served | None) -> str:
    """Why there are no figures of a run; nothing when there are."""
    if found is not None:
        return ""
    if side.history is None or side.history.latest_ms is None:
        live = side.run.live
        return f"{word} has no metrics {'yet: nothing was scraped so far' if live else 'recorded'}."
    return f"{word} served no request in what was recorded."


def _warnings(a: Served | None, b: Served | None) -> tuple[str, ...]:
    """One sentence when the two had another traffic."""
    if a is None or b is None:
        return ()
    rates = _other("requests a second", a.report.figures.requests_ps, b.report.figures.requests_ps)
    at_a_time = _other("requests at a time", a.running, b.running)
    # who keeps as many requests going gets a rate that is a result; who keeps a rate has as many as the server needs
    other = [rates, at_a_time] if rates and at_a_time else []
    other += [
        _other("tokens of a prompt", a.prompt_tokens, b.prompt_tokens),
        _other("tokens of an answer", a.answer_tokens, b.answer_tokens),
    ]
    between = ", ".join(filter(None, other))
    if not between:
        return ()
    return (f"The traffic differed (A / B: {between}): rates follow it, and latencies cannot be compared as they are.",)


def _other(what: str, a: float | None, b: float | None) -> str:
    """``what A / B`` when the two are not about the same; nothing when they are, or when one is unknown."""
    if a is None or b is None or abs(a - b) <= _ALIKE * max(a, b):
        return ""
    return f"{what} {a:.3g} / {b:.3g}"
