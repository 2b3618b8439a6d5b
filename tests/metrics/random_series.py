"""Random series as bad as real ones: resets, gaps, jitter, late and vanishing, repeated, huge, tiny, NaN, infinite."""

from __future__ import annotations

import math
import random

from rules import Sample

START = 1_795_000_000_000
LENGTH_S = 900


def times(rnd: random.Random) -> list[int]:
    """When a series was sampled: regular, with jitter, wild, with holes, late, gone early, or on whole seconds."""
    step = rnd.choice((1000, 1000, 2000, 5000, 15_000))
    jitter = rnd.choice((0, 0, 3, step // 20, step // 3))
    wild = rnd.random() < 0.15
    holes = rnd.choice((0.0, 0.0, 0.02, 0.2))
    begin = rnd.choice((0, 0, rnd.randrange(LENGTH_S * 500)))
    end = rnd.choice((LENGTH_S * 1000, LENGTH_S * 1000, rnd.randrange(LENGTH_S * 500, LENGTH_S * 1000)))
    found: list[int] = []
    now = START + begin + (0 if jitter == 0 and rnd.random() < 0.7 else rnd.randrange(step))
    while now < START + end:
        at = now + rnd.randint(-jitter, jitter)
        if (not found or at > found[-1]) and rnd.random() >= holes:
            found.append(at)
        if rnd.random() < 0.01:
            now += rnd.randrange(1, 20) * step  # the server, or the scraper, was away
        now += rnd.randrange(1, 4 * step) if wild else step
    return found


def counter(rnd: random.Random) -> list[Sample]:
    """A counter: it rises, stays, begins again; some are huge, some broken (NaN, infinite, below zero)."""
    kind = rnd.choice(("whole", "whole", "float", "slow", "constant", "huge", "tiny", "broken", "infinite", "negative"))
    resets = rnd.choice((0.0, 0.005, 0.05))
    start = {"huge": 1.7953283391620665e09, "tiny": 1e-300, "negative": -50.0}.get(kind, 0.0)
    value = start + rnd.choice((0.0, 0.0, rnd.randrange(1000)))
    found: list[Sample] = []
    for ms in times(rnd):
        if rnd.random() < resets:
            value = rnd.choice((0.0, 0.0, float(rnd.randrange(5)), value / 3))
        found.append((ms, _spoiled(rnd, value, kind)))
        value += _grown(rnd, kind)
    return found


def _grown(rnd: random.Random, kind: str) -> float:
    if kind == "constant":
        return 0.0
    if kind == "slow":
        return float(rnd.random() < 0.05)
    if kind == "tiny":
        return rnd.random() * 1e-300
    if kind in ("float", "huge"):
        return rnd.random() * rnd.choice((0, 1, 1e-3, 1e6))
    return float(rnd.choice((0, 0, 1, 1, 2, 17, 1000)))


def _spoiled(rnd: random.Random, value: float, kind: str) -> float:
    if kind == "broken" and rnd.random() < 0.02:
        return math.nan
    if kind == "infinite" and rnd.random() < 0.02:
        return rnd.choice((math.inf, -math.inf))
    return value


def gauge(rnd: random.Random) -> list[Sample]:
    """A gauge: up and down, also below zero, some with NaN."""
    kind = rnd.choice(("whole", "float", "broken", "infinite"))
    return [
        (ms, _spoiled(rnd, rnd.gauss(3, 10) if kind == "float" else float(rnd.randrange(9)), kind)) for ms in times(rnd)
    ]


def bounds(rnd: random.Random) -> list[float]:
    """Upper bounds of buckets, +Inf the last; the first may be zero or below."""
    count = rnd.randrange(1, 9)
    finite = sorted(rnd.choice((rnd.random(), float(rnd.randrange(1, 50)), rnd.random() * 1e-3)) for _ in range(count))
    if rnd.random() < 0.15:
        finite = sorted([rnd.choice((0.0, -1.0, -2.5)), *finite])
    return [*dict.fromkeys(finite), math.inf]


def le(bound: float, rnd: random.Random | None = None) -> str:
    """A bound as text: ``+Inf`` and ``1.0``, or (with ``rnd``) sometimes ``1``, which means the same."""
    if bound == math.inf:
        return "+Inf"
    return f"{bound:.0f}" if rnd is not None and bound.is_integer() and rnd.random() < 0.5 else repr(bound)
