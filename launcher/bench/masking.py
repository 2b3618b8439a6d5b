"""A benchmark without secrets, for everything that is shown or exported. The worker masks what servers and clients say
before it writes it down; what a user typed (options, a label) is masked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from launcher.bench.result import Bench, Point


def masked(bench: Bench, mask: Callable[[str], str]) -> Bench:
    """The same benchmark with every text masked; ``mask``: ``control.redactor(bench.run_id)`` of ``launcher.runs``."""
    options = {name: mask(f"{name}={text}").removeprefix(f"{name}=") for name, text in bench.plan.options.items()}
    plan = replace(bench.plan, options=options, label=mask(bench.plan.label))
    points = tuple(masked_point(point, mask) for point in bench.points)
    return bench._replace(reason=None if bench.reason is None else mask(bench.reason), plan=plan, points=points)


def masked_point(point: Point, mask: Callable[[str], str]) -> Point:
    """The same point with its error and warnings masked."""
    error = None if point.error is None else mask(point.error)
    return point._replace(error=error, warnings=tuple(map(mask, point.warnings)))
