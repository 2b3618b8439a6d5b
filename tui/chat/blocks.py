"""Markdown that grows, cut into blocks that will not change any more and a last one that may. Pure.

Only what is needed to paint: fences are told from all else, and everything else is cut where a paragraph, a heading, a
list or a table surely ends. https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONG_CODE = 40
"""Lines of an open code block that are settled at a time: a long one would be coloured anew with every token."""
LONG_LIST = 4000
"""Characters after which a list is cut between two of its items."""
LONG_LINE = 1500
"""Characters of a line after which a text that still grows is cut between two words: it would be painted anew, whole,
with every token. (A complete text is not cut.)"""
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^`\n]*?)[ \t]*\n?$")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|\n|$)")


class Block(NamedTuple):
    """``text``: Markdown as it was written, or the code between two fences (without the last newline)."""

    text: str
    code: bool = False
    language: str = ""
    goes_on: bool = False
    """Code that goes on where the block before it ended."""


class Splitter:
    """Feed it the text in any pieces; ``feed`` gives the blocks that are settled, ``tail`` is what may still change."""

    def __init__(self, *, whole: bool = False) -> None:
        """``whole``: the text is there already: code blocks stay in one piece."""
        self._whole = whole
        self._rest = ""
        self._lines: list[str] = []
        self._size = 0
        self._fence: tuple[str, str, str] | None = None
        """Indent, marker and language of the open code block."""
        self._goes_on = False

    def feed(self, text: str) -> list[Block]:
        """The blocks that are settled by ``text``."""
        *lines, self._rest = (self._rest + text).split("\n")
        settled: list[Block] = []
        for line in lines:
            settled += self._line(line)
        if len(self._rest) > LONG_LINE and not self._whole and self._fence is None:
            begin, blank, self._rest = self._rest.rpartition(" ")
            if blank:
                self._lines.append(begin)
                settled += self._settle()
            else:
                self._rest = begin + self._rest
        return settled

    @property
    def tail(self) -> Block | None:
        """What has come since the last settled block; None: nothing."""
        lines = [*self._lines, self._rest] if self._rest else self._lines
        if self._fence is not None:
            if self._rest and self._closes(self._rest):
                lines = self._lines
            return Block("\n".join(lines), True, self._fence[2], self._goes_on)
        opened = _FENCE.match(self._rest) if self._rest else None
        if opened is not None:  # a fence whose line is not complete yet: do not show it as text
            lines = self._lines
        text = "\n".join(lines)
        return Block(text) if text.strip() else None

    def close(self) -> list[Block]:
        """At the end of the text: what is left."""
        settled = self._line(self._rest) if self._rest else []
        self._rest = ""
        if self._lines or self._fence is not None:
            settled += self._settle()
        self._fence = None
        return settled

    # -- inside

    def _line(self, line: str) -> list[Block]:
        if self._fence is not None:
            return self._code_line(line)
        opened = _FENCE.match(line)
        if opened is not None:
            settled = self._settle()
            self._fence = (opened[1], opened[2], opened[3].split(" ", 1)[0])
            return settled
        settled = self._settle() if self._ends_before(line) else []
        self._lines.append(line)
        self._size += len(line) + 1
        if _HEADING.match(line) and len(self._lines) == 1:
            settled += self._settle()
        return settled

    def _code_line(self, line: str) -> list[Block]:
        if self._closes(line):
            settled = self._settle()
            self._fence, self._goes_on = None, False
            return settled
        assert self._fence is not None
        indent = self._fence[0]
        self._lines.append(line[len(indent) :] if line.startswith(indent) else line.lstrip(" \t"))
        if len(self._lines) < LONG_CODE or self._whole:
            return []
        settled = self._settle()
        self._goes_on = True
        return settled

    def _closes(self, line: str) -> bool:
        assert self._fence is not None
        marker, found = self._fence[1], line.strip()
        return len(found) >= len(marker) and set(found) == {marker[0]}

    def _ends_before(self, line: str) -> bool:
        """Whether what came before this line is a block of its own."""
        if not self._lines:
            return False
        item = _ITEM.match(line) is not None
        if item and self._size > LONG_LIST:
            return True
        if not line.strip() or self._lines[-1].strip():
            return _HEADING.match(line) is not None
        first = next((before for before in self._lines if before.strip()), "")
        in_list = _ITEM.match(first) is not None
        return not line[0].isspace() and not (in_list and item)

    def _settle(self) -> list[Block]:
        lines, self._lines, self._size = self._lines, [], 0
        text = "\n".join(lines)
        if self._fence is not None:
            return [Block(text, True, self._fence[2], self._goes_on)] if lines or not self._goes_on else []
        return [Block(text.strip("\n"))] if text.strip() else []


def blocks(text: str) -> list[Block]:
    """The blocks of a text that is complete."""
    splitter = Splitter(whole=True)
    return [*splitter.feed(text), *splitter.close()]
