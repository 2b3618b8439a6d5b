"""A cell is a tuple of spans, a span is (text, style name). Plain values: two pictures can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from rich.text import Text

    from styles.themes import Palette

Span: TypeAlias = tuple[str, str]
"""Text and the name of a field of ``styles.themes.Palette`` (or an empty name for the plain colour)."""
Cell: TypeAlias = tuple[Span, ...]


def cell_width(cell: Cell) -> int:
    """Terminal cells that the spans take (wide characters take two)."""
    return sum(cell_len(text) for text, _ in cell)


def clip(cell: Cell, width: int) -> Cell:
    """At most ``width`` terminal cells of ``cell``; a cut is marked with an ellipsis."""
    if width <= 0:
        return ()
    if cell_width(cell) <= width:
        return cell
    return (*_take(cell, width - 1)[0], ("…", _style_at(cell, width - 1)))


def fit(cell: Cell, width: int, *, right: bool = False) -> Cell:
    """``cell`` in exactly ``width`` terminal cells: clipped, or padded on the side that ``right`` says."""
    shown = clip(cell, width)
    padding = width - cell_width(shown)
    if padding <= 0:
        return shown
    blank: Cell = ((" " * padding, ""),)
    return blank + shown if right else shown + blank


def spread(cell: Cell, widths: tuple[int, ...]) -> tuple[Cell, ...]:
    """One long cell cut over neighbouring columns, so that a sentence can run across them without a seam."""
    rest = fit(cell, sum(widths))
    pieces = []
    for width in widths:
        piece, rest = _take(rest, width)
        pieces.append(fit(piece, width))
    return tuple(pieces)


def _take(cell: Cell, width: int) -> tuple[Cell, Cell]:
    """The first ``width`` cells and the rest. A wide character on the cut goes to the rest, a blank takes its place."""
    head: list[Span] = []
    for index, (text, style) in enumerate(cell):
        size = cell_len(text)
        if size <= width:
            head.append((text, style))
            width -= size
            continue
        kept = _prefix(text, width)
        if kept:
            head.append((kept, style))
        return tuple(head), ((text[len(kept) :], style), *cell[index + 1 :])
    return tuple(head), ()


def _prefix(text: str, width: int) -> str:
    cut = set_cell_size(text, width) if width > 0 else ""
    while cut and not text.startswith(cut):  # set_cell_size replaces half a wide character by a blank
        cut = cut[:-1]
    return cut


def _style_at(cell: Cell, width: int) -> str:
    for text, style in cell:
        width -= cell_len(text)
        if width < 0:
            return style
    return ""


def to_text(cell: Cell, palette: Palette) -> Text:
    """A Rich ``Text`` in the colours of the palette (never markup: names and reasons are hostile)."""
    from rich.text import Text

    text = Text(no_wrap=True, end="")
    for part, style in cell:
        text.append(part, getattr(palette, style) if style else None)
    return text


def to_plain(cell: Cell) -> str:
    """The text alone."""
    return "".join(text for text, _ in cell)
