"""What a client wrote of one load -> a Point. Pure. Keys of ``vllm bench serve`` from 0.6 to 0.33, its times in ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from launcher.bench.plan import Load
from launcher.bench.result import Latency, Point
from launcher.bench.result_json import count, number
from launcher.text import clean_line, shorten

_MS = 1000.0


def point(
    value: Mapping[str, Any], load: Load, *, started: float, ended: float, seed: int | None = None, file: str = ""
) -> Point:
    """The point in a client's document. ``started`` and ``ended``: of the main run, in seconds since the epoch."""
    completed = count(value.get("completed"))
    failed = _failed(value, completed)
    duration = number(value.get("duration"))
    return Point(
        load, started, ended, seed,
        duration_s=duration, completed=completed, failed=failed,
        input_tokens=count(value.get("total_input_tokens")), output_tokens=count(value.get("total_output_tokens")),
        request_rate=number(value.get("request_throughput")), output_rate=number(value.get("output_throughput")),
        total_rate=number(value.get("total_token_throughput")),
        peak_output_rate=number(value.get("max_output_tokens_per_s")),
        peak_concurrency=number(value.get("max_concurrent_requests")),
        # until 0.8 the key had a colon in it
        goodput=number(value.get("request_goodput", value.get("request_goodput:"))),
        ttft=_latency(value, "ttft", completed), tpot=_latency(value, "tpot", completed),
        itl=_latency(value, "itl", completed), e2e=_latency(value, "e2el", completed),
        error=_error(value, completed, failed), file=file,
    )  # fmt: skip


def _latency(value: Mapping[str, Any], name: str, completed: int | None) -> Latency:
    if completed == 0:  # a mean of nothing is written as 0
        return Latency()

    def seconds(*keys: str) -> float | None:
        for key in keys:
            found = number(value.get(f"{key}_{name}_ms"))
            if found is not None:
                return found / _MS
        return None

    return Latency(
        seconds("mean"), seconds("p50", "p50.0", "median"), seconds("p90", "p90.0"), seconds("p95", "p95.0"),
        seconds("p99", "p99.0"), seconds("std"),
    )  # fmt: skip


def _failed(value: Mapping[str, Any], completed: int | None) -> int | None:
    """Older clients do not count what failed."""
    told = count(value.get("failed"))
    if told is not None:
        return told
    asked = count(value.get("num_prompts"))
    return max(0, asked - completed) if asked is not None and completed is not None else None


def _error(value: Mapping[str, Any], completed: int | None, failed: int | None) -> str | None:
    if not failed:
        return None
    said = first_error(value.get("errors"))
    what = (
        f"all {failed} requests failed"
        if completed == 0
        else f"{failed} of {failed + (completed or 0)} requests failed"
    )
    return f"{what}: {said}" if said else what


def first_error(errors: Any) -> str | None:
    """The last line of the first error text (what stands above it is a traceback), or None."""
    for text in errors if isinstance(errors, list) else ():
        lines = [line.strip() for line in str(text or "").splitlines() if line.strip()]
        if lines:
            return shorten(clean_line(lines[-1]), 300)
    return None


def sending_rate(value: Mapping[str, Any]) -> float | None:
    """Requests a second at which the client really sent, rather too high than too low (the arrivals of n requests are
    spread over n intervals, the first of which is before the first request); None when it did not write down when."""
    times = [found for entry in _list(value.get("start_times")) if (found := number(entry)) is not None]
    if len(times) < 2:
        return None
    span = max(times) - min(times)
    return len(times) / span if span > 0 else None


def lag_s(value: Mapping[str, Any]) -> float | None:
    """How late our own client sent its requests (p99), in seconds; None when the client does not say."""
    found = number(value.get("client_lag_p99_ms"))
    return None if found is None else found / _MS


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
