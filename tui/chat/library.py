"""The prompts that the user keeps as files: choose one, it goes into the prompt area."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.chat.library import ENDINGS, Prompt
from launcher.text import clean, clean_line
from tui.chat.picking import Picking


class PromptDialog(Picking[Prompt]):
    """Dismissed with the prompt, or None."""

    TITLE_TEXT = "Prompts"

    def __init__(self, prompts: Sequence[Prompt], folder: str) -> None:
        super().__init__(prompts)
        self.EMPTY = f"No prompts yet: each {' or '.join(ENDINGS)} file in {clean_line(folder)} is one."

    def line(self, entry: Prompt) -> str:
        first = "" if entry.problem else clean_line(entry.text.strip().split("\n", 1)[0])
        mark = "✖ " if entry.problem else ""
        return f"{mark}{entry.name:<24} {first}"

    def text(self, entry: Prompt) -> str:
        return clean(entry.text)

    def problem(self, entry: Prompt) -> str | None:
        return f"{entry.name} {entry.problem}." if entry.problem else None
