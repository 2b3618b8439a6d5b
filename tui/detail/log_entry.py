"""The line at the foot of the log where something is typed: a search, a filter, a time, the name of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

Purpose = Literal["search", "filter", "time", "save"]
_PROMPTS: dict[str, str] = {"search": "/", "filter": "&", "time": "time", "save": "save as"}
_HINTS: dict[str, str] = {
    "search": "search: a regular expression; ! in front: filter, only lines without it",
    "filter": "only lines with this regular expression; ! in front: without it",
    "time": "14:05, 14:05:33, -10m or 11-26 14:05",
    "save": "name of a new file",
}


class _Field(Input):
    """Keys may come in faster than messages go: enter and escape take effect at once, and what is typed behind them is
    for ``back``."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "abandon", "Cancel")]
    is_left = False
    back: Widget | None = None

    def on_key(self, event: events.Key) -> None:
        if self.is_left and self.back is not None:
            hand_on(event, self.back)
        elif event.key in ("enter", "escape"):
            event.stop()
            event.prevent_default()
            self._leave(event.key == "enter")

    def action_abandon(self) -> None:
        """The same by a click on the footer."""
        self._leave(False)

    def _leave(self, done: bool) -> None:
        self.is_left = True
        entry = self.parent
        if isinstance(entry, LogEntry):
            entry.left()
            entry.post_message((LogEntry.Done if done else LogEntry.Left)(entry, self.value))


def hand_on(event: events.Key, target: Widget) -> None:
    """The key is meant for another widget, which has the focus by now."""
    event.stop()
    event.prevent_default()
    target.post_message(events.Key(event.key, event.character))


class LogEntry(Horizontal):
    """``Typed`` with every change, ``Done`` with enter, ``Left`` with escape. It is hidden by its owner."""

    class Typed(Message):
        """The text is another one now."""

        def __init__(self, entry: LogEntry, text: str) -> None:
            super().__init__()
            self.purpose: Purpose = entry.purpose
            self.text = text
            self.opened = entry.opened
            """Which opening of the line it belongs to: it may be open for something else by now."""

    class Done(Typed):
        """Enter."""

    class Left(Typed):
        """Escape."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.purpose: Purpose = "search"
        self.left: Callable[[], None] = lambda: None
        self.opened = 0

    def compose(self) -> ComposeResult:
        yield Static("", id="log-prompt", markup=False)
        yield _Field(compact=True, select_on_focus=False, id="log-field")

    @property
    def field(self) -> _Field:
        return self.query_one("#log-field", _Field)

    def open(self, purpose: Purpose, text: str, back: Widget, left: Callable[[], None]) -> None:
        """Show it with this text and take the keys. ``back`` has them afterwards; ``left`` is called at that moment."""
        self.purpose, self.left = purpose, left
        self.opened += 1
        self.query_one("#log-prompt", Static).update(_PROMPTS[purpose])
        field = self.field
        field.placeholder = _HINTS[purpose]
        field.is_left, field.back = False, back
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.display = True
        self.screen.set_focus(field)  # at once: the next key may be there already

    def go_on(self) -> None:
        """What was typed is not good: it can be mended."""
        self.field.is_left = False
        self.screen.set_focus(self.field)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(self, event.value))
