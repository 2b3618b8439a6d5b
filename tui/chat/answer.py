"""An answer while it is being written: its parts joined, its figures as plain values."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from launcher.chat.turn import Turn
from launcher.serving.parts import Delta, Part, ToolCall

if TYPE_CHECKING:
    from launcher.serving.stats import ChatStats


class Answer:
    """Grows by ``take``; ``stats`` is what the stream said last."""

    def __init__(self, model: str | None) -> None:
        self.model = model
        self.text = ""
        self.reasoning = ""
        self.stats: ChatStats | None = None
        self._calls: list[ToolCall] = []

    def take(self, part: Part) -> None:
        """One part of the stream."""
        if isinstance(part, Delta):
            if part.kind == "content":
                self.text += part.text
            else:
                self.reasoning += part.text
        elif isinstance(part, ToolCall) and part.complete:
            self._calls.append(part)

    def figures(self) -> Mapping[str, Any]:
        """Without what is unknown. Tokens come from the server's usage, never from counting chunks."""
        found: dict[str, Any] = {}
        if self.stats is not None:
            for key, value in self.stats._asdict().items():
                if value is not None:
                    found[key] = round(value, 6) if isinstance(value, float) else value
        if self._calls:
            found["tool_calls"] = [f"{call.name}({call.arguments})" for call in self._calls]
        return found

    @property
    def empty(self) -> bool:
        """Neither text nor a call: nothing to remember."""
        return not self.text and not self._calls

    def turn(self, error: str | None) -> Turn:
        """The finished turn, as the transcript keeps it."""
        return Turn("assistant", self.text, time.time(), self.model, self.figures(), error)
