"""The bell and the desktop notification: a run begins to miss a goal, and its manifest asks to be told.

``Alerts`` is pure and compares snapshots; ``ring`` is what reaches the terminal. What a run already misses when the
screen opens (or when the run is first seen) is on the screen to be read and rings nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from launcher.metrics.goals import TITLES
from launcher.text import clean_line, shorten

if TYPE_CHECKING:
    from textual.app import App

    from launcher.runs.view import RunView

_LENGTH = 120


class Alert(NamedTuple):
    """One run that newly misses goals. The text is safe to print."""

    notify: str
    """bell or desktop"""
    text: str


class Alerts:
    """Remembers what each run missed at the last look."""

    def __init__(self) -> None:
        self._missed: dict[str, frozenset[str]] = {}

    def look(self, runs: Iterable[RunView]) -> tuple[Alert, ...]:
        """What is new since the last look, for the runs whose goals ask for a bell or a notification."""
        before, self._missed = self._missed, {}
        found = []
        for run in runs:
            self._missed[run.id] = frozenset(run.missed)
            new = [key for key in run.missed if key not in before.get(run.id, run.missed)]
            if new and run.notify in ("bell", "desktop"):
                goals = ", ".join(TITLES.get(key, clean_line(key)) for key in new)
                found.append(Alert(run.notify, f"{shorten(clean_line(run.name), 60)} misses its goal: {goals}"))
        return tuple(found)


def ring(app: App[None], alerts: Iterable[Alert]) -> None:
    """Show each on the screen, and ring or send it. Several at once ring one bell."""
    belled = False
    for alert in alerts:
        app.notify(alert.text, title="Goal", severity="warning", markup=False)
        if alert.notify == "bell" and not belled:
            belled = True
            app.bell()
        elif alert.notify == "desktop" and app._driver is not None:  # Textual itself writes OSC 52 that way
            app._driver.write(desktop("vdeck", alert.text, os.environ))


def desktop(title: str, text: str, environment: Mapping[str, str]) -> str:
    """The escape sequence of a desktop notification: the terminal shows it, so it works over ssh as well.

    OSC 9 is what most terminals know (iTerm2, kitty, WezTerm, Ghostty); rxvt, foot and
    those built on VTE know OSC 777. tmux hands neither on unless it is wrapped (``allow-passthrough``).
    """
    title, text = _plain(title), _plain(text)
    term = environment.get("TERM", "")
    if term.startswith(("rxvt", "foot")) or environment.get("VTE_VERSION"):
        sequence = f"\x1b]777;notify;{title.replace(';', ',')};{text}\x07"
    else:
        sequence = f"\x1b]9;{title}: {text}\x07"  # not bare: "4;…" would be a progress bar to some
    if environment.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        sequence = f"\x1bPtmux;{doubled}\x1b\\"
    return sequence


def _plain(text: str) -> str:
    """No control character can end the sequence or begin another one."""
    return shorten(clean_line(text), _LENGTH).encode("utf-8", "replace").decode()
