"""The words of the metrics pane around the charts: the head line, how the run is, what its server has not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual.content import Content

from launcher.metrics.goals import TITLES
from launcher.runs.view import RunView
from launcher.text import clean_line
from tui import format as words
from tui.detail.time_window import WINDOWS
from tui.render.state import health_glyph

if TYPE_CHECKING:
    from launcher.metrics.catalog import Charts, Panel
    from launcher.metrics.figures import Figures

DISABLED = "--disable-log-stats"


class Part(NamedTuple):
    """A bit of the head line; ``does`` is the action of the pane that a click on it means."""

    text: str
    style: str = ""
    does: str = ""


class Now(NamedTuple):
    """What the head line tells beside the figures."""

    window: int
    held_ms: int | None = None
    """The end of a window that is held; None while it is live."""
    cursor_ms: int | None = None
    now: float = 0.0


def plain(text: str) -> Content:
    """Text from outside, harmless and without markup."""
    return Content("\n".join(map(clean_line, text.split("\n"))))


# -- the head line


def head(figures: Figures | None, now: Now, width: int) -> list[Part]:
    """The figures of now at the left, the windows and what they show at the right, in ``width`` cells."""
    values = figure_parts(figures)
    right = _right(now, [len(_text(part)) for part in values], width)
    room = width - _width(right) - 1
    left: list[Part] = []
    for parts in values:
        if _width(left) + len(_text(parts)) > room:
            break
        left += parts
    return [*left, Part(" " * max(1, width - _width(left) - _width(right))), *right]


def _width(parts: Sequence[Part]) -> int:
    return sum(cell_len(part.text) for part in parts)


def _text(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts)


def figure_parts(figures: Figures | None) -> list[list[Part]]:
    """The figures of the last minute, the most important first."""
    f = figures
    found = [
        ("tok/s", words.number(f.gen_tps if f else None)),
        ("run/wait", f"{words.number(f.running if f else None)}/{words.number(f.waiting if f else None)}"),
        ("KV", words.percent(f.kv if f else None)),
        ("TTFT p95", words.latency(f.ttft_p95 if f else None)),
        ("ITL p95", words.latency(f.itl_p95 if f else None)),
        ("E2E p95", words.latency(f.e2e_p95 if f else None)),
        ("prompt tok/s", words.number(f.prompt_tps if f else None)),
        ("prefix hits", words.percent(f.prefix_hit if f else None)),
    ]
    return [[Part(f"{label} ", "$text-muted"), Part(text, "bold"), Part("  ")] for label, text in found]


def _right(now: Now, needs: Sequence[int], width: int) -> list[Part]:
    """The windows and the state; only the present window when the first four figures would have no room."""
    state = _state(now)
    every = [
        Part(f"[{name}]", "bold $accent", "pause")
        if index == now.window
        else Part(f" {name} ", "$text-muted", f"window({index})")
        for index, (name, _) in enumerate(WINDOWS)
    ]
    for windows in (every, [every[now.window]]):
        right = [*windows, Part(" "), *state]
        if _width(right) + 1 + sum(needs[:4]) <= width:
            break
    return right


def _state(now: Now) -> list[Part]:
    if now.held_ms is None:
        state = [Part("●", "$success"), Part(" live", "$text-muted", "pause")]
    else:
        state = [Part(f"⏸ {words.clock(now.held_ms / 1000)}", "bold $warning", "live")]
    if now.cursor_ms is None:
        return state
    ago = words.duration(max(0.0, now.now - now.cursor_ms / 1000))
    return [*state, Part(f" ┃ {words.clock(now.cursor_ms / 1000)}", "bold $secondary"), Part(f" {ago} ago")]


def action_at(parts: Sequence[Part], x: int) -> str:
    """The action of the part at this cell; empty when it has none."""
    for part in parts:
        x -= cell_len(part.text)
        if x < 0:
            return part.does
    return ""


def content(parts: Sequence[Part]) -> Content:
    """The parts as one line."""
    return Content.assemble(*((part.text, part.style) if part.style else part.text for part in parts))


# -- how the run is


def advice(run: RunView | None) -> list[Part]:
    """What is wrong and which flag to change, and the goals missed now; nothing when all is well."""
    if run is None or not run.live:
        return []
    parts: list[Part] = []
    if run.missed:
        names = ", ".join(TITLES.get(key, clean_line(key)) for key in run.missed)
        parts.append(Part(f"◉ goal missed: {names}", "bold $warning"))
    if run.health:
        if parts:
            parts.append(Part("  "))
        colour = "$error" if run.health == "wedged" else "$warning"
        parts.append(Part(f"{health_glyph(run.health)} {clean_line(run.health)}", f"bold {colour}"))
        if run.advice:
            parts.append(Part(f": {clean_line(run.advice)}"))
    return parts


# -- what is not there


def below(charts: Charts | None) -> str:
    """What stands under the charts: where an older part is from (or why it is missing), what the server has not."""
    if charts is None:
        return ""
    told = (charts.older or "", absent([panel for panel in charts.panels if panel.absent]))
    return "\n".join(clean_line(text) for text in told if text)


def absent(panels: Sequence[Panel]) -> str:
    """``not here: A, B (why) · C (why)``: each reason once."""
    reasons: dict[str, list[str]] = {}
    for panel in panels:
        reasons.setdefault(panel.note or "", []).append(panel.title)
    told = [", ".join(titles) + (f" ({reason})" if reason else "") for reason, titles in reasons.items()]
    return clean_line("not here: " + " · ".join(told)) if told else ""


def why_nothing(charts: Charts | None, run: RunView | None) -> str | None:
    """The sentence in the place of the charts; None when there is a chart to show."""
    if run is None:
        return "No run is chosen."
    if charts is None:
        return _nothing_recorded(run)
    shown = [panel for panel in charts.panels if not panel.absent]
    if any(panel.note is None for panel in shown):
        return None
    if any(DISABLED in command.split() for command in run.commands) and (charts.note or not shown):
        return f"The server runs with {DISABLED}: it counts nothing. Take the flag out of its arguments and restart it."
    if charts.note:
        return charts.note[:1].upper() + charts.note[1:] + "."
    return None if shown else "The server has no metrics that vdeck knows. Press m for the list of all it has."


def _nothing_recorded(run: RunView) -> str:
    if run.live and not run.ready:
        return "Charts begin when the server answers; it is still starting."
    if run.live:
        return "Nothing was recorded yet: the first figures come within seconds."
    return "Nothing was recorded: the server of this run never answered."
