"""The line above the prompt: whom one talks to and how, or why nobody can answer now. Pure."""

from __future__ import annotations

import os
from collections.abc import Sequence

from textual.content import Content

from launcher.chat.settings import ChatSettings
from launcher.runs.view import RunView
from launcher.text import clean_line, shorten

_MUTED = "$foreground-muted"


def why_closed(run: RunView | None) -> str | None:
    """Why nothing can be asked now; None when it can."""
    if run is None:
        return "No run is chosen."
    if not run.live:
        return f"This run is {clean_line(run.status)}: nobody answers. Its conversation is kept."
    if not run.ready and run.attached:
        return f"{clean_line(run.reason or 'not ready').capitalize()}. Enter sends as soon as the server answers."
    if not run.ready:
        return f"Not ready yet ({_step(run)}): enter sends as soon as the server answers."
    return None


def can_wait(run: RunView | None) -> bool:
    """Nobody answers now, but somebody will: a prompt may wait for that."""
    return run is not None and run.live and not run.ready and run.status != "stopping"


def state_line(
    run: RunView | None,
    settings: ChatSettings,
    model: str | None,
    *,
    answering: bool,
    waiting: bool,
    editing: bool = False,
    pictures: Sequence[str] = (),
) -> Content:
    """``● tiny   max 200   enter sends, ctrl+j new line, /help``."""
    closed = why_closed(run)
    if waiting and run is not None and closed is not None:
        return Content.styled(f"◐ Your prompt waits for the server ({_step(run)}); esc holds it back.", "$warning")
    if closed is not None:
        return Content.styled("○ " + closed, _MUTED)
    parts: list[str | tuple[str, str]] = [("● " + clean_line(model or "the served model"), "bold")]
    said = settings.describe()
    if said:
        parts.append("   " + said)
    if pictures:
        names = ", ".join(shorten(clean_line(os.path.basename(picture) or picture), 40) for picture in pictures)
        parts.append((f"   ▣ {names}", "$accent"))
    if editing:
        parts.append(("   ✎ editing: what follows this prompt goes when it is sent; esc leaves it", "$warning"))
        return Content.assemble(*parts)
    hint = "esc stops the answer" if answering else "enter sends, ctrl+j new line, /help"
    parts.append((f"   {hint}", _MUTED))
    return Content.assemble(*parts)


def _step(run: RunView) -> str:
    if run.attached:
        return "not ready"
    return " ".join(clean_line(part) for part in (run.phase, run.progress) if part) or clean_line(run.status)
