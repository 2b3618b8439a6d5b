"""Earlier conversations with a run: go on with one of them."""

from __future__ import annotations

import time

from launcher.chat.conversation import Conversation
from launcher.text import clean, clean_line
from tui import format as words
from tui.chat.picking import Picking


class HistoryDialog(Picking[Conversation]):
    """Dismissed with the conversation, or None."""

    TITLE_TEXT = "Earlier conversations"
    EMPTY = "Nothing was said to this run yet."

    def line(self, entry: Conversation) -> str:
        prompts = sum(turn.role == "user" for turn in entry.turns)
        models = dict.fromkeys(clean_line(turn.model) for turn in entry.turns if turn.model)
        when = words.when(entry.last, time.time())
        return f"{when:<12} {prompts:>3} prompt{'s' if prompts != 1 else ' '}  {entry.title}  {', '.join(models)}"

    def text(self, entry: Conversation) -> str:
        said = (("you ▸ " if turn.role == "user" else "◂ ") + (turn.text or turn.error or "") for turn in entry.turns)
        return clean("\n\n".join(said))
