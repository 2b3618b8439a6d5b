"""The lines of a start that matter, as a table: how they begin, what they look like, which phase begins, what they say.

Words and their drift: vLLM 0.5.4 to 0.33, CUDA and CPU (captures and the sources of 46 releases). A named group is a
fact of that name, except ``pct`` (progress), ``_at`` and ``_of`` (shard 3 of 7). A phase names what goes on *after* its
line, so many lines below are the end of what went before: the weights are in, so compilation begins.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LOADED = "(loaded)"
"""In place of a phase: the weights are in; what follows depends on the engine's configuration."""
LOADING = "(loading)"
"""In place of a phase: download or load, as the model's name tells."""
VLLM, UVICORN, ANY = "vllm", "uvicorn", "any"
"""The head that a line must have: vLLM's own (level, time, source); ``INFO:     `` of uvicorn; none is needed."""


class Rule(NamedTuple):
    pattern: re.Pattern[str]
    phase: str | None
    head: str


_VERSION = r"(?P<engine_version>\d+\.\d+[^\s,)]*)"
_BAR = r"(?P<pct>\d+)%\|(?:[^|]*\| *(?P<_at>\d+)/(?P<_of>\d+))?"
_CONCURRENCY = r"Maximum concurrency for [\d,]+ tokens per request: (?P<max_concurrency>[\d.]+)x"
_WEIGHT_FILE = r"[\w.-]+\.(?:safetensors|bin|pt|pth|gguf):\s+(?P<pct>\d+)%\|"
_SHARDS = (
    r"[A-Z][\w -]{0,40}(?:shards|Streamer)[^:%]{0,40}:\s+(?P<pct>\d+)% Completed \|(?: *(?P<_at>\d+)/(?P<_of>\d+))?"
)
_V1_BACKEND = r"Using (?:AttentionBackendEnum\.)?(?P<attention_backend>[A-Z][A-Z0-9_]+) attention backend"
_OLD_BACKEND = (
    r"Using (?P<attention_backend>Flash ?Attention(?:-\d)?|Flash ?Infer|Flex ?Attention|XFormers|Torch SDPA|Pallas|"
    r"Triton(?: ?MLA)?|FlashMLA|ROCmFlashAttention|\w+_ATTN\w*|\w*MLA)(?: [Aa]ttention)? backend(?: on V[01] engine)?\."
)

# (how the message begins, four characters each; the pattern; the phase; the head)
_TABLE: tuple[tuple[str, str, str | None, str], ...] = (
    # the arguments are known: imports are over, the model's configuration is read (from the hub when it is not cached)
    ("vLLM", rf"vLLM (?:API )?server version {_VERSION}", "config", VLLM),
    (" ▄▄ ", rf" ▄▄ ▄█.*version {_VERSION}$", "config", VLLM),
    ("non-", r"non-default args: ", "config", VLLM),
    ("args", r"args: Namespace\(", "config", VLLM),
    # the configuration is known: the engine's processes start and meet
    ("Reso", r"Resolved architecture: (?P<architecture>\w+)", "engine", VLLM),
    ("Usin", r"Using max model len (?P<max_model_len>\d+)", "engine", VLLM),
    ("Init", rf"Initializing an? (?:V[01] )?LLM engine \(v{_VERSION}\)", "engine", VLLM),
    # weights
    ("Star", r"Starting to load model (?P<_model>\S+?)\.\.\.$", LOADING, VLLM),
    ("Load", r"Loading model from scratch\.\.\.", LOADING, VLLM),
    ("mode|pyto|cons|tf_m|adap", _WEIGHT_FILE, "download", ANY),
    ("Fetc", rf"Fetching \d+ files:\s+{_BAR}", "download", ANY),
    ("Time", r"Time spent downloading weights for ", "load", VLLM),
    ("File", r"Filesystem type for checkpoints: ", "load", VLLM),
    ("Load|Mult|Para", _SHARDS, "load", ANY),
    ("Pref", r"Prefetching checkpoint files: (?P<pct>\d+)%", "load", VLLM),
    ("Load", r"Loading (?:model )?weights took [\d.]+ seconds", "load", VLLM),
    ("Load", r"Loading model weights took (?P<weights_gib>[\d.]+) GB", LOADED, VLLM),
    ("Mode", r"Model loading took (?P<weights_gib>[\d.]+) (?:GiB|GB)(?: memory)? and [\d.]+ seconds", LOADED, VLLM),
    # compilation
    ("Star", r"Starting torch\.compile|Start compiling", "compile", VLLM),
    ("Usin", r"Using cache directory: \S+ for vLLM's torch\.compile", "compile", VLLM),
    ("Dyna", r"Dynamo bytecode transform time: ", "compile", VLLM),
    ("Comp", r"Compiling a graph for (?:compile range|dynamic shape|general shape|shape)", "compile", VLLM),
    # memory is profiled and handed out
    ("torc", r"torch\.compile (?:took|takes) [\d.]+ s in total", "kv-cache", VLLM),
    ("Avai", r"Available KV cache memory: (?P<kv_gib>[\d.]+) GiB", "kv-cache", VLLM),
    ("Expl|Auto", r"\w+ set \((?P<kv_gib>[\d.]+)/[\d.]+\) GiB for KV cache", "kv-cache", VLLM),
    ("GPU |CPU |TPU |XPU |HPU |CUDA|cuda",
     rf"\w+ KV cache size: (?P<kv_tokens>[\d,]+) tokens(?:, {_CONCURRENCY})?", "kv-cache", VLLM),
    ("Maxi", _CONCURRENCY, "kv-cache", VLLM),
    ("# GP|# cu|# CP|# xp|# TP|# hp|# ne|# ro", r"# \w+ blocks: \d+, # CPU blocks: \d+", "kv-cache", VLLM),
    # CUDA graphs
    ("Capt", r"Capturing the model for CUDA graphs|Capturing cudagraphs for decoding", "graphs", VLLM),
    ("Capt", rf"Capturing CUDA graph(?: shape)?s?(?: \([^)]*\))?:?\s+{_BAR}", "graphs", ANY),
    ("Grap", r"Graph capturing finished in \d+ secs?(?:, took (?P<graphs_gib>-?[\d.]+) GiB)?", "graphs", VLLM),
    # the web server
    ("Supp", r"Supported[ _]tasks: \[", "api", VLLM),
    ("Star", r"Starting vLLM (?:API )?server(?: \d+)? on (?P<api_url>\S+)", "api", VLLM),
    ("Avai", r"Available routes are:", "api", VLLM),
    ("Star", r"Started server process \[\d+\]", "api", UVICORN),
    ("Wait", r"Waiting for application startup\.", "api", UVICORN),
    ("Appl", r"Application startup complete\.$", "ready", UVICORN),
    ("Open", r"OpenAI server is ready to accept requests", "ready", VLLM),
    ("Uvic", r"Uvicorn running on (?P<api_url>\S+)", "ready", UVICORN),
    # facts only
    ("Usin", _V1_BACKEND, None, VLLM),
    ("Usin", _OLD_BACKEND, None, VLLM),
)  # fmt: skip


def _by_start() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    for starts, pattern, phase, head in _TABLE:
        for start in starts.split("|"):
            assert len(start) == 4, start
            found.setdefault(start, []).append(Rule(re.compile(pattern), phase, head))
    return {start: tuple(rules) for start, rules in found.items()}


BY_START = _by_start()
"""The rules by the first four characters of a message: any other line costs one look."""
