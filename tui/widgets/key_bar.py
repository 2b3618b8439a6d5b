"""The last line of the screen: the keys that mean something where the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.widget import Widget

from styles.themes import palette
from tui.actions import key_text
from tui.render.cells import Cell, cell_width, to_text

if TYPE_CHECKING:
    from rich.text import Text
    from textual.events import Click
    from textual.screen import Screen


class KeyHint(NamedTuple):
    key: str
    """Textual's name of the key."""
    label: str


ALWAYS = ("Help", "Quit")
"""Labels that keep their place when room is short."""
QUIT = KeyHint("ctrl+q", "Quit")


def choose(hints: tuple[KeyHint, ...], width: int) -> tuple[KeyHint, ...]:
    """The hints that fit into ``width`` cells, in order; help and quit are kept and stand last."""
    last = tuple(hint for hint in hints if hint.label in ALWAYS)
    room = width - sum(_width(hint) for hint in last)
    shown: list[KeyHint] = []
    for hint in hints:
        if hint in last:
            continue
        room -= _width(hint)
        if room < 0:
            break
        shown.append(hint)
    return (*shown, *last)


def _cell(hint: KeyHint) -> Cell:
    return ((f" {key_text(hint.key)}", "key"), (f" {hint.label} ", "muted"))


def _width(hint: KeyHint) -> int:
    return cell_width(_cell(hint))


class KeyBar(Widget):
    """One line of keys, made from the bindings that are active now. A click on one presses it."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[KeyHint, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen and self._hints() != self._shown:
            self.refresh()

    def _hints(self) -> tuple[KeyHint, ...]:
        """The keys of the focused part first, then those of the screen and the app."""
        hints: dict[str, KeyHint] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and not self._is_typed(binding.key):
                hints.setdefault(f"{id(active.node)}.{binding.action}", KeyHint(binding.key, binding.description))
        found = tuple(hints.values())
        if not self.screen.is_modal and not any(hint.label == QUIT.label for hint in found):
            found += (QUIT,)  # where letters are typed; the app's own binding of this key is a hidden one
        return choose(found, self.size.width)

    def _is_typed(self, key: str) -> bool:
        """The focused widget takes this key as text. (Textual knows most such keys, but not the slash.)"""
        focused, character = self.screen.focused, key_text(key)
        return focused is not None and len(character) == 1 and focused.check_consume_key(key, character)

    def render(self) -> Text:
        self._shown = self._hints()
        line: Cell = ()
        for hint in self._shown:
            line += _cell(hint)
        return to_text(line, palette(self.app.theme))

    def on_click(self, event: Click) -> None:
        """Press the key under the mouse."""
        position = event.x
        for hint in self._shown:
            position -= _width(hint)
            if position < 0:
                self.app.simulate_key(hint.key)
                return
