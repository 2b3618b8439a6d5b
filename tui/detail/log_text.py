"""One raw log line into what is shown of it: plain text and the spans that are coloured. Pure.

Only colour and weight (SGR) of a line's escape sequences survive; all else that could move a cursor, set a title or
turn text around is dropped. Of a progress bar that rewrites itself with carriage returns the last state is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from launcher.logs import ansi
from launcher.logs.lines import LogLine, last_state, parse

MAX_CHARACTERS = 10_000
_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_UNSET = {22: "not bold not dim", 23: "not italic", 24: "not underline", 27: "not reverse", 29: "not strike"}
_LEVELS = {
    "DEBUG": "debug", "INFO": "info", "WARNING": "warning", "WARN": "warning", "ERROR": "error", "CRITICAL": "error",
    "FATAL": "error",
}  # fmt: skip
_LETTERS = {name: name[0] for name in ("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL")} | {"FATAL": "C"}


class Span(NamedTuple):
    """``style`` is a Style of the line's own escape sequences, or the name of a component class (debug, warning, …)."""

    start: int
    end: int
    style: Style | str


class Shown(NamedTuple):
    """``level``: DEBUG … CRITICAL, ``process``: who wrote it; None when the line does not say."""

    text: str
    spans: tuple[Span, ...]
    level: str | None = None
    process: str | None = None


def plain(raw: str, redact: Callable[[str], str], *, times: bool = True) -> str:
    """The visible text of a raw line: no escapes, no secrets, tabs as spaces, at most MAX_CHARACTERS."""
    text = _masked(raw, redact)
    if not times:
        text = _without(text, parse(text).time_text)
    return _cut(text)


def whole(raw: str, redact: Callable[[str], str]) -> str:
    """``plain`` without a limit, for a file."""
    return redact(ansi.plain(last_state(raw)))


def shown(raw: str, redact: Callable[[str], str], *, times: bool = True) -> Shown:
    """``plain`` with its colours: those of the line itself where it has any, else those of its level."""
    full = _masked(raw, redact)
    line = parse(full)
    text = _cut(full if times else _without(full, line.time_text))
    spans = _own_colours(raw, text) if "\x1b[" in raw else ()
    return Shown(text, spans or _level_colours(text, line), line.level, line.process)


def letter(level: str | None) -> str:
    """One letter for a level (D I W E C), a blank for none: it tells what the colour tells."""
    return _LETTERS.get((level or "").upper(), " ")


def style_of(level: str | None) -> str:
    """The name of the style of a level; empty for none."""
    return _LEVELS.get((level or "").upper(), "")


def _masked(raw: str, redact: Callable[[str], str]) -> str:
    return redact(raw if len(raw) <= MAX_CHARACTERS and raw.isprintable() else ansi.plain(_bounded(raw)))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def _bounded(raw: str) -> str:
    """The last state of the line; of one without any end (a binary file) only as much as could ever be shown."""
    return last_state(raw)[: 4 * MAX_CHARACTERS]


def _without(text: str, stamp: str | None) -> str:
    if not stamp:
        return text
    before, found, after = text.partition(stamp)
    return before + after.removeprefix(" ") if found else text


def _level_colours(text: str, line: LogLine) -> tuple[Span, ...]:
    """The prefix is quiet, the level has its colour, and a warning or an error colours its message as well."""
    name = style_of(line.level)
    if not name:
        return ()
    message = line.message or ""
    begin = len(text) - len(message) if message and text.endswith(message) else 0
    level_at = text.find(line.level or "", 0, begin or None)
    spans = [Span(0, begin, "prefix")]
    if level_at >= 0:
        spans.append(Span(level_at, level_at + len(line.level or ""), name))
    if name in ("warning", "error", "debug"):
        spans.append(Span(begin, len(text), name))
    return tuple(spans)


def _own_colours(raw: str, text: str) -> tuple[Span, ...]:
    """The spans of the SGR sequences, when the text between them is what is shown (else nothing: wrong is worse)."""
    spans: list[Span] = []
    built = ""
    style = Style.null()
    for index, piece in enumerate(_SGR.split(ansi.colours_only(_bounded(raw)))):
        if index % 2:  # the codes between two pieces of text
            style = _apply(style, piece)
            continue
        if piece and style:
            spans.append(Span(len(built), len(built) + len(piece), style))
        built += piece
    return tuple(spans) if built == text else ()


@lru_cache(maxsize=512)
def _apply(style: Style, codes: str) -> Style:
    """The style after one SGR sequence. Unknown codes are ignored."""
    numbers = [int(code or 0) if len(code) < 6 else -1 for code in codes.replace(":", ";").split(";")]
    index = 0
    while index < len(numbers):
        code = numbers[index]
        index += 1
        if code == 0:
            style = Style.null()
        elif code in _FLAGS:
            style += Style.parse(_FLAGS[code])
        elif code in _UNSET:
            style += Style.parse(_UNSET[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style += Style(color=Color.from_ansi(code - 30 if code < 90 else code - 82))
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style += Style(bgcolor=Color.from_ansi(code - 40 if code < 100 else code - 92))
        elif code in (38, 48):
            colour, used = _extended(numbers[index:])
            index += used
            if colour is not None:
                style += Style(color=colour) if code == 38 else Style(bgcolor=colour)
        elif code in (39, 49):
            style += Style(color="default") if code == 39 else Style(bgcolor="default")
    return style


def _extended(numbers: list[int]) -> tuple[Color | None, int]:
    """The colour behind 38 or 48 (``5;n`` or ``2;r;g;b``), and how many numbers it took."""
    if len(numbers) >= 2 and numbers[0] == 5:
        return (Color.from_ansi(numbers[1]) if 0 <= numbers[1] <= 255 else None), 2
    if len(numbers) >= 4 and numbers[0] == 2:
        red, green, blue = numbers[1:4]
        return (Color.from_rgb(red, green, blue) if all(0 <= n <= 255 for n in (red, green, blue)) else None), 4
    return None, len(numbers)


def segments(text: str, start: int, end: int, marks: Sequence[tuple[int, int, Style]], base: Style) -> list[Segment]:
    """``text[start:end]`` cut at the borders of the marks; later marks lie over earlier ones."""
    begins: dict[int, list[int]] = {}
    ends: dict[int, list[int]] = {}
    borders = {start, end}
    for index, (left, right, _) in enumerate(marks):
        left, right = max(left, start), min(right, end)
        if left < right:
            begins.setdefault(left, []).append(index)
            ends.setdefault(right, []).append(index)
            borders.update((left, right))
    active: list[int] = []
    found = []
    for left, right in pairwise(sorted(borders)):
        for index in ends.get(left, ()):
            active.remove(index)
        if left in begins:
            active = sorted([*active, *begins[left]])
        found.append(Segment(text[left:right], sum((marks[index][2] for index in active), base)))
    return found
