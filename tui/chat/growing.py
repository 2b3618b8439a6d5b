"""An answer while it is being written: its parts joined, cut into items of which only the last ones change."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from launcher.chat.turn import Call, Turn
from launcher.serving.parts import Delta, Part, ToolCall
from launcher.text import clean
from tui.chat import items
from tui.chat.blocks import Splitter
from tui.chat.items import Item
from tui.chat.text import figures_line

if TYPE_CHECKING:
    from launcher.serving.stats import ChatStats


_THOUGHT = 1200
"""Characters of the reasoning that are shown while it comes: the end of it."""


class Growth(NamedTuple):
    """What is new since the last look. ``settled`` stays as it is, ``open`` is to be replaced at the next look."""

    settled: tuple[Item, ...]
    open: tuple[Item, ...]


class Growing:
    """Grows by ``take``; ``stats`` is what the stream said last. ``index``: that of its turn in the conversation."""

    def __init__(self, model: str | None, index: int) -> None:
        self.model = model
        self.index = index
        self.stats: ChatStats | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[Call] = []
        self._naming: list[str] = []
        self._new: list[str] = []
        self._thinks_since: float | None = None
        self._thought_s: float | None = None
        self._splitter = Splitter()
        self._told_name = self._told_thought = False
        self._count = 0
        """Items that are settled."""
        self._blank = True
        """Only blanks came so far: the first piece of many models begins with one."""

    def take(self, parts: list[Part]) -> None:
        """Parts of the stream."""
        for part in parts:
            if isinstance(part, Delta):
                if part.kind == "reasoning":
                    self._thinks_since = self._thinks_since or time.monotonic()
                    self._reasoning.append(part.text)
                else:
                    self._say(part.text)
            elif isinstance(part, ToolCall):
                if part.complete:
                    self._calls.append(Call(part.name, part.arguments, part.id))
                else:
                    self._naming.append(part.name)

    def _say(self, text: str) -> None:
        if self._thinks_since is not None and self._thought_s is None:
            self._thought_s = time.monotonic() - self._thinks_since
        self._text.append(text)
        if self._blank:
            text = text.lstrip()
            self._blank = not text
        self._new.append(text)

    def look(self) -> Growth:
        """The items that came since the last look, and those that may still change."""
        settled: list[Item] = []
        if not self._told_name:
            self._told_name = True
            settled.append(items.of_name(self.model, self.index))
        thinking = clean("".join(self._reasoning)).strip() if not self._told_thought else ""
        thought: list[Item] = []
        if thinking and (not self._blank or self._calls):
            self._told_thought = True
            settled.append(items.thought(thinking, self.index, self.figures()))
        elif thinking:
            thought = [Item("thought", thinking[-_THOUGHT:], self.index, thinking, "thinking", folds=True, opened=True)]
        new, self._new = clean("".join(self._new)), []
        settled += [items.of_block(block, self.index, "") for block in self._splitter.feed(new)]
        tail = self._splitter.tail
        following = [items.of_block(tail, self.index, "")] if tail is not None else []
        calls = [Item("call", "", self.index, "", f"{clean(name)}(…)") for name in self._naming[len(self._calls) :]]
        calls = [*(items.of_call(call, self.index) for call in self._calls), *calls]
        figures = figures_line(self.figures())
        line = Item("figures", f"▌ {figures}" if figures else "▌", self.index)
        settled = items.placed(settled, self._count)
        self._count += len(settled)
        return Growth(tuple(settled), tuple(items.placed([*thought, *following, *calls, line], self._count)))

    def figures(self) -> Mapping[str, Any]:
        """Without what is unknown. Tokens come from the server's usage, never from counting pieces."""
        found: dict[str, Any] = {}
        if self.stats is not None:
            for key, value in self.stats._asdict().items():
                if value is not None:
                    found[key] = round(value, 6) if isinstance(value, float) else value
        if self._thought_s is not None:
            found["thought_s"] = round(self._thought_s, 3)
        return found

    @property
    def empty(self) -> bool:
        """Neither text nor a call: nothing to remember."""
        return not any(self._text) and not self._calls

    def turn(self, error: str | None) -> Turn:
        """The finished turn, as the transcript keeps it."""
        return Turn(
            "assistant", "".join(self._text), time.time(), self.model, self.figures(), error,
            reasoning="".join(self._reasoning), calls=tuple(self._calls),
        )  # fmt: skip
