"""Where a prompt is written: several lines, enter sends."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from launcher.chat.picture import looks_like_picture
from launcher.text import clean_prompt


class PromptArea(TextArea):
    """``enter`` sends, ``shift+enter`` or ``ctrl+j`` starts a new line; ``up`` and ``down`` on the first and last line
    bring earlier prompts back."""

    class Sent(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Edited(Message):
        """Something was typed, pasted or deleted."""

    class Picture(Message):
        """What was pasted is the path or URL of a picture."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id, soft_wrap=True, compact=True, highlight_cursor_line=False, tab_behavior="focus",
            placeholder="Ask the model",
        )  # fmt: skip
        self._earlier: list[str] = []
        self._back = 0
        """How many prompts back is shown; 0: what is being written."""
        self._draft = ""

    def remember(self, prompts: Sequence[str]) -> None:
        """The prompts that can be brought back, oldest first."""
        self._earlier = [prompt for prompt in prompts if prompt]
        self._back = 0

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Enter is ours as well: it sends."""
        return key == "enter" or super().check_consume_key(key, character)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.take_paste(event.text)

    def take_paste(self, text: str) -> None:
        """Write what was pasted at the cursor, in place of what is selected; a picture goes along instead."""
        if looks_like_picture(text):
            self.post_message(self.Picture(text.strip()))
        else:
            self.put_in(text)

    def put_in(self, text: str) -> None:
        """Write a text at the cursor, in place of what is selected."""
        self.replace(clean_prompt(text), *self.selection, maintain_selection_offset=False)

    def on_key(self, event: events.Key) -> None:
        row = self.cursor_location[0]
        if event.key == "enter":
            self.send()
        elif event.key in ("shift+enter", "ctrl+j"):
            self.insert("\n")
        elif event.key == "up" and row == 0 and self._back < len(self._earlier):
            self._bring(self._back + 1)
        elif event.key == "down" and row == self.document.line_count - 1 and self._back > 0:
            self._bring(self._back - 1)
        else:
            return
        event.stop()
        event.prevent_default()

    def _bring(self, back: int) -> None:
        if self._back == 0:
            self._draft = self.text
        self._back = back
        self.replace_text(self._earlier[-back] if back else self._draft)

    def send(self) -> None:
        """Tell what was written, and be empty for the next."""
        text = self.text
        if text.strip():
            if not self._earlier or self._earlier[-1] != text:
                self._earlier.append(text)
            self._back = 0
            self.clear()
            self.post_message(self.Sent(text.strip("\n")))

    def put_back(self, text: str) -> None:
        """Show a prompt again (its answer failed), unless the user is already writing another."""
        if not self.text:
            self.replace_text(text)

    def replace_text(self, text: str) -> None:
        """Another text, the cursor at its end."""
        self.text = clean_prompt(text)
        self.move_cursor(self.document.end)
