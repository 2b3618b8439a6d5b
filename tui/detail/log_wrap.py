"""Where a long line is cut so that its parts fit into a width. Pure."""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size


def wrap_cuts(text: str, width: int) -> list[int]:
    """Where to cut ``text`` (in characters) so that no part is wider than ``width`` cells, no wide character cut."""
    width = max(2, width)
    if text.isascii():
        return list(range(width, len(text), width))
    if len(text) * 2 <= width or cell_len(text) <= width:
        return []
    cuts: list[int] = []
    used = 0
    for index, character in enumerate(text):
        cells = get_character_cell_size(character)
        if used + cells > width:
            cuts.append(index)
            used = 0
        used += cells
    return cuts


def parts(text: str, width: int | None) -> list[tuple[int, int]]:
    """The parts of a line as (start, end) in characters; the whole line when it is not wrapped."""
    cuts = wrap_cuts(text, width) if width is not None else []
    return list(zip([0, *cuts], [*cuts, len(text)], strict=True))
