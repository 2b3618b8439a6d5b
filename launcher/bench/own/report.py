"""What the client prints and writes: a bar while it runs, a table and the JSON at the end, in the words of vLLM's."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from launcher.bench.own.figures import output_len
from launcher.bench.own.flags import Flags
from launcher.bench.own.request import Outcome
from launcher.runs import files

_PERIOD_S = 0.1
_WIDTH = 10
_ROWS = (
    ("Successful requests:", "completed"), ("Failed requests:", "failed"), ("Benchmark duration (s):", "duration"),
    ("Total input tokens:", "total_input_tokens"), ("Total generated tokens:", "total_output_tokens"),
    ("Request throughput (req/s):", "request_throughput"), ("Request goodput (req/s):", "request_goodput"),
    ("Output token throughput (tok/s):", "output_throughput"),
    ("Peak output token throughput (tok/s):", "max_output_tokens_per_s"),
    ("Peak concurrent requests:", "max_concurrent_requests"),
    ("Total token throughput (tok/s):", "total_token_throughput"),
)  # fmt: skip
_TITLES = {
    "ttft": "Time to First Token", "tpot": "Time per Output Token (excl. 1st token)", "itl": "Inter-token Latency",
    "e2el": "End-to-end Latency",
}  # fmt: skip


class Bar:
    """Requests that are done, on standard error, over and over on one line."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total, self._quiet = total, quiet
        self._begun = time.monotonic()
        self._next = 0.0
        self.done = 0

    def step(self) -> None:
        """One more."""
        self.done += 1
        now = time.monotonic()
        if not self._quiet and (now >= self._next or self.done == self._total):
            self._next = now + _PERIOD_S
            sys.stderr.write(f"\r{self.text(now - self._begun)}")
            sys.stderr.flush()

    def text(self, gone_s: float) -> str:
        """`` 53%|█████     | 17/32 [00:01<00:00, 19.21it/s]``."""
        rate = self.done / gone_s if gone_s > 0 else 0.0
        left = _clock((self._total - self.done) / rate) if rate else "?"
        full = "█" * round(_WIDTH * self.done / self._total)
        share = f"{100 * self.done // self._total:3d}%|{full:<{_WIDTH}}|"
        return f"{share} {self.done}/{self._total} [{_clock(gone_s)}<{left}, {rate:.2f}it/s]"

    def close(self) -> None:
        """End the line."""
        if not self._quiet:
            sys.stderr.write("\n")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def table(found: Mapping[str, Any], metrics: Sequence[str]) -> list[str]:
    """The table at the end."""
    lines = [f"{' Serving Benchmark Result ':=^50}"]
    for title, key in _ROWS:
        if found.get(key) is not None:
            lines.append(f"{title:<40} {_figure(found[key]):<10}")
    for name in metrics:
        lines.append(f"{_TITLES[name]:-^50}")
        for key, value in found.items():
            kind, _, rest = key.partition("_")
            if rest == f"{name}_ms" and kind != "std":
                lines.append(f"{f'{kind.capitalize()} {name.upper()} (ms):':<40} {_figure(value):<10}")
    return [*lines, "=" * 50]


def _figure(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def document(
    flags: Flags, found: Mapping[str, Any], outcomes: Sequence[Outcome], warnings: Sequence[str]
) -> dict[str, Any]:
    """The JSON, under vLLM's names; ``client_lag_p99_ms`` and ``warnings`` are ours."""
    head: dict[str, Any] = {
        "date": time.strftime("%Y%m%d-%H%M%S"), "endpoint_type": "openai-chat" if flags.chat else "openai",
        "backend": "openai-chat" if flags.chat else "openai", "label": None, "model_id": flags.model,
        "tokenizer_id": None, "num_prompts": flags.prompts,
        "request_rate": "inf" if math.isinf(flags.rate) else flags.rate, "burstiness": flags.burstiness,
        "max_concurrency": flags.concurrency,
    }  # fmt: skip
    detailed: dict[str, Any] = {}
    if flags.detailed:
        detailed = {
            "input_lens": [one.input_len for one in outcomes],
            "output_lens": [output_len(one) if one.success else 0 for one in outcomes],
            "ttfts": [one.ttft for one in outcomes], "itls": [one.itls for one in outcomes],
            "start_times": [one.start for one in outcomes], "generated_texts": [one.text for one in outcomes],
            "errors": [one.error for one in outcomes],
        }  # fmt: skip
    queues = {"latencies": [one.latency for one in outcomes], "queue_times": [one.queued for one in outcomes]}
    return {**head, **found, **queues, **detailed, "warnings": list(warnings)}


def write(path: str, value: Mapping[str, Any]) -> None:
    """Into the file, in one step (mode 0600). Raises OSError."""
    files.write_atomic(path, json.dumps(value).encode() + b"\n")
