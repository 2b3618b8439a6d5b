"""What the facts of a log (``Tracker.facts``) are called and how they read. Pure."""

from __future__ import annotations

_LABELS = {
    "engine_version": "vLLM",
    "architecture": "Architecture",
    "max_model_len": "Max length",
    "attention_backend": "Attention",
    "weights_gib": "Weights",
    "kv_gib": "KV cache memory",
    "kv_tokens": "KV cache",
    "max_concurrency": "Max concurrency",
    "graphs_gib": "CUDA graphs",
    "api_url": "Listens on",
    "dtype": "Weight type",
    "quantization": "Quantization",
    "tensor_parallel": "Tensor parallel",
    "kv_dtype": "KV cache type",
}


def describe(name: str, value: str) -> tuple[str, str]:
    """Label and text of a fact, e.g. ``("KV cache", "439,136 tokens")``. An unknown name is its own label."""
    label = _LABELS.get(name, name.replace("_", " "))
    if name.endswith("_gib"):
        return label, f"{value} GiB"
    if name in ("max_model_len", "kv_tokens") and value.isdecimal():
        return label, f"{int(value):,} tokens"
    if name == "tensor_parallel":
        return label, f"{value} GPUs"
    if name == "max_concurrency":
        return label, f"{value} full-length requests"
    return label, value
