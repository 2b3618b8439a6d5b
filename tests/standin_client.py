"""A stand-in for ``vllm bench serve``, for tests: stdlib only, prints and writes what vLLM's client does.

    python tests/standin_client.py bench serve FLAGS

Flags of its own, given by ``Plan.options``: ``--standin-exit N`` prints a traceback and leaves; ``--standin-start S``
takes so long to start; ``--standin-tail`` leaves a child behind that outlives a SIGTERM.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any


def flags(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for position, word in enumerate(words):
        if word.startswith("--"):
            following = words[position + 1 : position + 2]
            found[word[2:]] = following[0] if following and not following[0].startswith("--") else ""
    return found


def say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


class Load:
    """All requests of one load."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given
        self.total = int(given["num-prompts"])
        self.latencies: list[float] = []
        self.errors: list[str] = []
        self.starts: list[float] = []
        self.lock = threading.Lock()
        self.slots = threading.Semaphore(int(given.get("max-concurrency", self.total)))

    def ask(self, number: int) -> None:
        body = {"model": self.given["model"], "prompt": f"words {number} " * 3, "stream": True, "max_tokens": 1000}
        if self.given.get("standin-prompt"):
            body["prompt"] = self.given["standin-prompt"].replace("_", " ")
        url = self.given["base-url"] + self.given["endpoint"]
        headers = {"content-type": "application/json", "authorization": f"Bearer {os.environ.get('OPENAI_API_KEY')}"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with self.slots:
            begin = time.perf_counter()
            error = ""
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    answer.read()
            except (OSError, urllib.error.URLError) as failure:
                error = f"Traceback (most recent call last):\n  ...\n{type(failure).__name__}: {failure}"
            with self.lock:
                self.starts.append(begin)
                self.latencies.append(time.perf_counter() - begin)
                self.errors.append(error)
                done = len(self.errors)
            sys.stderr.write(f"\r {done * 100 // self.total}%|##   | {done}/{self.total} [00:01<00:02, 9.50it/s]")
            sys.stderr.flush()

    def run(self) -> float:
        begin = time.perf_counter()
        rate = float(self.given["request-rate"])
        threads = [threading.Thread(target=self.ask, args=(number,), daemon=True) for number in range(self.total)]
        for thread in threads:
            thread.start()
            time.sleep(0 if rate == float("inf") else 1 / rate)
        for thread in threads:
            thread.join()
        return time.perf_counter() - begin

    def result(self, duration: float) -> dict[str, Any]:
        completed = self.errors.count("")
        value: dict[str, Any] = {
            "date": "20261126-215013", "num_prompts": self.total, "request_rate": self.given["request-rate"],
            "duration": duration, "completed": completed, "failed": self.total - completed,
            "total_input_tokens": completed * 7, "total_output_tokens": completed * 5,
            "request_throughput": completed / duration, "output_throughput": completed * 5 / duration,
            "total_token_throughput": completed * 12 / duration, "errors": self.errors, "start_times": self.starts,
            "request_goodput": completed / duration if "goodput" in self.given else None,
        }  # fmt: skip
        for name in ("ttft", "tpot", "itl", "e2el"):
            value.update({f"{part}_{name}_ms": 12.5 for part in ("mean", "median", "std", "p50", "p90", "p95", "p99")})
        return value


def main(words: list[str]) -> int:
    given = flags(words)
    time.sleep(float(given.get("standin-start", 0)))
    if given.get("standin-exit"):
        say('Traceback (most recent call last):\n  File "serve.py", line 1, in main\nValueError: no such tokenizer')
        return int(given["standin-exit"])
    if "standin-tail" in given and os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    say("Starting initial single prompt test run...\nSkipping endpoint ready check.\nStarting main benchmark run...")
    load = Load(given)
    duration = load.run()
    say("============ Serving Benchmark Result ============")
    with open(os.path.join(given["result-dir"], given["result-filename"]), "w", encoding="utf-8") as file:
        json.dump(load.result(duration), file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
