"""All figures of one run over one window, for the command line: what the table of runs has no room for.

Asked for once, so it may cost what ``figures.current`` (every run, every second) may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from . import gpu_page, names
from .figures import Figures, current
from .goals import FAMILIES, Goal
from .history import History
from .measures import Measures
from .rates import Grid

QUANTILES: Final = (0.5, 0.95, 0.99)
LATENCIES: Final = (("ttft", names.TTFT), ("itl", names.ITL), ("tpot", names.TPOT[:1]), ("e2e", names.E2E))
TIMES: Final = (("queue", names.QUEUE_TIME), ("prefill", names.PREFILL_TIME), ("decode", names.DECODE_TIME))
FAILED: Final = ("error", "abort")


class Latency(NamedTuple):
    """Seconds; None: nothing was observed, or the server does not have the histogram."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    mean: float | None = None


class GpuFigures(NamedTuple):
    """The newest sample of one GPU, in the units of ``host.sensors.Reading``."""

    gpu: str
    processes: tuple[tuple[str, float], ...]
    """(name, bytes) of the run's own."""
    utilization: float | None
    memory_used: float | None
    memory_total: float | None
    power: float | None
    power_limit: float | None
    temperature: float | None
    sm_clock: float | None
    memory_clock: float | None


class Attained(NamedTuple):
    """A goal, and the share (0 to 1) within its limit over the window; None: nothing was observed."""

    goal: Goal
    share: float | None

    @property
    def kept(self) -> bool | None:
        """None when nothing was observed."""
        return None if self.share is None else self.share >= self.goal.share


class Report(NamedTuple):
    """Rates are per second, shares from 0 to 1, times in seconds; None is what is unknown."""

    figures: Figures
    window_s: float
    """What rates and quantiles cover: as asked for, but at least four scrape intervals."""
    interval_s: float
    latencies: tuple[tuple[str, Latency], ...] = ()
    """ttft, itl, tpot, e2e"""
    times: tuple[tuple[str, float | None], ...] = ()
    """Means of queue, prefill and decode, over the requests that finished."""
    finished_ps: tuple[tuple[str, float], ...] = ()
    """Requests a second by finish reason."""
    error_share: float | None = None
    """Errors and aborts among the finished requests; None: none finished."""
    steps_ps: float | None = None
    """Engine steps that gave out a token."""
    tokens_per_step: float | None = None
    accepted: float | None = None
    """Share of the drafted tokens that were accepted (speculative decoding)."""
    tokens_per_draft: float | None = None
    goals: tuple[Attained, ...] = ()
    gpus: tuple[GpuFigures, ...] = ()
    source: str | None = None
    """The Prometheus that rates, quantiles and shares come from; None: our own history."""


def make(history: History, *, now_ms: int, window_s: int, goals: Sequence[Goal] = ()) -> Report:
    """The report at ``now_ms`` of what ``history.refresh()`` has seen."""
    interval_ms = history.interval_ms
    range_ms = max(window_s * 1000, 4 * interval_ms)
    window = history.window(now_ms - range_ms - 4 * interval_ms, now_ms)
    now = Measures(Grid(window, (now_ms,), range_ms))
    finished = _by_reason(now)
    everything = sum(rate for _, rate in finished)
    return Report(
        current(history, now_ms=now_ms, window_s=window_s),
        range_ms / 1000,
        interval_ms / 1000,
        tuple((key, _latency(now, aliases)) for key, aliases in LATENCIES),
        tuple((key, now.mean(aliases)[0]) for key, aliases in TIMES),
        finished,
        sum(rate for reason, rate in finished if reason in FAILED) / everything if everything else None,
        now.rate((f"{names.STEP_TOKENS[0]}_count",))[0],
        now.mean(names.STEP_TOKENS)[0],
        _ratio(now.rate(names.SPEC_ACCEPTED)[0], now.rate(names.SPEC_DRAFTED)[0]),
        _per_draft(now),
        tuple(Attained(goal, now.within(FAMILIES[goal.key], goal.limit_s)[0]) for goal in goals),
        _gpus(now),
    )


def _latency(now: Measures, aliases: tuple[str, ...]) -> Latency:
    p50, p95, p99 = (values[0] for values in now.quantiles(aliases, QUANTILES))
    return Latency(p50, p95, p99, now.mean(aliases)[0])


def _by_reason(now: Measures) -> tuple[tuple[str, float], ...]:
    reasons = _labels(now, names.counter(names.FINISHED, now.window.has), "finished_reason")
    rates = ((reason, now.rate(names.FINISHED, finished_reason=reason)[0]) for reason in reasons)
    return tuple((reason, rate) for reason, rate in rates if rate is not None)


def _labels(now: Measures, name: str | None, label: str) -> list[str]:
    """The values of a label, in the order in which the server shows them."""
    tracks = now.window.select(name) if name is not None else []
    return list(dict.fromkeys(track.series.label(label) for track in tracks))


def _per_draft(now: Measures) -> float | None:
    """One token comes with every draft, the accepted ones beside it."""
    accepted = _ratio(now.rate(names.SPEC_ACCEPTED)[0], now.rate(names.SPEC_DRAFTS)[0])
    return None if accepted is None else 1 + accepted


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


_SENSORS: Final = (
    gpu_page.UTILIZATION, gpu_page.MEMORY_USED, gpu_page.MEMORY_TOTAL, gpu_page.POWER, gpu_page.POWER_LIMIT,
    gpu_page.TEMPERATURE, gpu_page.SM_CLOCK, gpu_page.MEMORY_CLOCK,
)  # fmt: skip


def _gpus(now: Measures) -> tuple[GpuFigures, ...]:
    cards = dict.fromkeys(card for name in _SENSORS for card in _labels(now, name, "gpu"))
    return tuple(_gpu(now, card) for card in sorted(cards, key=lambda card: (len(card), card)))


def _gpu(now: Measures, card: str) -> GpuFigures:
    values = [now.gauge((names.whole(name),), gpu=card)[0] for name in _SENSORS]
    own = (names.whole(gpu_page.PROCESS_MEMORY),)
    found = (
        (who, now.gauge(own, gpu=card, process=who)[0]) for who in _labels(now, gpu_page.PROCESS_MEMORY, "process")
    )
    return GpuFigures(card, tuple((who, used) for who, used in found if used is not None), *values)
