"""The flags of ``vllm bench serve`` that mean something to our own client."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

METRICS = ("ttft", "tpot", "itl", "e2el")


@dataclass(frozen=True, slots=True)
class Flags:
    """What is to be measured, and how. Lengths in tokens, rates in requests a second, goals in seconds."""

    url: str
    """Base URL, without a slash at its end."""
    endpoint: str
    model: str
    chat: bool
    dataset: str
    path: str | None
    prompts: int
    input_len: int
    output_len: int
    range_ratio: float
    prefix_len: int
    fixed_output_len: int | None
    """For sharegpt and custom; None: as the file says."""
    rate: float
    burstiness: float
    concurrency: int | None
    warmups: int
    metrics: tuple[str, ...]
    percentiles: tuple[float, ...]
    goals: tuple[tuple[str, float], ...]
    seed: int
    temperature: float | None
    ignore_eos: bool
    verify: bool
    quiet: bool
    """No bar."""
    result: str | None
    """Path of the JSON, when it is wanted."""
    detailed: bool


def parse(argv: Sequence[str]) -> tuple[Flags, list[str]]:
    """The flags, and those that mean nothing here. Ends the program with code 2 on a wrong value."""
    found, unknown = _parser().parse_known_args(list(argv))
    fixed = found.sharegpt_output_len
    if found.dataset_name == "custom":
        fixed = None if found.custom_output_len < 0 else found.custom_output_len
    name = found.result_filename or "result.json"
    return Flags(
        url=found.base_url.rstrip("/"), endpoint=found.endpoint, model=found.model, chat=found.backend == "openai-chat",
        dataset=found.dataset_name, path=found.dataset_path, prompts=found.num_prompts,
        input_len=found.random_input_len, output_len=found.random_output_len, range_ratio=found.random_range_ratio,
        prefix_len=found.random_prefix_len, fixed_output_len=fixed, rate=found.request_rate,
        burstiness=found.burstiness, concurrency=found.max_concurrency, warmups=found.num_warmups,
        metrics=tuple(name for name in METRICS if name in found.percentile_metrics.split(",")),
        percentiles=tuple(float(part) for part in found.metric_percentiles.split(",")),
        goals=tuple(_goal(text) for text in found.goodput), seed=found.seed, temperature=found.temperature,
        ignore_eos=found.ignore_eos or found.dataset_name == "random", verify=not found.insecure,
        quiet=found.disable_tqdm, detailed=found.save_detailed,
        result=f"{found.result_dir or '.'}/{name}" if found.save_result else None,
    ), unknown  # fmt: skip


def _goal(text: str) -> tuple[str, float]:
    name, _, limit_ms = text.partition(":")
    if name not in ("ttft", "tpot", "e2el"):
        raise SystemExit(f"error: --goodput knows ttft, tpot and e2el, not {name!r}")
    try:
        return name, float(limit_ms) / 1000
    except ValueError:
        raise SystemExit(f"error: --goodput {text!r}: write ttft:500 (milliseconds)") from None


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0 or math.isnan(value):
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("launcher.bench.own", description="an open-loop client", allow_abbrev=False)
    add = parser.add_argument
    add("--backend", "--endpoint-type", default="openai", choices=("openai", "vllm", "openai-chat"))
    add("--base-url", required=True)
    add("--endpoint", default="/v1/completions")
    add("--model", required=True)
    add("--tokenizer", help="ignored: the server counts tokens")
    add("--dataset-name", default="random", choices=("random", "sharegpt", "custom"))
    add("--dataset-path")
    add("--num-prompts", type=_count, default=1000)
    add("--random-input-len", type=_count, default=1024)
    add("--random-output-len", type=_count, default=128)
    add("--random-range-ratio", type=float, default=0.0)
    add("--random-prefix-len", type=int, default=0)
    add("--sharegpt-output-len", type=_count)
    add("--custom-output-len", type=int, default=256)
    add("--request-rate", type=_positive, default=math.inf)
    add("--burstiness", type=_positive, default=1.0)
    add("--max-concurrency", type=_count)
    add("--num-warmups", type=int, default=0)
    add("--percentile-metrics", default="ttft,tpot,itl")
    add("--metric-percentiles", default="99")
    add("--goodput", nargs="+", default=[])
    add("--seed", type=int, default=0)
    add("--temperature", type=float)
    add("--ignore-eos", action="store_true")
    add("--insecure", action="store_true")
    add("--disable-tqdm", action="store_true")
    add("--save-result", action="store_true")
    add("--save-detailed", action="store_true")
    add("--result-dir")
    add("--result-filename")
    return parser
