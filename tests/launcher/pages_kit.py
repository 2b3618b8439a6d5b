"""Pages of a server that a test describes in numbers."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.metrics.exposition import Page, parse

BOUNDS = ("0.1", "0.5", "1.0", "+Inf")


def histogram(name: str, counts: Sequence[float], engine: str = "0") -> str:
    """Cumulative buckets of a vLLM histogram."""
    return "".join(
        f'vllm:{name}_bucket{{engine="{engine}",le="{le}"}} {count}\n' for le, count in zip(BOUNDS, counts, strict=True)
    )


def lines(engine: str = "0", **values: float) -> str:
    """One line for each number; ``prompt_tokens_total=3`` is ``vllm:prompt_tokens_total{engine="0"} 3``."""
    return "".join(f'vllm:{name}{{engine="{engine}"}} {value}\n' for name, value in values.items())


def page(*texts: str) -> Page:
    """The parts as one page."""
    return parse("".join(texts))
