"""The difference of two manifests, line by line, comments kept. Pure; only masked text comes out."""

from __future__ import annotations

import difflib

from launcher.compare.row import Section
from launcher.compare.side import Side
from launcher.runs import masking

CONTEXT = 3
"""Equal lines shown around a difference."""
_MOST_LINES = 4000
"""The time that a difference takes grows with the square of its lines."""


def section(a: Side, b: Side) -> Section:
    """What was asked for: the lines that are not in both."""
    missing = tuple(said for word, side in (("A", a), ("B", b)) if (said := _missing(word, side)))
    if a.manifest is None or b.manifest is None:
        return Section("manifest", missing)
    first, second = (_safe(side.manifest or "", a, b) for side in (a, b))
    if len(first) + len(second) > _MOST_LINES:
        return Section("manifest", (f"The manifests have more than {_MOST_LINES} lines: too long to compare.",))
    if first == second:
        return Section("manifest", (_equal(a.manifest, b.manifest),), whole=tuple(f" {line}" for line in first))
    diff, whole = (_difference(first, second, around) for around in (CONTEXT, _MOST_LINES))
    return Section("manifest", diff=diff, whole=whole)


def _missing(word: str, side: Side) -> str:
    if side.manifest is not None:
        return ""
    if side.watched:
        return f"{word} has no manifest: vdeck only watches it."
    return f"The manifest of {word} cannot be read."


def _safe(text: str, a: Side, b: Side) -> list[str]:
    """The lines without any secret, of whichever run it is."""
    return masking.settings(text, lambda part: b.mask(a.mask(part))).splitlines()


def _equal(first: str, second: str) -> str:
    if first == second:
        return "The manifests are the same."
    return "The manifests are the same but for secrets (masked) or the ends of lines."


def _difference(first: list[str], second: list[str], around: int) -> tuple[str, ...]:
    return tuple(difflib.unified_diff(first, second, "A", "B", n=around, lineterm=""))[2:]
