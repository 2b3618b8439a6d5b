"""The rows of a conversation: items painted for a width, found by row. Only as many as somebody has looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from textual.strip import Strip

from tui.chat.items import Item

Painter = Callable[[Item], list[Strip]]


class Painted(NamedTuple):
    """An item and its lines."""

    item: Item
    strips: list[Strip]


class Rows:
    """Items at the end are painted first; those before them are ``waiting`` until somebody scrolls up to them."""

    def __init__(self) -> None:
        self.waiting: list[Item] = []
        self.painted: list[Painted] = []
        self._starts: list[int] = [0]

    @property
    def height(self) -> int:
        """Rows of what is painted."""
        return self._starts[-1]

    def reset(self, items: Sequence[Item]) -> None:
        """Other items; none of them is painted yet."""
        self.waiting, self.painted = list(items), []
        self._index(0)

    def forget(self) -> None:
        """Nothing that was painted is right any more (another width, another theme)."""
        self.reset([*self.waiting, *(one.item for one in self.painted)])

    def paint_back(self, rows: int, paint: Painter) -> int:
        """Paint waiting items, the last first, until so many rows more are there; how many there are now."""
        made: list[Painted] = []
        added = 0
        while self.waiting and added < rows:
            item = self.waiting.pop()
            strips = paint(item)
            made.append(Painted(item, strips))
            added += len(strips)
        if made:
            self.painted[:0] = reversed(made)
            self._index(0)
        return added

    def replace_end(self, count: int, items: Sequence[Item], paint: Painter) -> None:
        """Instead of the last ``count`` painted items show these. An item that is equal keeps its lines."""
        begin = len(self.painted) - count
        before = {one.item: one.strips for one in self.painted[begin:]}
        self.painted[begin:] = [Painted(item, before[item] if item in before else paint(item)) for item in items]
        self._index(begin)

    def repaint(self, index: int, paint: Painter) -> None:
        """One item looks different now (folded, unfolded)."""
        self.painted[index] = Painted(self.painted[index].item, paint(self.painted[index].item))
        self._index(index)

    def drop_front(self, count: int) -> int:
        """Forget the oldest painted items; how many rows that were."""
        gone = self._starts[count]
        del self.painted[:count]
        self._index(0)
        return gone

    def at(self, row: int) -> tuple[int, int] | None:
        """Index of the painted item at a row, and the row within it; None below the end."""
        if not 0 <= row < self.height:
            return None
        index = bisect_right(self._starts, row) - 1
        return index, row - self._starts[index]

    def start(self, index: int) -> int:
        """First row of a painted item."""
        return self._starts[index]

    def _index(self, begin: int) -> None:
        """Count the rows anew from a painted item on."""
        heights = (len(one.strips) for one in self.painted[begin:])
        self._starts[begin:] = accumulate(heights, initial=self._starts[begin] if begin else 0)
