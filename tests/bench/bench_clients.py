"""Our own benchmark client against ``vllm bench serve``, in turns, on one server.

    python tests/bench/bench_clients.py --url URL --vllm PATH --tokenizer PATH [--model tiny] [--rounds 3] [-- FLAGS]

Each round runs both with the same flags; the seeds differ, so that the prefix cache helps nobody. Prints the median of
each figure, the ratio of ours to vLLM's, and the CPU seconds that each client took.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIGURES = (
    "request_throughput", "output_throughput", "median_ttft_ms", "p99_ttft_ms", "median_tpot_ms", "median_itl_ms",
    "p99_itl_ms", "median_e2el_ms", "p99_e2el_ms", "total_input_tokens", "total_output_tokens",
)  # fmt: skip
FLAGS = ["--random-input-len", "256", "--random-output-len", "64", "--num-prompts", "64", "--max-concurrency", "8"]


def main() -> None:
    """Measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--url", required=True)
    options.add_argument("--vllm", required=True)
    options.add_argument("--tokenizer", required=True)
    options.add_argument("--model", default="tiny")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("flags", nargs="*")
    given = options.parse_args()
    heads = {
        "vllm": [given.vllm, "bench", "serve"],
        "ours": [sys.executable, "-m", "launcher.bench.own"],
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in heads}
    for number in range(2 * given.rounds):
        name = ("vllm", "ours")[number % 2]
        common = [
            "--base-url",
            given.url,
            "--model",
            given.model,
            "--tokenizer",
            given.tokenizer,
            "--seed",
            str(number),
        ]
        found[name].append(_run([*heads[name], *common, "--ignore-eos", *(given.flags or FLAGS)]))
    print(f"{'':<22}{'vllm':>12}{'ours':>12}{'ratio':>8}   ({given.rounds} rounds each, medians)")
    for figure in (*FIGURES, "cpu_s"):
        theirs, ours = (statistics.median(one[figure] for one in found[name]) for name in ("vllm", "ours"))
        print(f"{figure:<22}{theirs:>12.2f}{ours:>12.2f}{ours / theirs if theirs else 0:>8.3f}")


def _run(argv: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        more = ["--percentile-metrics", "ttft,tpot,itl,e2el", "--metric-percentiles", "50,99", "--save-result"]
        argv = [*argv, *more, "--result-dir", folder, "--result-filename", "r.json"]
        env = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise SystemExit(f"{argv[0]} failed: {done.stderr[-2000:]}")
        with open(os.path.join(folder, "r.json"), encoding="utf-8") as file:
            value: dict[str, float] = json.load(file)
    return {**value, "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


if __name__ == "__main__":
    main()
