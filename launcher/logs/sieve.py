"""Which lines of a block a lens shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.logs.kinds import Kinds
from launcher.logs.lens import Lens
from launcher.logs.pattern import Matcher, matcher
from launcher.logs.tidy import tidy

_FEW = 4
"""When fewer lines than one in so many match, these are looked at one by one."""


class Sieve:
    """A lens at work, and perhaps a search within it. ``Lens.first_errors`` is not its business: see
    ``launcher.logs.first_errors``."""

    def __init__(self, lens: Lens, search: Matcher | None = None) -> None:
        self._kinds = Kinds(lens)
        self._tests: list[tuple[Matcher, bool]] = [(search, False)] if search is not None else []
        if lens.pattern:
            self._tests.append((matcher(lens.pattern, lens.ignore_case), lens.invert))
        self._nothing = any(test.problem is not None for test, _ in self._tests)
        self.plain = not self._tests and self._kinds.everything
        """It shows every line."""

    def count(self, data: bytes) -> int:
        """How many lines of ``data`` (each with its newline) are shown."""
        if self.plain:
            return data.count(b"\n")
        if len(self._tests) == 1 and self._kinds.everything and not self._nothing:
            test, invert = self._tests[0]
            found = test.count(tidy(data))
            return data.count(b"\n") - found if invert else found
        return len(self.numbers(data))

    def accepts(self, line: bytes) -> bool:
        """Whether one line (without newline) is shown."""
        return self.plain or bool(self.numbers(line + b"\n"))

    def numbers(self, data: bytes) -> Sequence[int]:
        """Their numbers, from 0, in order. (A line that was cut is searched as far as it is there.)"""
        if self.plain:
            return range(data.count(b"\n"))
        if self._nothing:
            return []
        data = tidy(data)
        found: list[int] | None = None
        for test, invert in self._tests:
            found = _those(data, test, invert, found)
            if not found:
                return []
        if self._kinds.everything and found is not None:
            return found
        if found is not None and len(found) * _FEW < data.count(b"\n"):
            lines = data.split(b"\n")
            return [number for number in found if self._kinds.accepts(lines[number])]
        return _both(found, self._kinds.numbers(data))


def _those(data: bytes, test: Matcher, invert: bool, among: list[int] | None) -> list[int]:
    """The numbers of the lines that pass a test, ``among`` these."""
    if among is not None and len(among) * _FEW < data.count(b"\n"):
        lines = data.split(b"\n")
        return [number for number in among if test.holds(lines[number]) is not invert]
    found = test.lines(data)
    if invert:
        without = set(found)
        found = [number for number in range(data.count(b"\n")) if number not in without]
    return _both(among, found)


def _both(a: list[int] | None, b: list[int]) -> list[int]:
    if a is None:
        return b
    passed = set(b)
    return [number for number in a if number in passed]
