"""Run folders written by hand, for comparisons: no process, no supervisor."""

from __future__ import annotations

import os
from typing import Any

from metric_pages import START

from launcher import paths
from launcher.bench.plan import Load, Plan
from launcher.bench.result import Bench, Latency, Point
from launcher.compare.side import Side
from launcher.metrics.recorder import Recorder
from launcher.runs import files, record, secrets
from launcher.runs.record import RunRecord, StepRecord
from launcher.runs.state import State
from launcher.runs.view import PhaseMark, RunView

A, B = "369367189101", "369367189202"
SECRET = "tea-for-two-and-two-for-tea"
T = START / 1000
PHASES = (("imports", T, T + 4), ("load", T + 4, T + 14), ("ready", T + 14, None))


def step(*words: str) -> StepRecord:
    """A ``vllm serve`` that vdeck wrote."""
    return StepRecord(("/e/vllm", "serve", "tiny", *words), "/", "vllm serve tiny", "vllm")


def make(
    run_id: str, *, manifest: str | None = "name: x\n", log: str = "", hidden: dict[str, str] | None = None,
    state: dict[str, Any] | None = None, **fields: Any,
) -> paths.RunPaths:  # fmt: skip
    """A run that has ended, as its supervisor would have left it."""
    at = paths.RunPaths.of(run_id)
    os.makedirs(at.folder)
    known = {"name": "qwen", "created": T - 5, "model": "tiny", "engine": "0.33.0", "steps": (step(),)} | fields
    files.write_json(at.record, record.to_json(RunRecord(id=run_id, **known)))
    stand = State()
    stand.status, stand.phases = "terminated", [list(phase) for phase in PHASES]
    for name, value in (state or {}).items():
        setattr(stand, name, value)
    files.write_json(at.state, stand.to_json())
    if manifest is not None:
        files.write_atomic(at.manifest, manifest.encode())
    if log:
        files.write_atomic(at.output, log.encode())
    if hidden:
        secrets.write(at.secrets, hidden)
    return at


def side(run_id: str = A, name: str = "qwen", **fields: Any) -> Side:
    """A side without files."""
    run = RunView(
        run_id, name, status="terminated", model="tiny", engine="0.33.0", phases=tuple(PhaseMark(*p) for p in PHASES)
    )
    made = RunRecord(run_id, name, T, steps=(step(),), model="tiny")
    return Side(**({"run": run, "record": made, "manifest": "name: x\n"} | fields))


def served(
    folder: str,
    *,
    idle: int = 20,
    busy: int = 40,
    after: int = 30,
    rate: float = 2.0,
    ttft: float = 0.3,
    running: int = 3,
) -> None:
    """A history: idle, then ``busy`` seconds in which ``rate`` requests a second finish, then idle again."""
    recorder = Recorder(folder)
    for second in range(idle + busy + after):
        done = rate * min(max(second - idle, 0), busy)
        now = running if idle < second <= idle + busy else 0
        recorder.record(_page(done, now, ttft).encode(), START + second * 1000)
    recorder.close()


def _page(done: float, running: int, ttft: float) -> str:
    label = '{engine="0"}'
    bounds = (0.1, 0.5, 1.0)
    buckets = "".join(
        f'vllm:time_to_first_token_seconds_bucket{{engine="0",le="{le}"}} {done if ttft <= le else 0}\n'
        for le in bounds
    )
    return (
        "# TYPE vllm:num_requests_running gauge\n# TYPE vllm:kv_cache_usage_perc gauge\n"
        "# TYPE vllm:generation_tokens counter\n# TYPE vllm:request_success counter\n"
        "# TYPE vllm:prompt_tokens counter\n# TYPE vllm:time_to_first_token_seconds histogram\n"
        f"vllm:num_requests_running{label} {running}\nvllm:kv_cache_usage_perc{label} {running / 10}\n"
        f"vllm:generation_tokens_total{label} {done * 16}\nvllm:prompt_tokens_total{label} {done * 32}\n"
        f'vllm:request_success_total{{engine="0",finished_reason="length"}} {done}\n'
        f'{buckets}vllm:time_to_first_token_seconds_bucket{{engine="0",le="+Inf"}} {done}\n'
        f"vllm:time_to_first_token_seconds_sum{label} {done * ttft}\n"
        f"vllm:time_to_first_token_seconds_count{label} {done}\n"
    )


def bench(number: int, run_id: str = A, *, ttft: float = 0.1, rate: float = 3.0, **plan: Any) -> Bench:
    """A finished benchmark of one load."""
    load = Load(rate)
    point = Point(load, T, T + 10, completed=30, request_rate=2.9, output_rate=46.0, ttft=Latency(ttft, ttft, ttft))
    made = Plan(**({"loads": (load,)} | plan))
    return Bench(str(number), run_id, "qwen", "", made, "completed", created=T + number, points=(point,))
