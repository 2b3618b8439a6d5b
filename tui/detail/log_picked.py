"""The lines that the reader has picked with the keys. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Picked(NamedTuple):
    """Offsets of the line where the picking began and of the one under the cursor; both belong to it."""

    begin: int
    cursor: int

    @property
    def first(self) -> int:
        return min(self.begin, self.cursor)

    @property
    def last(self) -> int:
        return max(self.begin, self.cursor)

    def holds(self, offset: int) -> bool:
        """Whether the line that starts here is picked."""
        return self.first <= offset <= self.last
