"""One run as the cells of its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher.text import clean_line
from tui import format as fmt
from tui.render.cells import Cell, clip, fit, spread
from tui.render.columns import SENTENCE, Slot
from tui.render.spark import spark
from tui.render.state import look

if TYPE_CHECKING:
    from launcher.metrics.figures import Figures
    from launcher.runs.view import RunView

HINT = " (d: why, how)"
"""Behind the reason of a failed run: the key that tells more."""
_DASH: Cell = ((fmt.UNKNOWN, "muted"),)


def model_name(run: RunView) -> str:
    """The model as a person calls it: the served name, else the last part of the hub name or folder."""
    if run.served_names:
        return clean_line(run.served_names[0])
    return clean_line(run.model or "").rstrip("/").rpartition("/")[2]


def row_cells(
    run: RunView, figures: Figures | None, slots: tuple[Slot, ...], *, now: float, marked: bool = False
) -> tuple[Cell, ...]:
    """A cell for each slot, each exactly as wide as its slot. ``now`` is in seconds since the epoch."""
    sentence = _sentence(run, slots)
    cells: list[Cell] = []
    for slot in slots:
        if slot.key in sentence:
            cells.append(sentence[slot.key])
        else:
            cells.append(_cell(run, figures if run.live else None, slot, now, marked))
    return tuple(cells)


def _cell(run: RunView, figures: Figures | None, slot: Slot, now: float, marked: bool) -> Cell:
    if slot.key == "mark":
        return fit((("✓", "key"),) if marked else (), slot.width)
    if slot.key == "trend":
        return fit(((spark(figures.spark, slot.width - 2), "spark"),) if figures else (), slot.width)
    text, style = _FIELDS[slot.key](run, figures, now)
    cell: Cell = ((text, style),) if text and text != fmt.UNKNOWN else _DASH
    gap: Cell = ((" ", ""),)
    return fit(cell, slot.width - 1, right=slot.right) + gap


def _sentence(run: RunView, slots: tuple[Slot, ...]) -> dict[str, Cell]:
    """The cells over which the reason of the run is spread, when it has one to tell."""
    state = look(run)
    if not state.long:
        return {}
    taken = [slot for slot in slots if slot.key in SENTENCE]
    *wide, last = [slot.width for slot in taken]
    text: Cell = ((f"{state.glyph} {state.words}", state.style),)
    if run.status == "failed":
        text = (*clip(text, sum(wide) + last - 1 - len(HINT)), (HINT, "muted"))
    pieces = spread(text, (*wide, last - 1))
    return {
        slot.key: piece if slot is not taken[-1] else (*piece, (" ", ""))
        for slot, piece in zip(taken, pieces, strict=True)
    }


def _status(run: RunView, _figures: Figures | None, _now: float) -> tuple[str, str]:
    state = look(run)
    return f"{state.glyph} {state.words}", state.style


def _gpu(run: RunView) -> str:
    return ",".join(str(index) for index in run.gpus)


def _load(figures: Figures | None) -> str:
    if figures is None or (figures.running is None and figures.waiting is None):
        return ""
    return f"{fmt.number(figures.running)}/{fmt.number(figures.waiting)}"


def _up(run: RunView, now: float) -> tuple[str, str]:
    """How long it has been up; for an ended run, how long it lived."""
    begun = run.started if run.started is not None else run.created
    if begun is None:
        return "", ""
    if run.live:
        return fmt.duration(now - begun), ""
    return (fmt.duration(run.ended - begun), "muted") if run.ended is not None else ("", "")


def _name_style(run: RunView) -> str:
    return "title" if run.live else "muted"


_FIELDS: dict[str, Callable[[RunView, Figures | None, float], tuple[str, str]]] = {
    "id": lambda run, figures, now: (clean_line(run.id), "muted"),
    "name": lambda run, figures, now: (clean_line(run.name), _name_style(run)),
    "status": _status,
    "model": lambda run, figures, now: (model_name(run), "" if run.live else "muted"),
    "gpu": lambda run, figures, now: (_gpu(run), ""),
    "rate": lambda run, figures, now: (fmt.number(figures.gen_tps) if figures else "", ""),
    "load": lambda run, figures, now: (_load(figures), ""),
    "kv": lambda run, figures, now: (fmt.percent(figures.kv) if figures else "", ""),
    "ttft": lambda run, figures, now: (fmt.latency(figures.ttft_p95) if figures else "", ""),
    "up": lambda run, figures, now: _up(run, now),
}


def column_title(slot: Slot) -> Cell:
    """The heading of a column, on the side where its values stand."""
    return (*fit(((slot.title, "muted"),), slot.width - 1, right=slot.right), (" ", ""))
