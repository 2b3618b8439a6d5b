"""How long a search for a regular expression may take: repeats that multiply, repeats that find no end. Pure."""

from __future__ import annotations

from launcher.logs.pattern_chars import chars, first
from launcher.logs.pattern_items import Item, children, kind_of

_MANY = 10
"""A repeat of so many times is as good as an endless one."""


def _long(item: Item) -> bool:
    """A repeat that backtracks over many lengths."""
    return kind_of(item) in ("MAX_REPEAT", "MIN_REPEAT") and item[1][1] >= _MANY and item[1][0] != item[1][1]


def repeats(items: list[Item]) -> int:
    """How many backtracking repeats stand one behind or in the other: the power of the length that a match costs."""
    return sum(_long(item) + max((repeats(child) for child in children(item)), default=0) for item in items)


def endless(items: list[Item], ignore: bool) -> bool:
    """Whether a repeat somewhere can go through the same text in more than one way each time around."""
    for item in items:
        inner = children(item)
        again = kind_of(item) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and item[1][1] >= _MANY
        if again and not _single(inner[0]) and _ambiguous(inner[0], ignore):
            return True
        if any(endless(child, ignore) for child in inner):
            return True
    return False


def _single(items: list[Item]) -> bool:
    return len(items) == 1 and kind_of(items[0]) in ("LITERAL", "NOT_LITERAL", "ANY", "IN")


def _ambiguous(body: list[Item], ignore: bool) -> bool:
    """Whether what follows a part of variable length could as well belong to it, going round and round in ``body``."""
    for number, item in enumerate(body):
        op = kind_of(item)
        if op == "BRANCH" and _overlapping([first(branch, ignore) for branch in children(item)]):
            return True
        if any(_varies(child) and _ambiguous_inside(child, ignore) for child in children(item)):
            return True
        if op in ("GROUPREF", "GROUPREF_EXISTS"):
            return True
        if not _varies([item]):
            continue
        if _goes_on(item, [*body[number + 1 :], *body[: number + 1]], ignore):
            return True
    return first(body, ignore)[1]


def _ambiguous_inside(items: list[Item], ignore: bool) -> bool:
    """The same for a part of a body, which is gone through once: nothing follows its end."""
    for number, item in enumerate(items):
        if kind_of(item) == "BRANCH" and _overlapping([first(branch, ignore) for branch in children(item)]):
            return True
        if any(_varies(child) and _ambiguous_inside(child, ignore) for child in children(item)):
            return True
        if not _varies([item]):
            continue
        if _goes_on(item, items[number + 1 :], ignore):
            return True
    return False


def _goes_on(item: Item, following: list[Item], ignore: bool) -> bool:
    """Whether what follows ``item`` can begin with a character that ``item`` could have taken itself."""
    mine = chars([item], ignore)
    for after in following:
        begin, empty = first([after], ignore)
        if begin & mine:
            return True
        if not empty:
            return False
    return False


def _overlapping(branches: list[tuple[frozenset[int], bool]]) -> bool:
    seen: frozenset[int] = frozenset()
    for begin, empty in branches:
        if empty or begin & seen:
            return True
        seen |= begin
    return False


def _varies(items: list[Item]) -> bool:
    """Whether its matches have more than one length (an atomic part keeps the first that it finds)."""
    for item in items:
        op = kind_of(item)
        if op in ("ATOMIC_GROUP", "POSSESSIVE_REPEAT", "ASSERT", "ASSERT_NOT"):
            continue
        if op in ("MAX_REPEAT", "MIN_REPEAT") and item[1][0] != item[1][1]:
            return True
        if op in ("GROUPREF", "GROUPREF_EXISTS") or any(map(_varies, children(item))):
            return True
    return False
