"""A moment of a log as a person types it. Pure but for the zone of this machine."""

from __future__ import annotations

import re
import time

from launcher.errors import VdeckError

FORMS = "14:05, 14:05:33, -10m or 11-26 14:05"
_CLOCK = re.compile(r"(?:(?:(\d{4})-)?(\d{1,2})-(\d{1,2})[ T]+)?(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)
_AGO = re.compile(r"-?(\d{1,6})\s*([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DAY_S = 86400


def moment(text: str, *, now: float) -> float:
    """Seconds since the epoch of a typed time: ``14:05``, ``14:05:33``, ``11-26 14:05``, ``-10m``.

    ``now`` (seconds since the epoch) is the end of the log: what is given without a day or year is the last such time
    before it. Raises VdeckError when it is no time.
    """
    words = text.strip().lower()
    ago = _AGO.fullmatch(words)
    if ago is not None:
        return now - int(ago[1]) * _UNITS[ago[2]]
    found = _CLOCK.fullmatch(words.upper())
    at = _clock(found, now) if found is not None else None
    if at is None:
        raise VdeckError(f"{text.strip()!r} is no time", fix=f"write {FORMS}")
    return at


def _clock(found: re.Match[str], now: float) -> float | None:
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
    if (hour or 0) > 23 or (minute or 0) > 59 or (second or 0) > 59:
        return None
    today = time.localtime(now)
    clock = (hour or 0, minute or 0, second or 0)
    if month is None or day is None:
        at = _epoch(today.tm_year, today.tm_mon, today.tm_mday, clock)
        if at is not None and at > now + 60:
            before = time.localtime(now - _DAY_S)
            at = _epoch(before.tm_year, before.tm_mon, before.tm_mday, clock)
        return at
    at = _epoch(year or today.tm_year, month, day, clock)
    if at is not None and year is None and at > now + _DAY_S:
        at = _epoch(today.tm_year - 1, month, day, clock)
    return at


def _epoch(year: int, month: int, day: int, clock: tuple[int, int, int]) -> float | None:
    try:
        at = time.mktime((year, month, day, *clock, 0, 0, -1))
    except (OverflowError, ValueError):
        return None
    made = time.localtime(at)
    return at if (made.tm_mon, made.tm_mday) == (month, day) else None  # 02-31 is no day
