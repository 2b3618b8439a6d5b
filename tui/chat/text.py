"""The figures of an answer as one line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launcher.text import clean_line
from tui import format as words

_REASONS = {
    "stop": "",  "length": "token limit", "tool_calls": "called a tool",
    "content_filter": "stopped by a filter", "abort": "aborted by the server", "cancelled": "interrupted",
    "error": "failed",
}  # fmt: skip


def figures_line(stats: Mapping[str, Any]) -> str:
    """``TTFT 212 ms  48 tok/s  12 + 340 tokens  cached 8  1.9 s  token limit``; what is unknown is left out."""
    parts: list[str] = []
    ttft, speed, total = (_figure(stats, key) for key in ("ttft_s", "tokens_per_s", "total_s"))
    prompt, completion = _figure(stats, "prompt_tokens"), _figure(stats, "completion_tokens")
    cached = _figure(stats, "cached_tokens")
    if ttft is not None:
        parts.append(f"TTFT {words.latency(ttft)}")
    if speed is not None:
        parts.append(f"{words.number(speed)} tok/s")
    if prompt is not None or completion is not None:
        parts.append(f"{words.count(prompt)} + {words.count(completion)} tokens")
    if cached:
        parts.append(f"{words.count(cached)} cached")
    if total is not None:
        parts.append(words.latency(total))
    reason = stats.get("finish_reason")
    if isinstance(reason, str) and reason:
        said = _REASONS.get(reason, clean_line(reason))
        parts += [said] if said else []
    return "   ".join(parts)


def _figure(stats: Mapping[str, Any], key: str) -> float | None:
    value = stats.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
