"""The help: every key, made from the table of actions."""

from __future__ import annotations

import textwrap

from tui.actions import SCOPE_TITLES, Action, all_actions, key_text
from tui.render.cells import Cell, fit
from tui.screens.text_modal import TextModal

_KEY_WIDTH = 11
_HELP_WIDTH = 54
"""Terminal cells of a help text: what the window has room for at 80 columns."""

_GLYPHS: Cell = (
    ("● ", "good"), ("ready  ", ""), ("◐ ", "busy"), ("starting  ", ""), ("○ ", "muted"), ("waiting  ", ""),
    ("◑ ", "warn"), ("not ready  ", ""), ("◒ ", "busy"), ("stopping  ", ""), ("✖ ", "bad"), ("failed  ", ""),
    ("✔ ", "muted"), ("completed  ", ""), ("■ ", "muted"), ("terminated  ", ""), ("? ", "warn"), ("lost", ""),
)  # fmt: skip


def help_lines(actions: tuple[Action, ...]) -> tuple[Cell, ...]:
    """One line an action, by the place where it works; a dangerous one is marked."""
    lines: list[Cell] = []
    for scope, title in SCOPE_TITLES.items():
        here = [action for action in actions if action.scope == scope]
        if not here:
            continue
        lines.append(((title, "title"),))
        for action in here:
            lines += _lines(action)
        lines.append(((" ", ""),))
    lines += [
        (("! asks first and names what it hits", "warn"),),
        _GLYPHS,
        (("The mouse works everywhere. vdeck may be closed at any time: the runs go on.", "muted"),),
    ]
    return tuple(lines)


def _lines(action: Action) -> list[Cell]:
    mark = ("! ", "warn") if action.dangerous else ("  ", "")
    first, *more = textwrap.wrap(action.help, _HELP_WIDTH)
    head = fit(((f"  {key_text(action.keys)}", "key"),), _KEY_WIDTH)
    return [(*head, mark, (first, "")), *(((" " * (_KEY_WIDTH + 2) + text, ""),) for text in more)]


def help_modal() -> TextModal:
    """The help window over all actions."""
    return TextModal("Keys", help_lines(all_actions()))
