"""A comparison as plain text: values, changes, aligned tables, Markdown. Pure, and without the screen's libraries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from launcher.runs.view import RunView
from launcher.text import clean_line
from tui import format as words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from launcher.compare.row import Comparison, Row, Section, Value, Verdict

GLYPHS: dict[Verdict, str] = {"better": "▲", "worse": "▼", "same": "·", "differs": "≠", "unknown": ""}
LEGEND = "▲ B is better   ▼ B is worse   · the same   ≠ another value"
NOTHING = "Nothing differs."
_UNITS: dict[str, Callable[[float], str]] = {
    "s": words.latency,
    "span": words.duration,
    "moment": words.moment,
    "ratio": words.percent,
    "count": words.count,
    "B": words.size,
    "GiB": lambda value: words.rate(value, "GiB"),
    "": words.number,
}
_TWICE = 9.995
"""From this change on the factor is easier to read than percent."""


def value_text(value: Value, row: Row) -> str:
    """One value of a row in its unit; text without control characters."""
    if value is None:
        return words.UNKNOWN
    if isinstance(value, str):
        return clean_line(value)
    if row.spans:
        return words.seconds(value)
    reads = _UNITS.get(row.unit)
    return words.rate(value, row.unit) if reads is None else reads(value)


def change_text(row: Row) -> str:
    """``+12 % ▲``: the change of B against A and what it means; ``-3.2 s ▲`` for spans."""
    glyph = GLYPHS[row.verdict]
    change = row.change
    if change is None or row.verdict == "unknown":
        return glyph
    if row.spans:
        amount = f"{change:+.1f} s" if abs(change) >= 0.05 else "0 s"
    elif change >= _TWICE:
        amount = f"×{words.number(1 + change)}"
    else:
        percent = change * 100
        amount = f"{percent:+.1f}" if abs(percent) < 9.95 else f"{percent:+.0f}"
        amount = ("0" if float(amount) == 0 else amount.removesuffix(".0")) + " %"
    return f"{amount} {glyph}"


def head_text(run: RunView) -> str:
    """A run in one line: id, name, where it stands, model, engine."""
    stand = "ready" if run.ready and run.live else run.status
    told = (f"#{run.id}", run.name, stand, run.model or "", f"vLLM {run.engine}" if run.engine else "")
    return clean_line("  ".join(part for part in told if part))


def grouped(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The rows by their headings, in their order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    return iter(found.items())


def sentences(section: Section, everything: bool) -> list[str]:
    """What a section says before its rows; that nothing differs where it would say nothing."""
    said = [*map(clean_line, section.says), *(f"⚠ {clean_line(warning)}" for warning in section.warnings)]
    if not said and not section.shown(everything) and not section.lines(everything):
        said.append(NOTHING)
    return said


def markdown(found: Comparison, *, everything: bool = False) -> list[str]:
    """The whole as Markdown: for a file, a pipe, the clipboard."""
    lines = ["# Comparison of two runs", ""]
    lines += [f"- {word}: {escaped(head_text(run))}" for word, run in (("A", found.a), ("B", found.b))]
    lines += ["", LEGEND]
    for section in found.sections:
        lines += ["", f"## {section.title}", ""]
        said = sentences(section, everything)
        lines += [f"- {escaped(text)}" for text in said] + [""] * bool(said)
        lines += _fenced(section.lines(everything))
        rows = section.shown(everything)
        for group, members in grouped(rows):
            lines += [f"### {escaped(group)}", ""] if group else []
            lines += ["| | A | B | B against A |", "|---|---|---|---|"]
            lines += [f"| {' | '.join(map(escaped, _cells(row)))} |" for row in members]
            lines.append("")
        while lines[-1] == "":
            lines.pop()
    return lines


def _cells(row: Row) -> tuple[str, str, str, str]:
    return clean_line(row.label), value_text(row.a, row), value_text(row.b, row), change_text(row)


def escaped(text: str) -> str:
    """Text that Markdown (and HTML in it) takes as it is."""
    return re.sub(r"([\\`*\[\]<>|]|(?<!\w)_|_(?!\w))", r"\\\1", clean_line(text))


def _fenced(lines: tuple[str, ...]) -> list[str]:
    """A block of code that nothing in it can close."""
    if not lines:
        return []
    texts = [clean_line(line) for line in lines]
    longest = max((len(ticks) for text in texts for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}diff", *texts, fence, ""]


def aligned(
    found: Comparison, table: Callable[[list[list[str]]], list[str]], *, everything: bool, wide: int
) -> list[str]:
    """The whole for a terminal: ``table`` aligns the columns; a value of more than ``wide`` characters has a line of
    its own below its row."""
    lines = [f"{word}  {head_text(run)}" for word, run in (("A", found.a), ("B", found.b))] + ["", LEGEND]
    for section in found.sections:
        lines += ["", section.title.upper()]
        lines += sentences(section, everything)
        lines += [clean_line(line) for line in section.lines(everything)]
        rows = section.shown(everything)
        if rows:
            lines += _aligned(rows, table, wide)
    return lines


def _aligned(rows: tuple[Row, ...], table: Callable[[list[list[str]]], list[str]], wide: int) -> list[str]:
    """One table for all groups, so that the columns stand below each other."""
    cells: list[list[str]] = [["", "A", "B", ""]]
    below: dict[int, list[str]] = {}
    for group, members in grouped(rows):
        if group:
            cells.append([group, "", "", ""])
        for row in members:
            label, a, b, change = _cells(row)
            indent = "  " if group else ""
            if max(len(a), len(b)) > wide:
                below[len(cells)] = [f"{indent}  A  {a}", f"{indent}  B  {b}"]
                a = b = ""
            cells.append([indent + label, a, b, change])
    lines: list[str] = []
    for index, line in enumerate(table(cells)):
        lines += [line, *below.get(index, ())]
    return lines
