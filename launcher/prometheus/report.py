"""The report of a run over a window that begins before our own history: asked of Prometheus as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from launcher.metrics import names
from launcher.metrics.figures import Figures
from launcher.metrics.goals import FAMILIES, Goal
from launcher.metrics.panels import SPECS, Line
from launcher.metrics.promql import histogram_fraction
from launcher.metrics.report import FAILED, LATENCIES, QUANTILES, TIMES, Attained, Latency, Report
from launcher.metrics.terms import Mean, Quantile, Rate, Ratio, Scaled, Term
from launcher.prometheus import choice, fetch, service
from launcher.prometheus.query import Client, Vector
from launcher.prometheus.reader import QUERY_S, since
from launcher.runs import listing
from launcher.runs.view import RunView

Answers = Mapping[str, Sequence[Vector]]


def over(run: RunView, own: Report, *, now_ms: int, begin_ms: int) -> Report:
    """``own`` with every rate, quantile and share replaced by that over the whole window, as Prometheus has it; what is
    of this moment (running, waiting, KV cache, GPUs, sparkline) stays. ``begin_ms``: when our own history begins.

    ``own`` itself when our own history covers the window as far as the run is old, there is no Prometheus, or it has
    nothing older. Blocks for some seconds at the most. Raises VdeckError.
    """
    window_ms = round(own.window_s * 1000)
    start_ms = since(run, now_ms - window_ms, 1)
    if begin_ms <= start_ms + 1000:
        return own
    runs = listing.load_all()
    url = service.address(runs)
    if url is None:
        return own
    ours = service.ours(runs)
    with Client(url, token=choice.token(), timeout_s=QUERY_S) as client:
        known = fetch.source(client, run, start_ms, begin_ms, own=ours is not None and ours.url == url)
        if known is None:
            return own
        goals = tuple(one.goal for one in own.goals)
        answers = fetch.at_once(client, questions(known.selector, f"{window_ms}ms", goals), now_ms)
    return _filled(own, answers)._replace(source=url)


def questions(selector: str, window: str, goals: Sequence[Goal]) -> dict[str, str]:
    """All expressions of a report by a name of our own."""
    braces = f"{{{selector}}}[{window}]"
    found = {key: term.promql(selector, window) for key, term in _terms().items()}
    found["steps"] = f"sum(rate(vllm:{names.STEP_TOKENS[0]}_count{braces}))"
    found["finished"] = f"sum by (finished_reason) (rate(vllm:{names.FINISHED[0]}_total{braces}))"
    for goal in goals:  # not PromQL's histogram_fraction: Prometheus 2 has it for native histograms only
        for alias in FAMILIES[goal.key]:
            found[f"{goal.key} in {alias}"] = f"sum by (le) (rate({names.written(alias)}_bucket{braces}))"
    return {key: text for key, text in found.items() if text is not None}


def _terms() -> dict[str, Term]:
    charted = {(spec.key, item.name): item.term for spec in SPECS for item in spec.items if isinstance(item, Line)}
    found: dict[str, Term] = {
        "prompt_tps": charted["throughput", "prompt"],
        "gen_tps": charted["throughput", "generation"],
        "requests_ps": Rate(names.FINISHED),
        "preemptions_ps": Rate(names.PREEMPTIONS),
        "prefix_hit": Ratio(Rate(names.PREFIX_HITS), Rate(names.PREFIX_QUERIES)),
        "tokens_per_step": Mean(names.STEP_TOKENS),
        "accepted": Ratio(Rate(names.SPEC_ACCEPTED), Rate(names.SPEC_DRAFTED)),
        "tokens_per_draft": Scaled(Ratio(Rate(names.SPEC_ACCEPTED), Rate(names.SPEC_DRAFTS)), 1, 1),
    }
    for key, aliases in LATENCIES:
        found |= {f"{key} {q:g}": Quantile(aliases, q) for q in QUANTILES}
        found[f"{key} mean"] = Mean(aliases)
    return found | {f"{key} mean": Mean(aliases) for key, aliases in TIMES}


def _filled(own: Report, answers: Answers) -> Report:
    def one(key: str) -> float | None:
        found = answers.get(key)
        return found[0].value if found and isfinite(found[0].value) else None

    reasons = [(vector.labels.get("finished_reason", ""), vector.value) for vector in answers["finished"]]
    finished = tuple((reason, rate) for reason, rate in reasons if isfinite(rate))
    everything = sum(rate for _, rate in finished)
    failed = sum(rate for reason, rate in finished if reason in FAILED)
    return own._replace(
        figures=_figures(own.figures, one),
        latencies=tuple((key, _latency(key, one)) for key, _ in LATENCIES),
        times=tuple((key, one(f"{key} mean")) for key, _ in TIMES),
        finished_ps=finished,
        error_share=failed / everything if everything else None,
        steps_ps=one("steps"),
        tokens_per_step=one("tokens_per_step"),
        accepted=one("accepted"),
        tokens_per_draft=one("tokens_per_draft"),
        goals=tuple(Attained(attained.goal, _within(attained.goal, answers)) for attained in own.goals),
    )


def _figures(own: Figures, one: Callable[[str], float | None]) -> Figures:
    ttft, itl, e2e = (_latency(key, one) for key in ("ttft", "itl", "e2e"))
    return own._replace(
        prompt_tps=one("prompt_tps"),
        gen_tps=one("gen_tps"),
        requests_ps=one("requests_ps"),
        preemptions_ps=one("preemptions_ps"),
        prefix_hit=one("prefix_hit"),
        ttft_p50=ttft.p50,
        ttft_p95=ttft.p95,
        ttft_p99=ttft.p99,
        itl_p50=itl.p50,
        itl_p95=itl.p95,
        itl_p99=itl.p99,
        e2e_p50=e2e.p50,
        e2e_p95=e2e.p95,
        e2e_p99=e2e.p99,
    )


def _latency(key: str, one: Callable[[str], float | None]) -> Latency:
    p50, p95, p99 = (one(f"{key} {q:g}") for q in QUANTILES)
    return Latency(p50, p95, p99, one(f"{key} mean"))


def _within(goal: Goal, answers: Answers) -> float | None:
    for alias in FAMILIES[goal.key]:
        buckets = [(_bound(vector), vector.value) for vector in answers[f"{goal.key} in {alias}"]]
        if buckets:
            share = histogram_fraction(0, goal.limit_s, buckets)
            return share if isfinite(share) else None
    return None


def _bound(vector: Vector) -> float:
    try:
        return float(vector.labels["le"])
    except (KeyError, ValueError):
        return float("nan")
