"""Marks between the lines of a log: where the reader set one, and when. Pure."""

from __future__ import annotations

from typing import NamedTuple

from tui.detail.log_page import PARTIAL, Lines


class Mark(NamedTuple):
    """Drawn below the line that starts at ``offset``."""

    offset: int
    text: str


def hosts(marks: list[Mark], lines: Lines) -> dict[int, list[Mark]]:
    """Which marks stand below which shown line: start of the line -> marks.

    A mark whose own line is hidden stands below the one before it; one above all shown lines is not seen."""
    found: dict[int, list[Mark]] = {}
    for mark in marks:
        row = lines.row_at(mark.offset)
        line = lines.line(row)
        if line is None or line.start > mark.offset:
            line = lines.line(row - 1) if row > 0 else None
        if line is not None:
            found.setdefault(line.start, []).append(mark)
    return found


def rule(text: str, width: int) -> str:
    """The line that is drawn for a mark."""
    return f"── {text} ".ljust(max(0, width), "─")[: max(0, width)]


def moved(marks: list[Mark], by: int) -> list[Mark]:
    """The same marks after ``by`` bytes were dropped in front; those of dropped lines are gone."""
    return [mark._replace(offset=mark.offset - by) for mark in marks if by <= mark.offset < PARTIAL]
