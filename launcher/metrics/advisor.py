"""What is wrong with a server that answers, in one sentence, and the flag to change. Pure; None when all is well.

Rests on what vLLM's metrics say (names and meanings: vLLM 0.33, v1/metrics/loggers.py and stats.py), no more:

- saturated: requests waited at every look for a minute, and they do not get fewer. Which flag helps is told by the KV
  cache: full (or requests are preempted), then memory is short; with room, then the scheduler's own limits hold the
  requests back. ``max_num_seqs`` is in no metric, so it is told from the running requests: a number that stands still
  while others wait is the limit; one that moves means that prompts wait for ``max-num-batched-tokens``.
- preempting: ``num_preemptions`` grew within a minute: blocks ran out and requests are computed again.
- evicting: metrics do not say that a cached block was thrown away (``kv_block_*`` needs --kv-cache-metrics, and a full
  cache evicts all the time without harm). So this is a conclusion: the cache hits clearly less than earlier in this
  run, while requests hold nearly all blocks, so that little is left for what is cached. Other prompts than before look
  the same; the sentence says "probably".
- wedged: see ``pulse``. No flag mends it; the sentence says what to look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from .vitals import Vitals

WEDGED: Final = "wedged"
SATURATED: Final = "saturated"
PREEMPTING: Final = "preempting"
EVICTING: Final = "evicting"
KINDS: Final = (WEDGED, SATURATED, PREEMPTING, EVICTING)
"""The worst first."""

WINDOW_S: Final = 60.0
_COVERED: Final = 0.9
"""Of the window there must be samples: a server that was just started has no history to be judged by."""
_FULL: Final = 0.9
_FALLING: Final = 0.9
_MOST_MEMORY: Final = 0.95
"""``gpu-memory-utilization`` beyond which raising it is no advice: CUDA needs the rest."""
_GOOD_HITS: Final = 0.2
_CLEARLY: Final = 0.5
_ENOUGH_TOKENS: Final = 1000.0


class Advice(NamedTuple):
    health: str
    """One of KINDS."""
    text: str
    """One sentence, no full stop."""


class Rates(NamedTuple):
    """Prefix cache hits by queries, now and earlier in this run; None where too little was asked for to say."""

    now: float | None = None
    before: float | None = None


def wedged(now: Vitals, quiet_s: float) -> Advice:
    """For an engine that its pulse calls stuck."""
    who = " and ".join(
        f"{_requests(count)} {verb if count == 1 else verb[:-1]}"
        for count, verb in ((now.running or 0, "runs"), (now.waiting or 0, "waits"))
        if count
    )
    text = f"{who}, but no token came and none ended for {quiet_s:.0f} s"
    return Advice(WEDGED, f"{text}: see the end of the log for the cause, and restart the run if it stays so")


def advise(samples: Sequence[Vitals], config: Mapping[str, str], hits: Rates) -> Advice | None:
    """What is wrong with an engine by the samples of the last minute (oldest first), the worst first."""
    if not samples:
        return None
    preempted = _grown([one.preempted for one in samples])
    return _saturated(samples, config, preempted) or _preempting(samples[-1], config, preempted) or _evicting(
        samples[-1], config, hits
    )  # fmt: skip


def _saturated(samples: Sequence[Vitals], config: Mapping[str, str], preempted: float) -> Advice | None:
    waiting = [one.waiting or 0.0 for one in samples]
    if samples[-1].at - samples[0].at < _COVERED * WINDOW_S or min(waiting) <= 0:
        return None
    third = max(1, len(waiting) // 3)
    if sum(waiting[-third:]) < _FALLING * sum(waiting[:third]):
        return None
    now = samples[-1]
    who = f"{_requests(waiting[-1])} {'waits' if waiting[-1] == 1 else 'wait'}"
    if (now.kv is not None and now.kv >= _FULL) or preempted:
        return Advice(SATURATED, f"{who}, {_cache(now, config)}: {_more_cache(config)} or lower max-model-len")
    if now.kv is None:
        return Advice(SATURATED, f"{who}: raise max-num-seqs, or gpu-memory-utilization when the KV cache is full")
    running = [one.running or 0.0 for one in samples]
    room = f"{who} while the KV cache has room ({_percent(now.kv)} used)"
    if max(running) - min(running) <= 0.1 * max(running):
        return Advice(SATURATED, f"{room}: raise max-num-seqs ({running[-1]:.0f} run at once now)")
    return Advice(SATURATED, f"{room}: raise max-num-batched-tokens, else max-num-seqs ({running[-1]:.0f} run now)")


def _preempting(now: Vitals, config: Mapping[str, str], preempted: float) -> Advice | None:
    if not preempted:
        return None
    count = f"{preempted:.0f} preemption{'' if preempted == 1 else 's'} in the last minute"
    text = f"{count}, requests are computed again for want of KV blocks ({_percent(now.kv)} used)"
    return Advice(PREEMPTING, f"{text}: {_more_cache(config)} or lower max-num-seqs")


def _evicting(now: Vitals, config: Mapping[str, str], hits: Rates) -> Advice | None:
    full = now.kv is not None and now.kv >= _FULL
    if not full or hits.now is None or hits.before is None or config.get("enable_prefix_caching") == "False":
        return None
    if hits.before < _GOOD_HITS or hits.now > _CLEARLY * hits.before:
        return None
    text = f"the prefix cache hits {_percent(hits.now)} of the prompt tokens, {_percent(hits.before)} before, and"
    return Advice(
        EVICTING, f"{text} {_cache(now, config)}, so cached prompts are probably evicted: {_more_cache(config)}"
    )


def hit_rate(first: Vitals, last: Vitals) -> float | None:
    """Hits by queries between two looks; None when fewer than 1,000 tokens were asked for (or the server restarted)."""
    if None in (first.hits, first.queries, last.hits, last.queries):
        return None
    hits, queries = (last.hits or 0) - (first.hits or 0), (last.queries or 0) - (first.queries or 0)
    return hits / queries if queries >= _ENOUGH_TOKENS and hits >= 0 else None


def _grown(counts: Sequence[float | None]) -> float:
    """What a counter counted; a drop (restart) adds nothing."""
    known = [count for count in counts if count is not None]
    return sum(max(0.0, after - before) for before, after in pairwise(known))


def _cache(now: Vitals, config: Mapping[str, str]) -> str:
    """``the KV cache of 262,144 tokens is full (98 %)``."""
    tokens = _number(config, "num_gpu_blocks"), _number(config, "block_size")
    size = f" of {tokens[0] * tokens[1]:,.0f} tokens" if tokens[0] and tokens[1] else ""
    full = "is full" if now.kv is not None and now.kv >= _FULL else "runs full"
    return f"the KV cache{size} {full} ({_percent(now.kv)})"


def _more_cache(config: Mapping[str, str]) -> str:
    """How to get a larger KV cache, by what the server was started with."""
    size = _number(config, "kv_cache_memory_bytes")
    if size:
        return f"raise kv-cache-memory-bytes ({size / 2**30:.3g} GiB now)"
    share = _number(config, "gpu_memory_utilization")
    if share is None:
        return "raise gpu-memory-utilization"
    if share < _MOST_MEMORY:
        return f"raise gpu-memory-utilization ({share:.2f} now)"
    return f"raise tensor-parallel-size (gpu-memory-utilization is {share:.2f} already)"


def _number(config: Mapping[str, str], name: str) -> float | None:
    """A label as a number; None for ``None`` and for what is none. Text from outside: only its value goes on."""
    try:
        value = float(config.get(name, ""))
    except ValueError:
        return None
    return value if 0 <= value < 1e18 else None


def _requests(count: float) -> str:
    return f"{count:,.0f} request{'' if count == 1 else 's'}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.0f} %"
