"""The lines of a log view and where they stand on the screen. Pure: no widget, no file.

Lines have numbers that never change; the oldest are dropped when there are more than the limit. ``rows`` are screen
lines: one for each shown line, or as many as its text needs when wrapped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size

LIMIT = 20_000


class Row(NamedTuple):
    """A screen line: the number of its log line, and which part of it (0 unless wrapped)."""

    line: int
    part: int


class LogBuffer:
    """A ring of raw lines with an optional filter and an optional wrap width."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lines: list[str] = []
        self._first = 0
        self._dropped_shown = 0
        self._shown: list[int] | None = None
        self._starts: list[int] | None = None
        self._end_row = 0
        self._width: int | None = None
        self._accept: Callable[[str], bool] | None = None
        self._text: Callable[[str], str] = str
        self._has_tail = False
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def last_number(self) -> int:
        """The number behind the newest line."""
        return self._first + len(self._lines)

    @property
    def shown_count(self) -> int:
        """Lines that pass the filter."""
        return len(self._lines) if self._shown is None else len(self._shown)

    @property
    def first_row(self) -> int:
        """How many rows were dropped at the front: row numbers given to ``row`` start here."""
        if self._starts is not None:
            return self._starts[0] if self._starts else self._end_row
        return self._first if self._shown is None else self._dropped_shown

    @property
    def row_count(self) -> int:
        if self._starts is not None:
            return self._end_row - self.first_row
        return self.shown_count

    def line(self, number: int) -> str:
        """The raw text of a line that is still kept. Raises IndexError when it was dropped."""
        index = number - self._first
        if index < 0:
            raise IndexError(number)
        return self._lines[index]

    def arrange(
        self, *, text: Callable[[str], str], width: int | None = None, accept: Callable[[str], bool] | None = None
    ) -> None:
        """Lay everything out anew: ``text`` makes the visible text of a raw line, ``width`` wraps it (None: one row a
        line), ``accept`` filters by the visible text."""
        if text != self._text:
            self._texts = []
        self._text, self._width, self._accept = text, width, accept
        self._end_row = 0
        self._dropped_shown = 0
        self._shown = None if accept is None else []
        self._starts = None if width is None else []
        self._place(range(self._first, self.last_number))

    def forget_texts(self) -> None:
        """The function given to ``arrange`` now makes something else of a line."""
        self._texts = []

    def warm(self, count: int) -> bool:
        """Make the visible text of ``count`` more lines, so that ``arrange`` is quick; whether all are made."""
        made = len(self._texts)
        self._texts += map(self._text, self._lines[made : made + count])
        return len(self._texts) == len(self._lines)

    def clear(self) -> None:
        """Forget every line; the layout stays."""
        self._first = self.last_number
        self._lines = []
        self._texts = []
        self._has_tail = False
        self.arrange(text=self._text, width=self._width, accept=self._accept)

    def extend(self, lines: Sequence[str], tail: str = "") -> int:
        """Add lines; returns how many rows were dropped at the front to make room.

        ``tail`` is a last line that is still being written (a progress bar): the next call takes it away again.
        """
        if self._has_tail:
            self._remove_last()
        self._has_tail = bool(tail)
        if tail:
            lines = [*lines, tail]
        before = self.first_row
        if len(lines) >= self._limit:
            skipped = len(lines) - self._limit
            self._first = self.last_number + skipped
            self._lines = list(lines[skipped:])
            self._texts = []
            self.arrange(text=self._text, width=self._width, accept=self._accept)
            return self.row_count
        start = self.last_number
        self._lines.extend(lines)
        self._place(range(start, self.last_number))
        surplus = len(self._lines) - self._limit
        if surplus > 0:
            self._drop(surplus)
        return self.first_row - before

    def row(self, row: int) -> Row | None:
        """What stands on a row (numbered from ``first_row``); None beyond the end."""
        index = row - self.first_row
        if not 0 <= index < self.row_count:
            return None
        if self._starts is None:
            return Row(self._shown[index] if self._shown is not None else self._first + index, 0)
        at = bisect_right(self._starts, row) - 1
        line = self._shown[at] if self._shown is not None else self._first + at
        return Row(line, row - self._starts[at])

    def rows_of(self, rows: range) -> Iterator[tuple[int, Row]]:
        """The rows of a range that exist, with their numbers."""
        for number in rows:
            found = self.row(number)
            if found is not None:
                yield number, found

    def row_of_line(self, number: int) -> int:
        """The row where a line begins, or the nearest one after it that is shown."""
        at = number - self._first
        if self._shown is not None:
            at = bisect_right(self._shown, number - 1)
        if self._starts is None:
            return self.first_row + max(0, min(at, self.row_count))
        return self._starts[at] if 0 <= at < len(self._starts) else (self.first_row if at < 0 else self._end_row)

    def _place(self, numbers: Iterable[int]) -> None:
        if self._shown is None and self._starts is None:
            return
        for number in numbers:
            text = self._text_of(number - self._first)
            if self._accept is not None and not self._accept(text):
                continue
            if self._shown is not None:
                self._shown.append(number)
            if self._starts is not None and self._width is not None:
                self._starts.append(self._end_row)
                self._end_row += len(wrap_cuts(text, self._width)) + 1

    def _text_of(self, index: int) -> str:
        if index < len(self._texts):
            return self._texts[index]
        text = self._text(self._lines[index])
        if index == len(self._texts):
            self._texts.append(text)
        return text

    def _remove_last(self) -> None:
        number = self.last_number - 1
        del self._texts[len(self._lines) - 1 :]
        self._lines.pop()
        if self._shown is not None:
            if not self._shown or self._shown[-1] != number:
                return
            self._shown.pop()
        if self._starts is not None:
            self._end_row = self._starts.pop()

    def _drop(self, count: int) -> None:
        del self._lines[:count]
        del self._texts[:count]
        self._first += count
        gone = count
        if self._shown is not None:
            gone = bisect_right(self._shown, self._first - 1)
            del self._shown[:gone]
            self._dropped_shown += gone
        if self._starts is not None:
            del self._starts[:gone]


def wrap_cuts(text: str, width: int) -> list[int]:
    """Where to cut ``text`` (in characters) so that no part is wider than ``width`` cells, no wide character cut."""
    width = max(2, width)
    if text.isascii():
        return list(range(width, len(text), width))
    if len(text) * 2 <= width or cell_len(text) <= width:
        return []
    cuts: list[int] = []
    used = 0
    for index, character in enumerate(text):
        cells = get_character_cell_size(character)
        if used + cells > width:
            cuts.append(index)
            used = 0
        used += cells
    return cuts


def parts(text: str, width: int | None) -> list[tuple[int, int]]:
    """The parts of a line as (start, end) in characters; the whole line when it is not wrapped."""
    cuts = wrap_cuts(text, width) if width is not None else []
    return list(zip([0, *cuts], [*cuts, len(text)], strict=True))
