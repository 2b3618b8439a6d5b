"""Start of a real vLLM through vdeck against the bare command, paired and interleaved.

    python tests/bench/bench_start.py [PAIRS]

Both are timed from the request to the first 200 of /health, asked for every 20 ms. Goal: a ratio of at most 1.02.
"""

from __future__ import annotations

import os
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ["VDECK_HOME"] = tempfile.mkdtemp(prefix="vdeck-bench-")

from launcher.runs import control  # noqa: E402

MANIFEST = ROOT / "examples" / "tiny.yaml"


def healthy(url: str) -> bool:
    """True once /health says 200."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until_healthy(url: str, began: float) -> float:
    """Seconds from ``began`` to the first answer."""
    while not healthy(url):
        time.sleep(0.02)
        assert time.perf_counter() - began < 300
    return time.perf_counter() - began


def through_vdeck() -> float:
    """`vdeck run create` in a process of its own, as a user has it."""
    began = time.perf_counter()
    made = subprocess.run(
        [sys.executable, "-m", "tui.cli", "run", "create", "-f", str(MANIFEST)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert made.returncode == 0, made.stderr
    run = control.resolve("tiny")
    assert run.url is not None
    took = until_healthy(run.url, began)
    control.terminate(run.id)
    control.wait(run.id, "end")
    control.delete(run.id)
    return took


def bare(argv: list[str], url: str) -> float:
    """The same command line, started by hand."""
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(argv, stdout=log, stderr=log, env=env, start_new_session=True)
        took = until_healthy(url, began)
        child.send_signal(signal.SIGTERM)
        child.wait(60)
    return took


def main() -> None:
    """Print each pair, the medians and the ratio."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    prepared = control.prepare(MANIFEST.read_text(), file=str(MANIFEST))
    assert prepared.plan is not None, prepared.refusal
    argv = list(prepared.plan.record.steps[0].argv)
    url = f"http://127.0.0.1:{prepared.plan.record.ports[0].port}"
    print("bare:", shlex.join(argv))
    bare(argv, url)  # once to warm the disk cache
    ours, theirs = [], []
    for number in range(pairs):
        first = number % 2 == 0
        if first:
            ours.append(through_vdeck())
        theirs.append(bare(argv, url))
        if not first:
            ours.append(through_vdeck())
        print(f"pair {number + 1}: vdeck {ours[-1]:.2f} s, bare {theirs[-1]:.2f} s, ratio {ours[-1] / theirs[-1]:.3f}")
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(f"median: vdeck {statistics.median(ours):.2f} s, bare {statistics.median(theirs):.2f} s")
    print(f"start through vdeck against bare vllm serve: median ratio of the pairs {ratio:.3f} (goal: at most 1.02)")


if __name__ == "__main__":
    main()
