"""Which name of vLLM means what: one alias table for all releases from 0.5.4 to 0.33. The first present name wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

# Families without ``_total`` and without the prefix; renames and removals of vLLM's history, newest name first.
PROMPT_TOKENS: Final = ("prompt_tokens",)
GENERATION_TOKENS: Final = ("generation_tokens",)
PROMPT_CACHED: Final = ("prompt_tokens_cached",)
PROMPT_THROUGHPUT: Final = ("avg_prompt_throughput_toks_per_s",)
GENERATION_THROUGHPUT: Final = ("avg_generation_throughput_toks_per_s",)
RUNNING: Final = ("num_requests_running",)
WAITING: Final = ("num_requests_waiting",)
SWAPPED: Final = ("num_requests_swapped",)
KV_CACHE: Final = ("kv_cache_usage_perc", "gpu_cache_usage_perc")
TTFT: Final = ("time_to_first_token_seconds",)
ITL: Final = ("inter_token_latency_seconds", "time_per_output_token_seconds")
TPOT: Final = ("request_time_per_output_token_seconds", *ITL)
E2E: Final = ("e2e_request_latency_seconds",)
QUEUE_TIME: Final = ("request_queue_time_seconds", "time_in_queue_requests")
PREFILL_TIME: Final = ("request_prefill_time_seconds",)
DECODE_TIME: Final = ("request_decode_time_seconds",)
FINISHED: Final = ("request_success",)
PREEMPTIONS: Final = ("num_preemptions",)
PREFIX_HITS: Final = ("prefix_cache_hits", "gpu_prefix_cache_hits")
PREFIX_QUERIES: Final = ("prefix_cache_queries", "gpu_prefix_cache_queries")
PREFIX_HIT_RATE: Final = ("gpu_prefix_cache_hit_rate",)
PROMPT_LENGTH: Final = ("request_prompt_tokens",)
GENERATION_LENGTH: Final = ("request_generation_tokens",)
STEP_TOKENS: Final = ("iteration_tokens_total",)
"""A histogram, in spite of its name: one observation for each engine step that gave out a token."""
LORA: Final = ("lora_requests_info",)
SPEC_DRAFTS: Final = ("spec_decode_num_drafts",)
SPEC_DRAFTED: Final = ("spec_decode_num_draft_tokens",)
SPEC_ACCEPTED: Final = ("spec_decode_num_accepted_tokens",)
CACHE_CONFIG: Final = ("cache_config_info", "cache_config")

PREFIXES: Final = ("vllm:", "ray_vllm_", "vllm_")
"""What vLLM writes, what Ray Serve makes of it, and what a relay that knows no colon makes of it."""
OWN: Final = "vdeck:"
"""What vdeck records beside them: GPU figures."""
_WHOLE: Final = "="


def gauge(aliases: tuple[str, ...], has: Callable[[str], bool]) -> str | None:
    """The metric name of a gauge; ``has`` tells whether a sample name is there."""
    return _first(aliases, "", has)


def counter(aliases: tuple[str, ...], has: Callable[[str], bool]) -> str | None:
    """The sample name of a counter, with ``_total`` or (a server that forgot it) without."""
    return _first(aliases, "_total", has) or _first(aliases, "", has)


def histogram(aliases: tuple[str, ...], has: Callable[[str], bool]) -> str | None:
    """The family name of a histogram: its samples are ``_bucket``, ``_sum``, ``_count``."""
    found = _first(aliases, "_bucket", has)
    return found[: -len("_bucket")] if found else None


def summary(aliases: tuple[str, ...], has: Callable[[str], bool]) -> str | None:
    """The family name of a histogram or a summary: what has ``_sum`` and ``_count``."""
    found = _first(aliases, "_sum", has)
    return found[: -len("_sum")] if found else None


def is_vllm(name: str) -> bool:
    """Whether a sample name is one of vLLM's own (not of Python, the process or the HTTP layer)."""
    return name.startswith(PREFIXES)


def whole(name: str) -> str:
    """An alias that stands for this name and no other: not a family of vLLM's."""
    return _WHOLE + name


def written(alias: str) -> str | None:
    """The family of an alias as today's vLLM writes it; None for what only vdeck records (``vdeck:gpu_…``)."""
    if not alias.startswith(_WHOLE):
        return PREFIXES[0] + alias
    name = alias[len(_WHOLE) :]
    return None if name.startswith(OWN) else name


def _first(aliases: tuple[str, ...], suffix: str, has: Callable[[str], bool]) -> str | None:
    for alias in aliases:
        stems = (alias[len(_WHOLE) :],) if alias.startswith(_WHOLE) else [prefix + alias for prefix in PREFIXES]
        for stem in stems:
            if has(stem + suffix):
                return stem + suffix
    return None
