"""What shows a conversation: a pane, or one of several columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.serving.parts import Model
from tui.chat.growing import Growth


class Face(Protocol):
    """The session calls these on the screen's thread; each is cheap. ``index``: of the turn in the conversation."""

    def show_history(self, turns: Sequence[Turn]) -> None:
        """The conversation as it stands; replaces whatever is shown."""
        ...

    def show_settings(self, settings: ChatSettings, model: str | None, models: Sequence[Model]) -> None:
        """How the next prompt will be sent: ``model`` is the one that answers, ``models`` what the server lists."""
        ...

    def show_pictures(self, pictures: Sequence[str]) -> None:
        """The pictures that go with the next prompt."""
        ...

    def begin(self, turn: Turn, index: int) -> None:
        """A prompt was sent."""
        ...

    def grow(self, growth: Growth) -> None:
        """More of the answer; at most ten times a second."""
        ...

    def finish(self, turn: Turn, index: int) -> None:
        """The answer is complete, or has failed (``turn.error``)."""
        ...

    def say(self, text: str, *, problem: bool = False) -> None:
        """A word of the chat itself."""
        ...

    def put_back(self, text: str) -> None:
        """A prompt that was not answered returns to where it was written."""
        ...
