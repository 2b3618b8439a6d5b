"""What a supervisor costs: CPU and memory while it scrapes and records a real /metrics page once a second.

    python tests/bench/bench_supervisor.py [SECONDS]

A whole supervisor on a real vLLM (the tiny example), idle and then with a request running all the time, so that
counters and buckets move. Goal: at most 0.8 % of one core and 40 MB resident.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
os.environ["VDECK_HOME"] = tempfile.mkdtemp(prefix="vdeck-bench-")

import httpx  # noqa: E402

from launcher.runs import control  # noqa: E402

MANIFEST = ROOT / "examples" / "tiny.yaml"


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def load(url: str, stop: threading.Event) -> None:
    """One chat after the other, streamed."""
    body = {"model": "tiny", "messages": [{"role": "user", "content": "go"}], "stream": True, "max_tokens": 200}
    with httpx.Client(trust_env=False, timeout=60) as client:
        while not stop.is_set():
            with client.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
                for _ in answer.iter_lines():
                    pass


def share(pid: int, seconds: float) -> float:
    """CPU of a process as a part of one core over the next ``seconds``."""
    before, began = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_s(pid) - before) / (time.monotonic() - began)


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    run = control.create(MANIFEST.read_text(), file=str(MANIFEST))
    run = control.wait(run.id, "ready")
    assert run.ready and run.url and run.supervisor, run.reason
    page = httpx.get(f"{run.url}/metrics", trust_env=False).text
    print(f"page: {len(page.splitlines())} lines, {len(page)} bytes, scraped once a second")
    print(f"supervisor, idle server: {share(run.supervisor, seconds) * 100:.2f} % of one core (goal: at most 0.8 %)")
    stop = threading.Event()
    threading.Thread(target=load, args=(run.url, stop), daemon=True).start()
    print(f"supervisor, busy server: {share(run.supervisor, seconds) * 100:.2f} % of one core (goal: at most 0.8 %)")
    stop.set()
    print(f"supervisor: {resident_mb(run.supervisor):.1f} MB resident (goal: at most 40 MB)")
    control.terminate(run.id)
    control.wait(run.id, "end")


if __name__ == "__main__":
    main()
