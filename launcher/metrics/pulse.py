"""Does an engine that has work give any sign of life? Pure: it is told the time.

Signs of life are a generated token, prompt tokens that were taken in, a request that ended by itself, an engine step,
and a KV cache that fills. The last one is for long prefills: vLLM counts prompt tokens, steps and tokens only when an
engine step gives out a token (v1/engine/async_llm.py makes no iteration stats for a step without output), so while one
long prompt is computed chunk by chunk all counters stand still; but every chunk takes KV blocks, and the gauges are
written at every step. A prefill in one piece (no chunks, a slow CPU) shows nothing at all until it is over: so an
engine that was quiet for long and then went on by itself is given twice that time before it is called stuck.

Not signs of life: ``running`` and ``waiting`` (they change with arrivals while nothing is computed), aborts (clients
give up), preemptions (an engine may preempt in a circle).
"""

from __future__ import annotations

from typing import Final

from .vitals import Vitals

PATIENCE_S: Final = 30.0
MAX_PATIENCE_S: Final = 300.0
"""What was learned from one hang must not hide the next for ever."""


class Pulse:
    """One engine; ``beat`` for every look at it, in order of time."""

    def __init__(self) -> None:
        self._progress: tuple[float | None, ...] | None = None
        self._kv: float | None = None
        self._since: float | None = None
        """When the engine, having work, last gave a sign of life; None while it has none."""
        self.patience_s = PATIENCE_S

    def beat(self, vitals: Vitals) -> None:
        """Take one look."""
        progress = (vitals.generated, vitals.prompted, vitals.finished, vitals.steps)
        filling = vitals.kv is not None and self._kv is not None and vitals.kv > self._kv
        alive = progress != self._progress or filling
        self._progress, self._kv = progress, vitals.kv
        busy = (vitals.running or 0) + (vitals.waiting or 0) > 0
        if not busy:
            self._since = None
        elif self._since is None:
            self._since = vitals.at
        elif alive:
            self.patience_s = max(self.patience_s, min(2 * (vitals.at - self._since), MAX_PATIENCE_S))
            self._since = vitals.at

    def quiet_s(self, now: float) -> float:
        """How long the engine has had work and given no sign of life."""
        return 0.0 if self._since is None else now - self._since

    def stuck(self, now: float) -> bool:
        """Quiet for longer than this engine's patience."""
        return self.quiet_s(now) >= self.patience_s
