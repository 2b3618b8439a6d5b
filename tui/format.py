"""Values into words for the screen and the command line. Pure; what is unknown (None, NaN) is always ``-``."""

from __future__ import annotations

import math
import time

UNKNOWN = "-"
_PREFIXES = ("", "k", "M", "G", "T", "P")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def _known(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _digits(value: float) -> str:
    """Three significant figures at most, without a trailing zero: 7.2, 41, 812."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".")


def duration(seconds: float | None) -> str:
    """A time span in at most two parts: ``21s``, ``2m05s``, ``2h04m``, ``3d04h``. Negative (clock skew): ``0s``."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def seconds(value: float | None) -> str:
    """A span that is worth a decimal while it is short: ``0.4 s``, ``23.5 s``, ``2m05s``."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{max(0.0, value):.1f} s" if value < 59.95 else duration(value)


def latency(value: float | None) -> str:
    """A latency given in seconds: ``850 µs``, ``212 ms``, ``1.25 s``, ``95 s``."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞"
    size = abs(value)
    if size == 0:
        return "0 s"
    if size < 0.0009995:
        return f"{value * 1e6:.0f} µs"
    if size < 0.9995:
        return f"{_digits(value * 1e3)} ms"
    return f"{_digits(value)} s"


def number(value: float | None) -> str:
    """A count or rate in at most four characters and a prefix: ``0``, ``7.2``, ``812``, ``7.2k``, ``1.25M``."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    step = 0
    while abs(value) >= 999.5 and step < len(_PREFIXES) - 1:
        value /= 1000
        step += 1
    return _digits(value) + _PREFIXES[step]


def count(value: float | None) -> str:
    """A whole number with thousands separated: ``32,768``."""
    return f"{value:,.0f}" if value is not None and math.isfinite(value) else UNKNOWN


def rate(value: float | None, unit: str = "tok/s") -> str:
    """``7.2k tok/s``; the unit is left out when the rate is unknown."""
    return f"{number(value)} {unit}" if _known(value) else UNKNOWN


def percent(fraction: float | None) -> str:
    """A fraction (0..1) as ``41 %``; one decimal below 10 %."""
    if fraction is None or not math.isfinite(fraction):
        return UNKNOWN
    value = fraction * 100
    text = f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"
    return text.removesuffix(".0") + " %"


def size(value: float | None) -> str:
    """Bytes with a binary prefix: ``512 B``, ``1.5 GiB``."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    step = 0
    while abs(value) >= 1023.5 and step < len(_BINARY) - 1:
        value /= 1024
        step += 1
    return f"{_digits(value)} {_BINARY[step]}"


def clock(epoch: float | None) -> str:
    """Local time of day: ``12:04:11``."""
    return time.strftime("%H:%M:%S", time.localtime(epoch)) if epoch is not None else UNKNOWN


def moment(epoch: float | None) -> str:
    """Local date and time: ``2026-11-22 12:04:11``."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch)) if epoch is not None else UNKNOWN


def when(epoch: float | None, now: float) -> str:
    """The time of day when it was today, else the date as well."""
    if epoch is None:
        return UNKNOWN
    same_day = time.localtime(epoch)[:3] == time.localtime(now)[:3]
    return clock(epoch) if same_day else moment(epoch)


def value(amount: float | None, unit: str) -> str:
    """A figure of a chart in its unit: seconds (``s``), bytes (``B``, ``B/s``), percent (``%``, 0 to 100; ``ratio``, 0
    to 1), or a number."""
    if amount is None or not _known(amount):
        return UNKNOWN
    if unit == "s":
        return latency(amount)
    if unit == "%":
        return percent(amount / 100)
    if unit == "ratio":
        return percent(amount)
    if unit in ("B", "B/s"):
        return size(amount) + unit[1:]
    return number(amount)
