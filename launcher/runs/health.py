"""Health beyond ready, judged by the supervisor from the pages that it records anyway: ``health`` and ``advice``."""

from __future__ import annotations

from collections import deque

from launcher.metrics import advisor
from launcher.metrics.advisor import Advice, Rates
from launcher.metrics.exposition import Page
from launcher.metrics.pulse import Pulse
from launcher.metrics.vitals import Vitals, VitalsReader
from launcher.runs.keeper import Keeper

EVERY_S = 5.0
"""How often it is judged; the samples in between count all the same."""
HOLD_S = 30.0
"""A state other than wedged is kept so long after it was last seen: a queue that empties for a moment is one queue."""
SAMPLE_S = 1.0
RECENT_S = 300.0
"""The prefix cache hit rate of now; all before that is "earlier"."""
_EARLIER = 120
"""Of the looks back for the hit rate, one a minute: two hours."""


class _Engine:
    """What is remembered of one engine."""

    def __init__(self) -> None:
        self.pulse = Pulse()
        self.recent: deque[Vitals] = deque()
        self.minutes: deque[Vitals] = deque(maxlen=_EARLIER)

    def add(self, vitals: Vitals) -> None:
        """Take one look."""
        self.pulse.beat(vitals)
        if len(self.recent) > 1 and self.recent[-1].at - self.recent[-2].at < SAMPLE_S * 0.9:
            self.recent.pop()  # the newest stays always, those before it are a second apart
        self.recent.append(vitals)
        while vitals.at - self.recent[0].at > advisor.WINDOW_S:
            self.recent.popleft()
        if not self.minutes or vitals.at - self.minutes[-1].at >= 60.0:
            self.minutes.append(vitals)

    def advice(self, config: dict[str, str], now: float) -> Advice | None:
        """What is wrong with it."""
        if self.pulse.stuck(now):
            return advisor.wedged(self.recent[-1], self.pulse.quiet_s(now))
        return advisor.advise(self.recent, config, self._hits(now))

    def _hits(self, now: float) -> Rates:
        split = next((one for one in self.minutes if now - one.at <= RECENT_S), None)
        if split is None or split is self.minutes[0]:
            return Rates()
        return Rates(advisor.hit_rate(split, self.recent[-1]), advisor.hit_rate(self.minutes[0], split))


class HealthWatch:
    """Times are monotonic seconds."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self.clear()

    def clear(self) -> None:
        """A server begins or has ended: nothing is known of it."""
        self._reader = VitalsReader()
        self._engines: dict[str, _Engine] = {}
        self._next = 0.0
        self._seen = 0.0
        self._keeper.state.health = self._keeper.state.advice = None

    def page(self, page: Page, now: float) -> None:
        """Take one more page."""
        found = self._reader.read(page, now)
        for name, vitals in found.items():
            self._engines.setdefault(name, _Engine()).add(vitals)
        for gone in set(self._engines) - set(found):
            del self._engines[gone]
        if now >= self._next:
            self._next = now + EVERY_S
            self._tell(self._worst(now), now)

    def _worst(self, now: float) -> Advice | None:
        found = []
        for name, engine in self._engines.items():
            advice = engine.advice(dict(self._reader.config(name)), now)
            if advice is not None:
                text = f"engine {name}: {advice.text}" if len(self._engines) > 1 else advice.text
                found.append(Advice(advice.health, text))
        return min(found, key=lambda advice: advisor.KINDS.index(advice.health), default=None)

    def _better(self, found: Advice | None) -> bool:
        """Than what the state says."""
        known = self._keeper.state.health
        if known is None:
            return False
        return found is None or advisor.KINDS.index(found.health) > advisor.KINDS.index(known)

    def _tell(self, found: Advice | None, now: float) -> None:
        state = self._keeper.state
        if self._better(found) and state.health != advisor.WEDGED and now - self._seen < HOLD_S:
            return
        self._seen = now
        health, text = (found.health, found.text) if found is not None else (None, None)
        if health != state.health:
            words = f"{health}: {text}" if health else f"no longer {state.health}"
            self._keeper.event("health", words)
        state.health, state.advice = health, text
