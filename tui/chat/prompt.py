"""Where a prompt is written: several lines, enter sends."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea


class PromptArea(TextArea):
    """``enter`` sends, ``shift+enter`` or ``ctrl+j`` starts a new line; ``up`` in an empty one brings the last back."""

    class Sent(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id, soft_wrap=True, compact=True, highlight_cursor_line=False, tab_behavior="focus",
            placeholder="Ask the model",
        )  # fmt: skip
        self._last = ""

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Enter is ours as well: it sends."""
        return key == "enter" or super().check_consume_key(key, character)

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            self.send()
        elif event.key in ("shift+enter", "ctrl+j"):
            self.insert("\n")
        elif event.key == "up" and not self.text and self._last:
            self.put_back(self._last)
        else:
            return
        event.stop()
        event.prevent_default()

    def send(self) -> None:
        """Tell what was written, and be empty for the next."""
        text = self.text
        if text.strip():
            self._last = text
            self.clear()
            self.post_message(self.Sent(text.strip("\n")))

    def put_back(self, text: str) -> None:
        """Show a prompt again (its answer failed), unless the user is already writing another."""
        if not self.text:
            self.text = text
            self.move_cursor(self.document.end)
