"""Loads as people write them: ``1,2,4,inf`` or ``1..16``. Pure."""

from __future__ import annotations

import math

from launcher.bench.plan import Load
from launcher.errors import UsageError

MAX_LOADS = 64
_FIX = "write 1,2,4 or 1..16 (each twice the one before)"


def loads_of(rates: str = "", concurrency: str = "") -> tuple[Load, ...]:
    """The loads of a benchmark, in the order in which they are written.

    ``rates``: requests a second, ``inf`` for all at once. ``concurrency``: requests at a time. Both are lists such as
    ``1,2,4`` or sweeps such as ``1..16``. Several rates share the one bound of concurrency, if there is one; several
    bounds are for the rate ``inf``. Several of both is refused: it is not clear which pairs are meant.
    Raises UsageError.
    """
    wanted = [None if math.isinf(rate) else rate for rate in _numbers(rates, "request rate", whole=False)]
    bounds = [int(bound) for bound in _numbers(concurrency, "concurrency", whole=True)]
    if len(wanted) > 1 and len(bounds) > 1:
        raise UsageError(
            "several request rates and several bounds of concurrency do not go together",
            fix="give one of the two as a single number",
        )
    if len(bounds) > 1 and wanted and wanted[0] is not None:
        raise UsageError(
            "several bounds of concurrency are measured with the request rate inf", fix="leave the rate out"
        )
    if len(bounds) > 1:
        return _bounded([Load(None, bound) for bound in bounds])
    bound = bounds[0] if bounds else None
    return _bounded([Load(rate, bound) for rate in wanted or [None]])


def _bounded(loads: list[Load]) -> tuple[Load, ...]:
    if len(loads) > MAX_LOADS:
        raise UsageError(f"{len(loads)} loads are more than the {MAX_LOADS} of one benchmark", fix="measure fewer")
    return tuple(loads)


def _numbers(text: str, what: str, *, whole: bool) -> list[float]:
    found: list[float] = []
    for part in text.replace(" ", "").split(",") if text.strip() else ():
        first, dots, last = part.partition("..")
        if dots:
            found += _doubling(_number(first, what, whole=whole), _number(last, what, whole=whole), part)
        else:
            found.append(_number(part, what, whole=whole))
    return found


def _doubling(first: float, last: float, part: str) -> list[float]:
    """``first``, twice that, and so on up to ``last``, which is always one of them."""
    if math.isinf(first) or math.isinf(last) or last < first:
        raise UsageError(f"{part} is no sweep: it goes from a number to a larger one", fix=_FIX)
    found = [first]
    while found[-1] * 2 < last:
        found.append(found[-1] * 2)
    return found if last == first else [*found, last]


def _number(text: str, what: str, *, whole: bool) -> float:
    if not whole and text in ("inf", "∞"):
        return math.inf
    try:
        value = float(int(text)) if whole else float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e9:
        kind = "a whole number above 0" if whole else "a number above 0, or inf"
        raise UsageError(f"the {what} must be {kind}, not {text[:40]!r}", fix=_FIX)
    return value


def load_name(load: Load) -> str:
    """``4 req/s``, ``max 8 at a time``, ``4 req/s, max 8`` or ``all at once``: how a load is called everywhere."""
    if load.rate is None:
        return "all at once" if load.concurrency is None else f"{load.concurrency} at a time"
    rate = f"{load.rate:g} req/s"
    return rate if load.concurrency is None else f"{rate}, max {load.concurrency}"
