"""The tree that Python's parser makes of a regular expression: its items, what they are, what is in them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Item = tuple[Any, Any]
"""What it is, and what it is made of."""


def kind_of(item: Item) -> str:
    """Its name: LITERAL, MAX_REPEAT, BRANCH …"""
    return str(item[0])


def flat(sequence: Iterable[Item]) -> Iterator[Item]:
    """The items of a sequence; a group without flags of its own is its content."""
    for item in sequence:
        if kind_of(item) == "SUBPATTERN" and not item[1][1] and not item[1][2]:
            yield from flat(item[1][3])
        else:
            yield item


def children(item: Item) -> list[list[Item]]:
    """The sequences in it; none for a single character."""
    op, value = kind_of(item), item[1]
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [list(flat(value[2]))]
    if op == "SUBPATTERN":
        return [list(flat(value[3]))]
    if op == "ATOMIC_GROUP":
        return [list(flat(value))]
    if op == "BRANCH":
        return [list(flat(branch)) for branch in value[1]]
    if op in ("ASSERT", "ASSERT_NOT"):
        return [list(flat(value[1]))]
    if op == "GROUPREF_EXISTS":
        return [list(flat(branch)) for branch in value[1:] if branch is not None]
    return []
