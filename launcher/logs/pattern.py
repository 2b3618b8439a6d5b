"""A user's regular expression on log lines: what is wrong with it, which lines of a block hold it, where in a text.

A match is within one line. On lines of plain ASCII the bytes are searched, on others the decoded text: the same result.
No pattern may stop the program, for Python's engine cannot be interrupted: one that can take more than any power of the
line's length (``(a+)+b``) is refused, and on a long line the others are tried on its beginning first; when that shows
that the whole would take too long, the line counts as one without a match (``Matcher.skipped``).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import AnyStr

from launcher.logs.pattern_tree import Facts, facts

LONGEST = 1000
"""Characters of a pattern; a longer one is refused."""
_STEPS = 4_000_000
"""About so many steps of the engine take 20 ms: a line short enough for that is searched without a trial."""
_TRIAL_S = 0.1
"""A line whose search would take longer than this, by the trials on its beginning, is skipped."""
_MOST_SPANS = 1000
_LONG_WORD = 10
"""From so many bytes on ``bytes.find`` is quicker than ``re``."""
_COMMON = b" etaoinsrl0123456789"
"""And so it is when ``re``, which goes from one first byte to the next, would stop too often."""
_DENSE_FROM, _DENSE_BYTES = 32, 400
"""More than 32 lines with the word, and one in 400 bytes or less: not worth going from one to the next."""
_ODD = (b"\x1c", b"\x1d", b"\x1e", b"\x1f")
"""Blanks in a text, not in bytes."""
# What lower case letters match, ignoring case, outside of ASCII: İ ı ſ K.
_FOLDED = (b"\xc4\xb0", b"\xc4\xb1", b"\xc5\xbf", b"\xe2\x84\xaa")


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, in words; None when nothing is."""
    return matcher(pattern).problem


def spans(pattern: str, text: str, ignore_case: bool | None = None) -> list[tuple[int, int]]:
    """Every match that is not empty, for highlighting; at most 1,000. None for a bad pattern."""
    found = matcher(pattern, ignore_case)
    if found.find(text) is None:
        return []
    pieces: list[tuple[int, int]] = []
    for match in found.iterate(text):
        if match.end() > match.start():
            pieces.append(match.span())
        if len(pieces) >= _MOST_SPANS:
            break
    return pieces


@lru_cache(maxsize=64)
def matcher(pattern: str, ignore_case: bool | None = None) -> Matcher:
    """The matcher of a pattern, made once."""
    return Matcher(pattern, ignore_case)


def folds(pattern: str) -> bool:
    """Whether case is ignored when nobody said: no capital letter, but in an escape such as ``\\S``."""
    bare = re.sub(r"\\.", "", pattern)
    return bare == bare.lower()


def _never(pattern: str, flags: int) -> str:
    """A pattern and then a contradiction: it goes through every way in which it could match, and finds none."""
    body = re.sub(r"^\(\?[aiLmsux]+\)", "", pattern)
    return f"(?:{body}\n)(?!)" if flags & re.VERBOSE else f"(?:{body})(?!)"


class Matcher:
    """One pattern. With a ``problem`` it matches nothing."""

    def __init__(self, pattern: str, ignore_case: bool | None = None) -> None:
        self.problem: str | None = None
        self.skipped = 0
        """So often a line was not searched to the end because it would have taken too long."""
        self._facts = Facts((), False, False, 1, False)
        self._text = re.compile(r"(?!)")
        self._bytes: re.Pattern[bytes] | None = None
        self._never_text = self._text
        self._never_bytes = re.compile(rb"(?!)")
        self._looks_behind = False
        """Whether what follows a match can undo it."""
        self._blanks = "\\s" in pattern.lower()
        flags = re.IGNORECASE if (folds(pattern) if ignore_case is None else ignore_case) else 0
        self.problem = self._compile(pattern, flags)
        self._words = tuple(word.encode() for word in self._facts.words)
        self._finders = [_finder(word) for word in self._words]
        self._short = max(8, int(_STEPS ** (1 / self._facts.degree))) if self._facts.degree > 1 else 1 << 30

    def _compile(self, pattern: str, flags: int) -> str | None:
        if len(pattern) > LONGEST:
            return f"the pattern is longer than {LONGEST:,} characters"
        try:
            text = re.compile(pattern, flags)
        except re.error as error:
            where = f" (at character {error.pos + 1})" if error.pos is not None and len(pattern) > 1 else ""
            return f"{error.msg}{where}"
        except (OverflowError, RecursionError, MemoryError):
            return "the pattern is too large"
        known = facts(pattern, flags)
        if known.endless:
            return (
                "a repeat within a repeat, such as (a+)+, could take for ever: write it without the outer or inner one"
            )
        self._facts, self._text = known, text
        self._looks_behind = "(?=" in pattern or "(?!" in pattern or "\\b" in pattern.lower() or "$" in pattern
        never = _never(pattern, text.flags)
        self._never_text = re.compile(never, text.flags)
        if pattern.isascii():
            try:
                self._bytes = re.compile(pattern.encode(), flags)
                self._never_bytes = re.compile(never.encode(), self._bytes.flags)
            except re.error:  # an escape that only text has
                pass
        return None

    # -- one line

    def find(self, text: str) -> tuple[int, int] | None:
        """The first match in a line's text."""
        found = self._guarded(self._text, self._never_text, text) if self.problem is None else None
        return None if found is None else found.span()

    def iterate(self, text: str) -> Iterator[re.Match[str]]:
        """All matches in a text in which ``find`` found one."""
        return self._text.finditer(text)

    def holds(self, line: bytes) -> bool:
        """Whether a tidy line (see ``launcher.logs.tidy``) holds the pattern."""
        return self.where(line) is not None

    def where(self, line: bytes) -> tuple[int, int] | None:
        """The first match in a tidy line, in its bytes; the whole line when it is not ASCII."""
        if self.problem is not None:
            return None
        if self._direct(line):
            assert self._bytes is not None
            found = self._guarded(self._bytes, self._never_bytes, line)
            return None if found is None else found.span()
        return None if self.find(line.decode("utf-8", "replace")) is None else (0, len(line))

    def _direct(self, data: bytes) -> bool:
        """Whether the search in the bytes says the same as the one in the text."""
        if self._bytes is None or not data.isascii():
            return False
        return not self._blanks or not any(blank in data for blank in _ODD)

    def _guarded(self, pattern: re.Pattern[AnyStr], never: re.Pattern[AnyStr], line: AnyStr) -> re.Match[AnyStr] | None:
        """A search, after trials on the beginning of a line on which it may take long."""
        length, tried = len(line), self._short
        while tried < length:
            began = time.thread_time()
            found = pattern.search(line, 0, tried)
            if found is not None:
                if found.end() < tried and not self._looks_behind:
                    return found  # nothing that follows can undo it
                never.search(line, 0, tried)  # perhaps only the border of the trial made it match: ``\s+$``
            if (time.thread_time() - began) * 2**self._facts.degree > _TRIAL_S:
                self.skipped += 1
                return None
            tried *= 2
        return pattern.search(line)

    # -- a block of lines

    def count(self, data: bytes) -> int:
        """How many lines hold the pattern. ``data``: tidy lines, each with its newline."""
        if self.problem is not None:
            return 0
        hay, few = self._candidates(data)
        return (
            sum(self._good(data, start, end) for start, end in few) if few is not None else len(self._every(data, hay))
        )

    def lines(self, data: bytes) -> list[int]:
        """The numbers of these lines."""
        if self.problem is not None:
            return []
        hay, few = self._candidates(data)
        if few is None:
            return self._every(data, hay)
        found: list[int] = []
        number = counted = 0
        for start, end in few:
            if self._good(data, start, end):
                number += data.count(b"\n", counted, start)
                counted = start
                found.append(number)
        return found

    def _good(self, data: bytes, start: int, end: int) -> bool:
        return self._facts.literal or self.holds(data[start:end])

    def _candidates(self, data: bytes) -> tuple[bytes, list[tuple[int, int]] | None]:
        """What is searched for the words that no match can do without, and the few lines that hold one of them.

        None instead of the lines: too many, or nothing is known, every line is to be looked at.
        """
        if not self._words:
            return data, None
        hay = data
        if self._facts.ignore_case:
            if not data.isascii() and any(letter in data for letter in _FOLDED):
                return data, None
            hay = data.lower()
        found: list[tuple[int, int]] = []
        for find in self._finders:
            lines = _walk(hay, find)
            if lines is None:
                return hay, None
            found += lines
        return hay, sorted(set(found)) if len(self._finders) > 1 else found

    def _every(self, data: bytes, hay: bytes) -> list[int]:
        """Each line is searched. ``hay``: the same, in lower case when case is ignored and words are known."""
        direct = self._direct(data)
        if self._facts.literal and (not self._facts.ignore_case or data.isascii()):
            word = self._words[0]
            return [number for number, line in enumerate(hay.split(b"\n")) if word in line]
        if not direct:
            texts = data.decode("utf-8", "replace").split("\n")
            texts.pop()
            if max(map(len, texts), default=0) <= self._short:
                look = self._text.search
                return [number for number, text in enumerate(texts) if look(text)]
            return [number for number, text in enumerate(texts) if self.find(text) is not None]
        lines = data.split(b"\n")
        lines.pop()
        if max(map(len, lines), default=0) > self._short:
            return [number for number, line in enumerate(lines) if self.holds(line)]
        assert self._bytes is not None
        search = self._bytes.search
        return [number for number, line in enumerate(lines) if search(line)]


def _finder(word: bytes) -> Callable[[bytes, int], int]:
    """The quicker way to look for a word: from a place on, -1 when it is not there."""
    if len(word) >= _LONG_WORD or word[:1] in _COMMON:
        return lambda hay, place: hay.find(word, place)
    search = re.compile(re.escape(word)).search

    def find(hay: bytes, place: int) -> int:
        found = search(hay, place)
        return -1 if found is None else found.start()

    return find


def _walk(hay: bytes, find: Callable[[bytes, int], int]) -> list[tuple[int, int]] | None:
    """Start and end of each line with a word; None when there are so many that to split all lines is quicker."""
    found: list[tuple[int, int]] = []
    place = 0
    while (place := find(hay, place)) >= 0:
        start = hay.rfind(b"\n", 0, place) + 1
        place = hay.find(b"\n", place)
        found.append((start, place))
        if len(found) > _DENSE_FROM and len(found) * _DENSE_BYTES > place:
            return None
    return found
