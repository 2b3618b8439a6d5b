"""The sections of a comparison as lines of spans, in columns that fit. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launcher.text import clean_line
from tui.render.cells import Cell, cell_width, fit
from tui.render.compare_text import change_text, grouped, head_text, sentences, value_text

if TYPE_CHECKING:
    from launcher.compare.row import Comparison, Row, Section, Value
    from launcher.runs.view import RunView

_CHANGE = 11
_GAP = 2
_STYLES = {"better": "good", "worse": "bad", "differs": "warn", "same": "muted", "unknown": "muted"}
_LEGEND: Cell = (
    ("▲", "good"), (" B is better  ", "muted"), ("▼", "bad"), (" worse  ", "muted"), ("·", "muted"),
    (" the same  ", "muted"), ("≠", "warn"), (" another value", "muted"),
)  # fmt: skip


def widths(width: int) -> tuple[int, int]:
    """Cells of the label and of each of the two values in a body of ``width`` cells."""
    label = max(12, min(26, width * 27 // 100))
    return label, max(8, (width - label - _CHANGE - 3 * _GAP) // 2)


def head_lines(found: Comparison, width: int, *, window_s: int, everything: bool) -> tuple[Cell, ...]:
    """Which run is A and which is B, what the marks mean, and the head of the columns."""
    label, value = widths(width)
    gap = ((" " * _GAP, ""),)
    shows = "all rows" if everything else "differences"
    legend = (*_LEGEND, (f"   {shows}, window {_window(window_s)}", "accent"))
    head = (
        *fit((("", ""),), label), *gap, *fit(((f"A {clean_line(found.a.name)}", "title"),), value, right=True), *gap,
        *fit(((f"B {clean_line(found.b.name)}", "title"),), value, right=True), *gap,
        *fit((("B to A", "muted"),), _CHANGE, right=True),
    )  # fmt: skip
    return (_run_line("A", found.a, width), _run_line("B", found.b, width), fit(legend, width), head)


def _window(seconds: int) -> str:
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def _run_line(word: str, run: RunView, width: int) -> Cell:
    return fit(((f"{word}  ", "key"), (head_text(run), "")), width)


def section_lines(section: Section, width: int, *, everything: bool) -> tuple[Cell, ...]:
    """The sentences, the difference, the rows."""
    lines: list[Cell] = []
    for text in sentences(section, everything):
        lines.append(((text, "warn" if text.startswith("⚠") else "muted"),))
    lines += difference_lines(section.lines(everything))
    for group, members in grouped(section.shown(everything)):
        if group:
            lines.append(((clean_line(group), "accent"),))
        for row in members:
            lines += row_lines(row, width)
    return tuple(lines)


def row_lines(row: Row, width: int) -> list[Cell]:
    """``label  A  B  change`` in one line; values that are too long for their columns in lines of their own. A long
    label takes what the value beside it leaves."""
    label, value = widths(width)
    name: Cell = ((f"  {clean_line(row.label)}", ""),)
    texts = value_text(row.a, row), value_text(row.b, row)
    change = fit(((change_text(row), _STYLES[row.verdict]),), _CHANGE, right=True)
    a: Cell = ((texts[0], _value_style(row.a, row, row.verdict == "worse")),)
    b: Cell = ((texts[1], _value_style(row.b, row, row.verdict == "better")),)
    gap = ((" " * _GAP, ""),)
    if max(cell_width(a), cell_width(b)) <= value:
        left = fit(name, label + _GAP + value - cell_width(a) - _GAP)
        return [(*left, *gap, *a, *gap, *fit(b, value, right=True), *gap, *change)]
    first = (*fit(name, label + 2 * (_GAP + value)), *gap, *change)
    return [first, *((("    ", ""), (f"{word} ", "key"), *cell) for word, cell in (("A", a), ("B", b)))]


def _value_style(side: Value, row: Row, best: bool) -> str:
    if side is None:
        return "muted"
    return "good" if best else "" if row.differs else "muted"


def difference_lines(lines: tuple[str, ...]) -> list[Cell]:
    """A unified difference; of a line that was changed, what is new in it stands out."""
    found: list[Cell] = []
    at = 0
    while at < len(lines):
        gone = _run_of(lines, at, "-")
        come = _run_of(lines, at + len(gone), "+")
        if not gone and not come:
            found.append(_plain(lines[at]))
            at += 1
            continue
        pairs = list(zip(gone, come)) if len(gone) == len(come) else []
        marked = [_changed(one, two) for one, two in pairs]
        found += [first for first, _ in marked] or [_plain(line) for line in gone]
        found += [second for _, second in marked] or [_plain(line) for line in come]
        at += len(gone) + len(come)
    return found


def _run_of(lines: tuple[str, ...], at: int, sign: str) -> list[str]:
    end = at
    while end < len(lines) and lines[end].startswith(sign):
        end += 1
    return list(lines[at:end])


def _plain(line: str) -> Cell:
    style = {"+": "good", "-": "bad", "@": "muted"}.get(line[:1], "")
    return ((clean_line(line) or " ", style),)


def _changed(gone: str, come: str) -> tuple[Cell, Cell]:
    """The two lines, with what they do not share in the style of a title."""
    one, two = clean_line(gone)[1:], clean_line(come)[1:]
    head = _shared(one, two)
    tail = _shared(one[head:][::-1], two[head:][::-1])
    return _split("-", "bad", one, head, tail), _split("+", "good", two, head, tail)


def _shared(one: str, two: str) -> int:
    count = 0
    for a, b in zip(one, two):
        if a != b:
            break
        count += 1
    return count


def _split(sign: str, style: str, text: str, head: int, tail: int) -> Cell:
    end = len(text) - tail
    spans = ((sign + text[:head], style), (text[head:end], "title"), (text[end:], style))
    return tuple(span for span in spans if span[0])


def title_line(number: int, title: str, summary: str, *, folded: bool) -> Cell:
    """``▾ 2 Arguments   3 differ``: the number is the key."""
    head: Cell = (("▸ " if folded else "▾ ", "muted"), (f"{number} ", "key"), (title, "title"))
    return (*head, (f"   {summary}", "accent")) if summary else head
