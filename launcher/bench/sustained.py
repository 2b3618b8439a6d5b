"""The one figure people want: the highest load at which the goals still hold. Pure."""

from __future__ import annotations

import math

from launcher.bench.loads import load_name
from launcher.bench.result import Bench, Point
from launcher.metrics.goals import SHARE


def share_good(point: Point) -> float | None:
    """The share of the requests, failed ones included, that met every goal; None without goals or figures."""
    if point.goodput is None or not point.duration_s or point.completed is None:
        return None
    asked = point.completed + (point.failed or 0)
    return min(1.0, point.goodput * point.duration_s / asked) if asked else None


def sustained(bench: Bench, share: float = SHARE) -> Point | None:
    """The point of the highest load that met the goals for at least ``share`` of its requests, as did every lower one
    of the benchmark; None when there are no goals, or none did."""
    best: Point | None = None
    for point in sorted(bench.points, key=_height):
        good = share_good(point)
        if good is None:
            continue
        if good < share:
            break
        best = point
    return best


def sentence(bench: Bench, share: float = SHARE) -> str | None:
    """``The goals hold up to 4 req/s (3.9 req/s good, 97 % of the requests).``; None without goals or points."""
    judged = [point for point in bench.points if share_good(point) is not None]
    if not bench.goals or not judged:
        return None
    best = sustained(bench, share)
    wanted = f"{share * 100:g} %"
    if best is None:
        return f"No load met the goals for {wanted} of its requests."
    good = share_good(best)
    assert good is not None and best.goodput is not None
    said = f"({best.goodput:.3g} req/s good, {good * 100:.3g} % of the requests)"
    if best is max(judged, key=_height):
        return f"The goals hold at the highest load measured, {load_name(best.load)} {said}."
    return f"The goals hold up to {load_name(best.load)} {said}."


def _height(point: Point) -> tuple[float, float]:
    rate = math.inf if point.load.rate is None else point.load.rate
    return rate, math.inf if point.load.concurrency is None else point.load.concurrency
