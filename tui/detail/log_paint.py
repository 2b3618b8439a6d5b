"""Log lines into strips: text, colours, hits of the search, selection, and the gutter with the letter of the level."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip

from launcher.text import clean_line
from tui.detail import log_text
from tui.detail.log_text import Shown

PROCESSES = 6
"""So many colours of processes (and of runs, in a merged log)."""
STYLES = (
    "prefix", "debug", "info", "warning", "error", "hit", "current", "selected", "mark", "gutter",
    *(f"process-{number}" for number in range(PROCESSES)),
)  # fmt: skip
LABEL = 14
"""Cells of a run's name in front of its lines."""


class Made(NamedTuple):
    """A log line laid out: its parts are (start, end) in characters."""

    shown: Shown
    parts: list[tuple[int, int]]


class Label(NamedTuple):
    """Whose line it is, where several logs are shown as one."""

    name: str
    colour: int


def colour_of(process: str) -> int:
    """The colour of a process: the same name has always the same one."""
    return zlib.crc32(process.encode("utf-8", "replace")) % PROCESSES


def gutter(
    made: Made, part: int, style: Callable[[str], Style], base: Style, label: Label | None, cursor: bool
) -> Strip:
    """What stands in front of a part of a line: the run (of a merged log), the letter of the level, the cursor."""
    pieces: list[Segment] = []
    if label is not None:
        name = set_cell_size(clean_line(label.name), LABEL - 1) if part == 0 else " " * (LABEL - 1)
        pieces.append(Segment(f"{name} ", base + style(f"process-{label.colour % PROCESSES}")))
    letter = log_text.letter(made.shown.level) if part == 0 else " "
    level = log_text.style_of(made.shown.level)
    pieces.append(Segment(letter, base + style(level or "gutter")))
    pieces.append(Segment("▶" if cursor else " ", base + style("gutter")))
    return Strip(pieces)


def gutter_width(labelled: bool) -> int:
    """Cells of the gutter."""
    return 2 + (LABEL if labelled else 0)


def line_marks(
    shown: Shown, style: Callable[[str], Style], hits: list[tuple[int, int]], current: bool
) -> list[tuple[int, int, Style]]:
    """The coloured stretches of a line; hits lie over its own colours."""
    marks = [
        (span.start, span.end, style(span.style) if isinstance(span.style, str) else span.style) for span in shown.spans
    ]
    if shown.process is not None and not any(isinstance(span.style, Style) for span in shown.spans):
        end = shown.text.find(") ") + 1
        marks.append((0, end, style(f"process-{colour_of(shown.process)}")))
    lit = style("current" if current else "hit")
    return [*marks, *((left, right, lit) for left, right in hits)]


def part_strip(
    text: str, bounds: tuple[int, int], marks: list[tuple[int, int, Style]], base: Style,
    selection: tuple[Selection, int, Style] | None = None,
) -> Strip:  # fmt: skip
    """One part of a line. ``selection``: what the mouse has selected, the number of this part in it, its style."""
    start, end = bounds
    if selection is not None and (chosen := selection[0].get_span(selection[1])) is not None:
        left, right = chosen
        marks = [*marks, (start + left, end if right == -1 else min(end, start + right), selection[2])]
    return Strip(log_text.segments(text, start, end, marks, base))


def widest(made: Made) -> int:
    """Cells of the widest part."""
    text = made.shown.text
    return len(text) if text.isascii() else cell_len(text)
