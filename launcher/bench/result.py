"""What a benchmark found. Frozen values; seconds, tokens and requests a second; unknown is None."""

from __future__ import annotations

from typing import Literal, NamedTuple

from launcher.bench.plan import Load, Plan

Status = Literal["starting", "running", "completed", "failed", "cancelled", "lost"]
ENDED: frozenset[str] = frozenset({"completed", "failed", "cancelled", "lost"})


class Latency(NamedTuple):
    """A distribution of times, in seconds, as the client saw them."""

    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    std: float | None = None


class Point(NamedTuple):
    """One load, measured. Definitions are those of ``vllm bench serve`` (benchmarks/serve.py)."""

    load: Load
    started: float
    ended: float
    """Seconds since the epoch, of the main run (without the start of the client)."""
    seed: int | None = None
    duration_s: float | None = None
    completed: int | None = None
    failed: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    request_rate: float | None = None
    """Completed requests a second."""
    output_rate: float | None = None
    """Output tokens a second."""
    total_rate: float | None = None
    """Input and output tokens a second."""
    peak_output_rate: float | None = None
    peak_concurrency: float | None = None
    goodput: float | None = None
    """Requests a second that met every goal; None without goals."""
    ttft: Latency = Latency()
    tpot: Latency = Latency()
    itl: Latency = Latency()
    e2e: Latency = Latency()
    error: str | None = None
    """Why there are no figures, or not for all requests, in one sentence."""
    warnings: tuple[str, ...] = ()
    """What makes the figures doubtful: other traffic, prefix cache hits, failed requests."""
    file: str = ""
    """Name of the client's own JSON in the folder of the benchmark."""


class Progress(NamedTuple):
    """Where a running benchmark is."""

    load: int = 0
    """Index of the present load."""
    step: str = "client starts"
    """client starts, warming up, measuring, done; between two loads: waiting for the server to be idle"""
    done: int = 0
    total: int = 0
    """Requests of the present load."""
    rate: float | None = None
    """Requests a second, as the client says."""


class Bench(NamedTuple):
    """One benchmark of one run, as its folder tells."""

    id: str
    """12 digits, like that of a run."""
    run_id: str
    run_name: str
    folder: str
    plan: Plan
    status: Status = "starting"
    reason: str | None = None
    """One sentence, when it did not complete."""
    created: float = 0.0
    ended: float | None = None
    model: str | None = None
    engine: str | None = None
    client: str = ""
    """``vllm 0.32.0+cpu`` or ``vdeck 0.1.0``."""
    goals: tuple[tuple[str, float], ...] = ()
    """What goodput was measured against: key (ttft, tpot, itl, e2e) and limit in seconds."""
    points: tuple[Point, ...] = ()
    progress: Progress | None = None
    """While it runs."""

    @property
    def live(self) -> bool:
        """Not ended."""
        return self.status not in ENDED
