"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterInput(Input):
    """Tells every change and how it was left. Enter keeps the filter, esc drops it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(False)", "Drop"),
        Binding("enter", "leave(True)", "Keep"),
        Binding("down", "leave(True)", "Keep", show=False),
    ]

    class Typed(Message):
        """The text is another one now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The user is done with it."""

        def __init__(self, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    def __init__(self) -> None:
        super().__init__(placeholder="regular expression over name, id, model, status; !: the others", compact=True)

    def open(self, text: str) -> None:
        """Show it with this text and take the keys."""
        self.display = True
        self.value = text
        self.cursor_position = len(text)
        self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(event.value))

    def action_leave(self, keep: bool) -> None:
        """Close the input."""
        self.display = False
        self.post_message(self.Left(keep))
