"""A /metrics page that moves: what the stand-ins of the benchmarks answer."""

from __future__ import annotations

import gzip
import os
import random
from bisect import bisect_left
from itertools import accumulate

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(os.path.dirname(HERE), "launcher", "metrics", "metrics-h200.txt.gz")


class BusyServer:
    """A page that moves as that of a server with ten requests a second: most histograms change every second."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        with gzip.open(PAGE, "rt", encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.at = {line.rpartition(" ")[0]: i for i, line in enumerate(self.lines) if line and line[0] != "#"}
        self.values = {front: float(self.lines[i].rpartition(" ")[2]) for front, i in self.at.items()}
        self.first: dict[str, str] = {}
        """The first series that begins with a text, once it was looked for."""
        self.buckets: dict[str, tuple[list[float], list[str]]] = {}
        for front in self.at:
            name, brace, rest = front.partition("_bucket{")
            if brace and ('"/v1/completions"' in rest or "handler" not in rest):
                bounds, fronts = self.buckets.setdefault(name, ([], []))
                bounds.append(float(rest.partition('le="')[2].partition('"')[0]))
                fronts.append(front)

    def set(self, prefix: str, value: float) -> None:
        """Give the first series that begins with ``prefix`` a value."""
        front = self._find(prefix)
        self.values[front] = value
        self.lines[self.at[front]] = f"{front} {value!r}"

    def add(self, prefix: str, amount: float) -> None:
        """Raise the first series that begins with ``prefix``."""
        self.set(prefix, self.values[self._find(prefix)] + amount)

    def _find(self, prefix: str) -> str:
        if prefix not in self.first:
            self.first[prefix] = next(front for front in self.at if front.startswith(prefix))
        return self.first[prefix]

    def observe(self, name: str, values: list[float]) -> None:
        """Count values into a histogram: buckets, count and sum."""
        bounds, fronts = self.buckets[name]
        apart = [0] * len(bounds)
        for value in values:
            apart[bisect_left(bounds, value)] += 1
        for front, count in zip(fronts, accumulate(apart)):
            if count:
                value = self.values[front] = self.values[front] + count
                self.lines[self.at[front]] = f"{front} {value!r}"
        rest = fronts[0].partition("{")[2]
        part = '{handler="/v1/completions"' if "completions" in rest else ("{" if "engine" in rest else "")
        self.add(f"{name}_count{part}", len(values))
        self.add(f"{name}_sum{part}", sum(values))

    def tick(self) -> None:
        """One second of load."""
        rnd = self.random
        done = max(0, round(rnd.gauss(10, 3)))
        started = max(0, round(rnd.gauss(10, 3)))
        steps = max(1, round(rnd.gauss(38, 2)))
        running = round(rnd.gauss(60, 4))
        tokens = running * steps
        prompt = [round(rnd.lognormvariate(6, 0.8)) for _ in range(started)]
        output = [round(rnd.lognormvariate(5.3, 0.6)) for _ in range(done)]
        self.set("vllm:num_requests_running", float(running))
        self.set("vllm:num_requests_waiting{", float(max(0, round(rnd.gauss(2, 2)))))
        self.set("vllm:kv_cache_usage", running * 520 / 56_227)
        self.add("vllm:generation_tokens_total", tokens)
        self.add("vllm:prompt_tokens_total", sum(prompt))
        self.add("vllm:prompt_tokens_by_source_total", sum(prompt))
        self.add("vllm:prefix_cache_queries_total", sum(prompt))
        self.add("vllm:prefix_cache_hits_total", sum(prompt) // 48 * 16)
        self.add("process_cpu_seconds_total", round(rnd.gauss(0.4, 0.03), 2))
        self.add("python_gc_objects_collected_total", rnd.randrange(400))
        self.add('vllm:request_success_total{engine="0",finished_reason="length"', done)
        self.add('http_requests_total{handler="/v1/completions"', done)
        self.observe("vllm:iteration_tokens_total", [running + rnd.choice((0, 0, 0, 300)) for _ in range(steps)])
        self._tokens(tokens)
        self._requests(prompt, output)

    def _tokens(self, tokens: int) -> None:
        """Token latencies by the bucket: 2,000 of them a second one by one would take longer than the recording."""
        name = "vllm:inter_token_latency_seconds"
        share = [0.02, 0.55, 0.38, 0.04, 0.01]
        below = 0.0
        for index, front in enumerate(self.buckets[name][1]):
            below += share[index] if index < len(share) else 0.0
            noise = self.random.randrange(9) if index < 4 else 0
            self.add(front, min(tokens, round(tokens * below) - noise))
        self.add(f"{name}_count", tokens)
        self.add(f"{name}_sum", tokens * self.random.gauss(0.026, 0.001))

    def _requests(self, prompt: list[int], output: list[int]) -> None:
        rnd = self.random
        self.observe("vllm:time_to_first_token_seconds", [rnd.lognormvariate(-2, 0.7) for _ in prompt])
        for name, scale in (
            ("e2e_request_latency", 6.0),
            ("request_inference_time", 5.5),
            ("request_decode_time", 5.0),
            ("request_prefill_time", 0.1),
            ("request_queue_time", 0.05),
        ):
            self.observe(f"vllm:{name}_seconds", [rnd.lognormvariate(0, 0.5) * scale for _ in output])
        self.observe("vllm:request_time_per_output_token_seconds", [rnd.gauss(0.027, 0.003) for _ in output])
        for name in ("request_generation_tokens", "request_max_num_generation_tokens"):
            self.observe(f"vllm:{name}", [float(one) for one in output])
        for name in ("request_prompt_tokens", "request_prefill_kv_computed_tokens"):
            self.observe(f"vllm:{name}", [float(one) for one in prompt[: len(output)]])
        self.observe("vllm:request_params_n", [1.0 for _ in output])
        self.observe("vllm:request_params_max_tokens", [512.0 for _ in output])
        seconds = [rnd.lognormvariate(1.8, 0.5) for _ in output]
        self.observe("http_request_duration_highr_seconds", seconds)
        self.observe("http_request_duration_seconds", seconds)

    def page(self) -> bytes:
        """As the server would answer now."""
        return "\n".join(self.lines).encode()
