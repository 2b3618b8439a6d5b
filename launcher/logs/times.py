"""vLLM's log times: ``MM-DD HH:MM:SS``, local time, without a year. Pure but for the zone of this machine."""

from __future__ import annotations

import re
import time

_TIME = re.compile(r"(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")
_DAY_S = 86400.0


def epoch(text: str, *, near: float) -> float | None:
    """Seconds since the epoch of a log time, in the year that puts it nearest to ``near`` (e.g. the file's mtime).

    None when the text is no such time. An hour that a clock change repeats is taken as the C library takes it.
    """
    found = _TIME.match(text)
    if found is None:
        return None
    month, day, hour, minute, second = (int(part) for part in found.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour <= 23 and minute <= 59 and second <= 60):
        return None
    year = time.localtime(near).tm_year
    best: float | None = None
    for candidate in (year - 1, year, year + 1):
        try:
            at = time.mktime((candidate, month, day, hour, minute, second, 0, 0, -1))
        except (OverflowError, ValueError):
            continue
        if best is None or abs(at - near) < abs(best - near):
            best = at
    return best


def seconds_between(first: str, second: str) -> float | None:
    """Seconds from one log time to another; a step back of more than half a year is taken as New Year. None: not times.

    The clock change of a night in between is not seen: both times are read as wall clock.
    """
    a, b = _plain_seconds(first), _plain_seconds(second)
    if a is None or b is None:
        return None
    between = b - a
    return between + 366 * _DAY_S if between < -183 * _DAY_S else between


def _plain_seconds(text: str) -> float | None:
    """Seconds since the start of a leap year, so that 29 February exists."""
    found = _TIME.match(text)
    if found is None:
        return None
    month, day, hour, minute, second = (int(part) for part in found.groups())
    if not 1 <= month <= 12:
        return None
    days = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)[month - 1] + day - 1
    return days * _DAY_S + hour * 3600 + minute * 60 + second
