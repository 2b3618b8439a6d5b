"""What the stand-in server shows on /metrics: vLLM's names and labels, numbers that move with the requests."""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Iterator

BUCKETS = {
    "time_to_first_token_seconds": (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10),
    "inter_token_latency_seconds": (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 1),
    "e2e_request_latency_seconds": (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120),
    "iteration_tokens_total": (1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384),
    "request_queue_time_seconds": (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120),
}  # fmt: skip


class Numbers:
    """What /metrics shows. One lock for all: requests of several threads add to it."""

    def __init__(self, model: str) -> None:
        self.model, self.lock, self.created = model, threading.Lock(), time.time()
        self.counts: dict[str, float] = dict.fromkeys(
            ("prompt_tokens", "generation_tokens", "prefix_cache_queries", "prefix_cache_hits", "num_preemptions"), 0.0
        )
        self.finished: dict[str, float] = dict.fromkeys(("stop", "length", "abort", "error", "repetition"), 0.0)
        self.running = self.waiting = 0
        self.kv: float | None = None
        """Set by a test: the KV cache usage to show, whatever runs."""
        self.buckets = {name: [0] * (len(bounds) + 1) for name, bounds in BUCKETS.items()}
        self.sums = dict.fromkeys(BUCKETS, 0.0)
        self.http: dict[tuple[str, str, str], int] = {}

    def add(self, **counts: float) -> None:
        with self.lock:
            for name, value in counts.items():
                self.counts[name] += value

    def observe(self, name: str, seconds: float) -> None:
        with self.lock:
            self.buckets[name][bisect.bisect_left(BUCKETS[name], seconds)] += 1
            self.sums[name] += seconds

    def page(self) -> str:
        """The exposition text, with vLLM's names and labels."""
        with self.lock:
            return "\n".join([*self._process(), *self._gauges(), *self._counters(), *self._histograms(), ""])

    def _process(self) -> Iterator[str]:
        yield "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds."
        yield "# TYPE process_start_time_seconds gauge"
        yield f"process_start_time_seconds {self.created}"
        yield "# HELP http_requests_total Total number of requests by method, status and handler."
        yield "# TYPE http_requests_total counter"
        for (handler, method, status), n in self.http.items():
            yield f'http_requests_total{{handler="{handler}",method="{method}",status="{status}"}} {float(n)}'

    def _gauges(self) -> Iterator[str]:
        usage = min(1.0, self.running / 64) if self.kv is None else self.kv
        running, waiting = self.running, self.waiting
        gauges = {"num_requests_running": running, "num_requests_waiting": waiting, "kv_cache_usage_perc": usage}
        for name, value in gauges.items():
            yield f"# HELP vllm:{name} Stand-in gauge.\n# TYPE vllm:{name} gauge"
            yield f'vllm:{name}{{engine="0",model_name="{self.model}"}} {float(value)}'
        yield "# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig"
        yield "# TYPE vllm:cache_config_info gauge"
        yield 'vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="2048"} 1.0'

    def _counters(self) -> Iterator[str]:
        labels = f'engine="0",model_name="{self.model}"'
        for name, value in self.counts.items():
            yield f"# HELP vllm:{name}_total Stand-in counter.\n# TYPE vllm:{name}_total counter"
            yield f"vllm:{name}_total{{{labels}}} {value}"
        yield "# HELP vllm:request_success_total Count of successfully processed requests."
        yield "# TYPE vllm:request_success_total counter"
        for reason, value in self.finished.items():
            labels = f'engine="0",finished_reason="{reason}",model_name="{self.model}"'
            yield f"vllm:request_success_total{{{labels}}} {value}"

    def _histograms(self) -> Iterator[str]:
        for name, bounds in BUCKETS.items():
            labels, count = f'model_name="{self.model}"', 0
            yield f"# HELP vllm:{name} Stand-in histogram.\n# TYPE vllm:{name} histogram"
            for bound, inside in zip((*bounds, float("inf")), self.buckets[name]):
                count += inside
                le = "+Inf" if bound == float("inf") else float(bound)
                yield f'vllm:{name}_bucket{{engine="0",le="{le}",{labels}}} {float(count)}'
            yield f'vllm:{name}_count{{engine="0",{labels}}} {float(count)}'
            yield f'vllm:{name}_sum{{engine="0",{labels}}} {self.sums[name]}'
