"""Outcomes of requests -> the figures of a benchmark. Pure. Arithmetic as in vLLM's benchmarks/serve.py and numpy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from launcher.bench.own.request import Outcome


def percentile(ordered: Sequence[float], q: float) -> float:
    """The q-th percentile (0 to 100) of sorted values, linear between neighbours (numpy's default); 0 for none."""
    if not ordered:
        return 0.0
    place = (len(ordered) - 1) * q / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def distribution(values: Iterable[float], name: str, percentiles: Sequence[float]) -> dict[str, float]:
    """Mean, median, standard deviation (of the whole, not of a sample) and percentiles in ms, under vLLM's names."""
    ordered = sorted(values)
    mean = math.fsum(ordered) / len(ordered) if ordered else 0.0
    spread = math.fsum((value - mean) ** 2 for value in ordered) / len(ordered) if ordered else 0.0
    found = {
        f"mean_{name}_ms": mean * 1000,
        f"median_{name}_ms": percentile(ordered, 50) * 1000,
        f"std_{name}_ms": math.sqrt(spread) * 1000,
    }
    return {**found, **{f"p{q:g}_{name}_ms": percentile(ordered, q) * 1000 for q in percentiles}}


def figures(
    outcomes: Sequence[Outcome],
    duration_s: float,
    *,
    metrics: Sequence[str],
    percentiles: Sequence[float],
    goals: Sequence[tuple[str, float]] = (),
) -> dict[str, Any]:
    """Everything that is worked out of the requests; rates a second."""
    good = [one for one in outcomes if one.success]
    lengths = [output_len(one) for one in good]
    tpots = [_tpot(one, length) for one, length in zip(good, lengths)]
    sent, made = sum(one.input_len for one in good), sum(lengths)
    values: Mapping[str, list[float]] = {
        "ttft": [one.ttft for one in good],
        "tpot": [value for value, length in zip(tpots, lengths) if length > 1],
        "itl": [value for one in good for value in one.itls],
        "e2el": [one.latency for one in good],
    }
    met = sum(
        all({"ttft": one.ttft, "tpot": tpot, "e2el": one.latency}[name] <= limit for name, limit in goals)
        for one, tpot in zip(good, tpots)
    )
    most_tokens, most_requests = peaks(good)
    found = {
        "duration": duration_s, "completed": len(good), "failed": len(outcomes) - len(good),
        "total_input_tokens": sent, "total_output_tokens": made, "request_throughput": len(good) / duration_s,
        "request_goodput": met / duration_s if goals else None, "output_throughput": made / duration_s,
        "total_token_throughput": (sent + made) / duration_s, "max_output_tokens_per_s": most_tokens,
        "max_concurrent_requests": most_requests,
    }  # fmt: skip
    for name in metrics:
        found |= distribution(values[name], name, percentiles)
    return found


def output_len(outcome: Outcome) -> int:
    """Tokens of the answer as the server counted them; of a server that does not count, one for each chunk."""
    return outcome.output_tokens or len(outcome.itls) + 1


def _tpot(outcome: Outcome, length: int) -> float:
    return (outcome.latency - outcome.ttft) / (length - 1) if length > 1 else 0.0


def peaks(good: Sequence[Outcome]) -> tuple[float, int]:
    """The most chunks and the most open requests of any whole second since the first request was sent."""
    if not good:
        return 0.0, 0
    begin = min(one.start for one in good)
    end = max(one.start + one.latency for one in good)
    seconds = math.ceil(end - begin) + 1
    tokens, requests = [0] * seconds, [0] * seconds
    for one in good:
        at = one.start + one.ttft
        for gap in (0.0, *one.itls):
            at += gap
            second = int(at - begin)
            if 0 <= second < seconds:
                tokens[second] += 1
        for second in range(int(one.start - begin), int(one.start + one.latency - begin) + 1):
            requests[second] += 1
    return float(max(tokens)), max(requests)
