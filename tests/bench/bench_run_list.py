"""What `vdeck run list` costs with 100 runs, against an empty interpreter; at most 4 times as much is allowed.

    python tests/bench/bench_run_list.py [--runs 100] [--times 40]

Both commands run alternately in one go, so that a busy machine disturbs both; prints medians and their ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from launcher.paths import RunPaths  # noqa: E402
from launcher.runs import files, record  # noqa: E402
from launcher.runs.state import State  # noqa: E402

FIRST_ID = 369367189000


def make_runs(count: int) -> None:
    """Run folders as the creator and the supervisor leave them, under the present VDECK_HOME."""
    now = time.time()
    for index in range(count):
        run_id = str(FIRST_ID + index)
        at = RunPaths.of(run_id)
        files.make_private(at.folder)
        created = now - 3600.0 * (count - index)
        files.write_json(at.record, record.to_json(_record(run_id, index, created)))
        files.write_json(at.state, _state(created).to_json())


def _record(run_id: str, index: int, created: float) -> record.RunRecord:
    port = record.PortRecord("vllm", "http", 8100 + index)
    argv = ("/opt/engines/0.33.0-cuda/bin/vllm", "serve", "Qwen/Qwen3-0.6B", "--port", str(port.port))
    return record.RunRecord(
        id=run_id, name=f"qwen-{index}", created=created, description="a run of the benchmark",
        manifest="/home/user/qwen.yaml", steps=(record.StepRecord(argv, "/tmp", " ".join(argv), "vllm"),),
        env={"VLLM_LOGGING_LEVEL": "INFO", "PORT": str(port.port), "RUN_ID": run_id}, ports=(port,), gpus=(index % 8,),
        engine="0.33.0-cuda", model="Qwen/Qwen3-0.6B",
        probe=record.Probe("vllm", "127.0.0.1", (port.port,), ("Qwen/Qwen3-0.6B",)),
    )  # fmt: skip


def _state(created: float) -> State:
    state = State()
    names = ("imports", "config", "engine", "download", "load", "compile", "kv-cache", "graphs", "api", "ready")
    for step, name in enumerate(names):
        state.enter_phase(name, created + step)
    state.close_phase(created + 60)
    state.status, state.exit_code = "completed", 0
    state.started, state.ready_at, state.ended = created, created + 9, created + 60
    state.facts = {"architecture": "Qwen3ForCausalLM", "max length": "40,960", "KV cache": "123,456 tokens"}
    state.served_names = ["Qwen/Qwen3-0.6B"]
    return state


def command() -> list[str]:
    """The installed command beside this interpreter, else the same entry point called by hand."""
    script = os.path.join(os.path.dirname(sys.executable), "vdeck")
    if os.path.exists(script):
        return [script, "run", "list"]
    return [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())", "run", "list"]


def timed(argv: list[str]) -> float:
    """Seconds that one call takes, from start to end of the process."""
    begun = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True, cwd=ROOT)
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--times", type=int, default=40)
    given = options.parse_args()
    empty = [sys.executable, "-c", "pass"]
    with tempfile.TemporaryDirectory() as home:
        os.environ["VDECK_HOME"] = os.path.join(home, "state")
        # an installed vdeck has its byte code; a checkout may be told not to write it
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = os.path.join(home, "bytecode")
        make_runs(given.runs)
        for argv in (empty, command()):  # warm: byte code is written, files are in the page cache
            timed(argv)
        pairs = [(timed(empty), timed(command())) for _ in range(given.times)]
    base, ours = (statistics.median(column) for column in zip(*pairs))
    best = min(b for _, b in pairs) / min(a for a, _ in pairs)
    print(f"python -c pass          {base * 1000:6.1f} ms  (median of {given.times})")
    print(f"vdeck run list, {given.runs} runs {ours * 1000:6.1f} ms")
    print(f"ratio of the medians    {ours / base:6.2f}     (at most 4; of the best of each: {best:.2f})")


if __name__ == "__main__":
    main()
