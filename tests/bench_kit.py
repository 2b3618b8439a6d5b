"""Benchmarks in tests: a run of the stand-in server whose engine has the stand-in client as its ``vllm``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.bench import control, store
from launcher.bench.plan import Load, Plan
from launcher.bench.result import Bench, Latency, Point
from launcher.runs import tree

CLIENT = Path(__file__).with_name("standin_client.py")


def engine(folder: Path, *, bench: bool = True) -> str:
    """An engine with a ``vllm`` that is the stand-in client; its bin folder. ``bench``: it has that subcommand."""
    script = folder / "bin" / "vllm"
    site = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    (site / "vllm-0.32.0+cpu.dist-info").mkdir(parents=True)
    if bench:
        (site / "vllm" / "entrypoints" / "cli" / "benchmark").mkdir(parents=True)
        (site / "vllm" / "entrypoints" / "cli" / "benchmark" / "serve.py").touch()
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nimport runpy\nrunpy.run_path({str(CLIENT)!r}, run_name='__main__')\n")
    script.chmod(0o755)
    return str(script.parent)


def served(folder: Path, *options: str, **fields: Any) -> str:
    """A ready run of the stand-in server with such an engine; its id."""
    run_id, _ = kit.start_server(
        *options, engine_bin=engine(folder / "engine"), engine="0.32.0-cpu", model="tiny", **fields
    )
    wait_for(lambda: kit.ready(run_id), what="ready")
    return run_id


def plan(*loads: Load, **fields: Any) -> Plan:
    """A short one."""
    return Plan(prompts=fields.pop("prompts", 4), loads=loads or (Load(),), **fields)


def done(run_id: str, wanted: Plan) -> Bench:
    """Measure it to its end."""
    ended = control.wait(control.start(run_id, wanted), 60)
    assert not ended.live, output(ended)
    return ended


def measuring(bench: Bench) -> Bench:
    """Wait until requests are under way."""

    def look() -> Bench | None:
        seen = store.load(bench.folder)
        assert seen.live, f"{seen.status}: {seen.reason}\n{output(seen)}"
        return seen if seen.progress is not None and seen.progress.step == "measuring" else None

    found = wait_for(look, what="the main run")
    assert found is not None
    return found


def worker(bench: Bench) -> int:
    """The pid of the worker."""
    return int(json.loads(Path(paths.BenchPaths(bench.folder).state).read_text())["worker"])


def processes(bench: Bench) -> set[int]:
    """The worker and everything below it."""
    pid = worker(bench)
    below = set(tree.members(tree.scan(), supervisor=pid))
    return below | ({pid} if os.path.exists(f"/proc/{pid}") else set())


def output(bench: Bench) -> str:
    at = paths.BenchPaths(bench.folder)
    return "\n".join(Path(path).read_text() for path in (at.worker_log, at.output) if os.path.exists(path))


ALL_AT_ONCE = Load()


def a_point(load: Load = ALL_AT_ONCE, **fields: Any) -> Point:
    """A point with figures."""
    values: dict[str, Any] = {
        "duration_s": 10.0, "completed": 100, "failed": 0, "input_tokens": 25600, "output_tokens": 12800,
        "request_rate": 10.0, "output_rate": 1280.0, "total_rate": 3840.0, "seed": 5,
        "ttft": Latency(0.05, 0.04, 0.06, 0.07, 0.09, 0.01), "itl": Latency(p50=0.008, p99=0.02),
        "tpot": Latency(p50=0.009, p99=0.012), "e2e": Latency(p50=1.2, p99=1.9), "file": "0.client.json",
    }  # fmt: skip
    return Point(load, 1_795_000_000.0, 1_795_000_010.0, **(values | fields))


def a_bench(*points: Point, **fields: Any) -> Bench:
    """A completed benchmark in memory."""
    values: dict[str, Any] = {
        "id": "179500000000", "run_id": "369367189168", "run_name": "qwen", "folder": "/nowhere",
        "plan": Plan(loads=tuple(point.load for point in points) or (Load(),)), "status": "completed",
        "created": 1_795_000_000.0, "ended": 1_795_000_030.0, "model": "qwen3", "engine": "0.33.0",
        "client": "vllm 0.33.0", "points": points,
    }  # fmt: skip
    return Bench(**(values | fields))
