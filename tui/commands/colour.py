"""A line of a log on the user's own terminal: its colours may pass, nothing else that a terminal obeys."""

from __future__ import annotations

import re

from launcher.logs import ansi

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_EXTENDED = re.compile(r"[34]8[;:](?:5[;:]\d+|2(?:[;:]\d*){3,5})")
_UNWANTED = frozenset({"5", "6", "8"})
"""Blinking, and text that hides."""
_RESET = "\x1b[0m"


def for_terminal(line: str, *, colours: bool) -> str:
    """``line`` without control characters; colours stay when they are wanted, and do not reach the next line."""
    if not colours:
        return ansi.plain(line)
    shown = ansi.colours_only(line)
    if "\x1b" not in shown:
        return shown
    return _SGR.sub(lambda found: found[0] if _harmless(found[1]) else "", shown) + _RESET


def _harmless(numbers: str) -> bool:
    plain = re.split("[;:]", _EXTENDED.sub("", numbers))
    return not _UNWANTED.intersection(number.lstrip("0") for number in plain)
