"""The frame of a chart: its title and goals in the upper edge, the time axis and the marks in the lower one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from launcher.text import clean_line
from tui.axis import time_ticks
from tui.detail import chart_text
from tui.detail.chart_plot import Scene, is_log, mark_columns
from tui.detail.chart_text import LABEL, Line, Piece
from tui.render.cells import clip, to_plain

LEFT = 1 + 1 + LABEL + 1
"""Cells left of the plot: edge, blank, label, axis."""
RIGHT = 2
"""Cells right of the plot: the letters at the ends of the lines, edge."""


class Edge(NamedTuple):
    """The characters of a frame. The chosen chart has heavy ones: it stands out without colours too."""

    top: str
    bottom: str
    side: str
    role: str
    title: str


PLAIN = Edge("╭─╮", "╰─┴╯", "│", "frame", "title")
CHOSEN = Edge("┏━┓", "┗━┷┛", "┃", "frame-chosen", "title-chosen")


def top(scene: Scene, width: int, edge: Edge) -> Line:
    """``╭─ Title unit ───── ✔ goal 500 ms: 97.8 % ─╮``; the goals go first when there is no room."""
    unit = chart_text.unit_word(scene.panel.unit)
    about = [clean_line(unit)] if unit else []
    if scene.panel.heat is None and scene.panel.series and is_log(scene):
        about.append("log")
    words = (" " + " ".join(about)) if about else ""
    title = clean_line(scene.panel.title).strip()
    goals = [chart_text.goal_piece(line, full=scene.large) for line in scene.panel.goals]
    room = width - 6
    while goals and cell_len(title) + len(words) + sum(cell_len(g.text) + 3 for g in goals) > room:
        if words:
            words = ""
        else:
            goals.pop()
    title = cut(title, max(0, room - cell_len(words)))
    line: Line = [Piece(edge.top[0] + edge.top[1], edge.role), Piece(f" {title}", edge.title)]
    line.append(Piece(f"{words} ", "muted"))
    ending: Line = []
    for goal in goals:
        ending += [Piece(" "), goal, Piece(" "), Piece(edge.top[1], edge.role)]
    ending.append(Piece(edge.top[2], edge.role))
    rest = width - chart_text.width_of(line) - chart_text.width_of(ending)
    return [*line, Piece(edge.top[1] * max(0, rest), edge.role), *ending]


def cut(text: str, width: int) -> str:
    """At most ``width`` terminal cells, the cut marked."""
    return to_plain(clip(((text, ""),), width))


def inside(line: Sequence[Piece], width: int, edge: Edge) -> Line:
    """A line of text between the edges, cut where it is too long."""
    shown: Line = []
    room = width - 3
    for piece in line:
        if cell_len(piece.text) > room:
            piece = piece._replace(text=cut(piece.text, room))
        shown.append(piece)
        room -= cell_len(piece.text)
        if room <= 0:
            break
    return [Piece(f"{edge.side} ", edge.role), *shown, Piece(" " * room), Piece(edge.side, edge.role)]


def row(line: Sequence[Piece], edge: Edge) -> Line:
    """A row of the plot between the edges."""
    return [Piece(f"{edge.side} ", edge.role), *line, Piece(edge.side, edge.role)]


def bottom(scene: Scene, width: int, edge: Edge, *, axis: bool) -> Line:
    """The lower edge; with ``axis`` the times and the marks of the plot stand in it."""
    fill = edge.bottom[1]
    columns = width - LEFT - RIGHT
    if not axis or columns < 1:
        return [Piece(edge.bottom[0] + fill * max(0, width - 2) + edge.bottom[3], edge.role)]
    line: Line = [Piece(edge.bottom[0] + fill * (LEFT - 2) + edge.bottom[2], edge.role)]
    at = 0
    for place, piece in _notes(scene, columns):
        line += [Piece(fill * (place - at), edge.role), piece]
        at = place + cell_len(piece.text)
    return [*line, Piece(fill * (columns - at) + fill * (RIGHT - 1) + edge.bottom[3], edge.role)]


def _notes(scene: Scene, columns: int) -> list[tuple[int, Piece]]:
    """Marks with their word, or only their sign where words would touch; then the times that still have room."""
    taken: list[tuple[int, Piece]] = []
    marks = mark_columns(scene, columns)
    for index, (dot, kind) in enumerate(marks):
        cell = dot // 2
        following = marks[index + 1][0] // 2 if index + 1 < len(marks) else columns + 1
        word = "▲" + cut(clean_line(kind).strip(), 12)
        sign = word if cell + cell_len(word) < min(following, columns + 1) else word[:2]
        if cell + len(sign) >= min(following, columns + 1):
            sign = "▲"
        taken.append((cell, Piece(sign, "mark")))
    for tick in time_ticks(scene.start_ms, scene.end_ms, columns):
        begin = min(max(0, tick.at - len(tick.label) // 2), columns - len(tick.label))
        end = begin + len(tick.label)
        if all(end < place or place + cell_len(piece.text) < begin for place, piece in taken):
            taken.append((begin, Piece(tick.label, "axis")))
    return sorted(taken)
