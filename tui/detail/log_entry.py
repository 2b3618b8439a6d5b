"""The line at the foot of the log where something is typed: a search, a filter, a time, the name of a file."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
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
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "abandon", "Cancel")]

    def action_abandon(self) -> None:
        self.post_message(LogEntry.Left())


class LogEntry(Horizontal):
    """``Typed`` with every change, ``Done`` with enter, ``Left`` with escape. It is hidden by its owner."""

    class Typed(Message):
        """The text is another one now."""

        def __init__(self, purpose: Purpose, text: str) -> None:
            super().__init__()
            self.purpose: Purpose = purpose
            self.text = text

    class Done(Typed):
        """Enter."""

    class Left(Message):
        """Escape."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.purpose: Purpose = "search"

    def compose(self) -> ComposeResult:
        yield Static("", id="log-prompt", markup=False)
        yield _Field(compact=True, select_on_focus=False, id="log-field")

    @property
    def field(self) -> Input:
        return self.query_one("#log-field", Input)

    def open(self, purpose: Purpose, text: str = "") -> None:
        """Show it with this text and take the keys."""
        self.purpose = purpose
        self.query_one("#log-prompt", Static).update(_PROMPTS[purpose])
        field = self.field
        field.placeholder = _HINTS[purpose]
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.display = True
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(self.purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Done(self.purpose, event.value))
