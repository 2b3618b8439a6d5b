"""How a state looks: a glyph for those who see no colours, a word, and a meaning that the theme colours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from launcher.text import clean_line
from tui.render.start import short_remains

if TYPE_CHECKING:
    from launcher.runs.view import RunView


class Look(NamedTuple):
    glyph: str
    words: str
    style: str
    """Name of a field of ``styles.themes.Palette``."""
    long: bool = False
    """The words are a sentence: the row gives it the room of the figures."""


_AROUND = re.compile(
    r"^(?:vllm serve|the server|the command): exit code \d+: (?=\S)|(?<=: )exit code \d+: (?=\S)"
    r"|^.{1,40} ended by itself with exit code 0; nobody asked it to stop: (?=\S)"
)
"""What a reason says before the cause: the row has no room for it, and the Overview says it."""
_ENDED = {
    "completed": ("✔", "completed", "muted"),
    "failed": ("✖", "failed", "bad"),
    "terminated": ("■", "terminated", "muted"),
    "lost": ("?", "lost", "warn"),
}
_WAITING = {"queued": ("○", "queued", "muted"), "pending": ("○", "pending", "muted")}


def look(run: RunView) -> Look:
    """The state of a run in a few words. Failed, lost and waiting runs say why, when they know."""
    reason = clean_line(run.reason).strip() if run.reason else ""
    if run.status in _ENDED:
        glyph, word, style = _ENDED[run.status]
        if run.status == "failed":
            return Look(glyph, _failure(run, reason), style, bool(reason))
        if run.status == "lost" and reason:
            return Look(glyph, f"lost: {reason}", style, True)
        return Look(glyph, word, style)
    if run.status in _WAITING:
        glyph, word, style = _WAITING[run.status]
        return Look(glyph, f"{word}: {reason}" if reason else word, style, bool(reason))
    if run.status == "stopping":
        return Look("◒", "stopping", "busy")
    if run.status == "idle":
        return Look("◌", "idle", "muted")
    return _working(run)


def _failure(run: RunView, reason: str) -> str:
    if reason:
        return _AROUND.sub("", reason, 1)
    return "failed" if run.exit_code is None else f"failed, exit code {run.exit_code}"


def _working(run: RunView) -> Look:
    """Initializing or running. ``ready`` beats the words of the phase; once ready and not now means trouble."""
    if run.ready:
        return _ready(run)
    if run.attached and run.status == "running":
        return Look("◑", "not ready", "warn")
    if run.ready_at is not None and run.phase in (None, "ready"):
        return Look("◑", "not ready", "warn")
    phase = clean_line(run.phase or "").strip()
    if not phase and run.status == "running" and not run.endpoints:
        return Look("▶", "running", "good")  # a batch run serves nothing, so it is never `ready`
    words = phase or ("starting" if run.status == "running" else clean_line(run.status))
    progress = clean_line(run.progress).strip() if run.progress else ""
    if run.still:
        return Look("◐", f"{words}: {clean_line(run.still)}", "warn", True)
    return Look("◐", " ".join(part for part in (words, progress, short_remains(run)) if part), "busy")


_HEALTH = {
    "wedged": ("⊗", "bad"),
    "saturated": ("▲", "warn"),
    "preempting": ("▼", "warn"),
    "evicting": ("◇", "warn"),
}


def _ready(run: RunView) -> Look:
    """Ready, and well or not; each trouble has a glyph of its own, for those who see no colours."""
    if run.health in _HEALTH:
        glyph, style = _HEALTH[run.health]
        return Look(glyph, run.health, style)
    if run.missed:
        return Look("◉", f"misses {clean_line(run.missed[0]).upper()}", "warn")
    return Look("●", "ready", "good")


def health_glyph(health: str) -> str:
    """The glyph of a trouble."""
    return _HEALTH[health][0] if health in _HEALTH else "▲"


def starting(run: RunView) -> bool:
    """On its way to serve: neither ready, nor ended, nor stopping."""
    return run.live and not run.ready and look(run).glyph in ("◐", "○")
