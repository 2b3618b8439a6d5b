"""The conversation on the screen: what the session says of it, what the keys do in it."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.chat.turn import Turn
from tui.chat import items
from tui.chat.growing import Growth
from tui.chat.items import Item
from tui.chat.scroll import ChatScroll

KEPT_TURNS = 200
"""Turns in view; older ones stay in the transcript."""


class ChatView(ChatScroll):
    """Every setter is cheap: a growing answer costs what is new of it, whatever stands above."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._open = 0
        """Items at the end that the next look at the answer replaces."""
        self._live = 0
        """Items at the end that belong to the answer that is being written."""

    def show_history(self, turns: Sequence[Turn]) -> None:
        """The conversation as it stands; replaces whatever is shown."""
        self._open = self._live = 0
        first = max(0, len(turns) - KEPT_TURNS)
        self.show_items(items.of_turns(turns[first:], first))

    def add_prompt(self, turn: Turn, index: int) -> None:
        """A prompt was sent."""
        self._append(items.of_prompt(turn, index))
        self.go_end()

    def grow(self, growth: Growth) -> None:
        """More of the answer; called at most ten times a second."""
        self.replace_end(self._open, [*growth.settled, *growth.open])
        self._live += len(growth.settled) + len(growth.open) - self._open
        self._open = len(growth.open)

    def finish(self, turn: Turn, index: int) -> None:
        """The answer is complete, or has failed (``turn.error``): its blocks are painted for good."""
        whole = items.of_answer(turn, index)
        self.replace_end(self._live, whole)
        self._open = self._live = 0
        if self.chosen is not None and self.chosen.turn == index and self.chosen not in whole:
            self.choose(None)

    def say(self, text: str, *, problem: bool = False) -> None:
        """A line of the chat itself, below everything (above an answer that is being written)."""
        if self._live:
            live = [one.item for one in self.rows.painted[-self._live :]]
            self.replace_end(self._live, [items.notice(text, problem=problem), *live])
        else:
            self._append([items.notice(text, problem=problem)])

    def _append(self, new: Sequence[Item]) -> None:
        self.replace_end(0, new)

    # -- the cursor

    def move(self, by: int) -> None:
        """Choose the next item (negative: the one before); the first move chooses the last in view."""
        if by < 0 and self.rows.waiting:
            self._fill(more=self.scrollable_content_region.height)
        able = [one.item for one in self.rows.painted if one.item.chosen_by_keys]
        if not able:
            return
        if self.chosen not in able:
            self.choose(self._last_in_view() or able[-1])
            return
        place = able.index(self.chosen) + by
        if place >= len(able):
            self.go_end()
        else:
            self.choose(able[max(0, place)])

    def _last_in_view(self) -> Item | None:
        """The last item for the cursor that begins above the lower edge."""
        edge = self.scroll_offset.y + self.scrollable_content_region.height
        able = (
            one.item for index, one in enumerate(self.rows.painted)
            if one.item.chosen_by_keys and self.rows.start(index) < edge
        )  # fmt: skip
        return next(reversed(list(able)), None)

    def toggle(self) -> None:
        """Fold or unfold the chosen item; without one, the last that folds."""
        able = [one.item for one in self.rows.painted if one.item.folds]
        item = self.chosen if self.chosen is not None and self.chosen.folds else (able[-1] if able else None)
        if item is not None:
            self.fold(item)

    def action_scroll_up(self) -> None:
        self.move(-1)

    def action_scroll_down(self) -> None:
        self.move(1)
