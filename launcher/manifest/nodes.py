"""A manifest's YAML as a small frozen tree, where every key and every value knows its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias


class Place(NamedTuple):
    """Where a node was written. ``line`` and ``column`` count from 1."""

    line: int | None = None
    column: int | None = None
    origin: str = ""
    """The option that brought the node (``--set resources.gpus``); empty when it stands in the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    text: str
    place: Place
    plain: bool = True
    """Written without quotes and not as a block: only then may it be a number, a boolean or null."""
    last_line: int | None = None
    """The last line that the scalar covers: a block scalar covers many."""
    literal: bool = False
    """Written with ``|``: its lines are the lines of the file behind the first."""


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    def keys(self) -> tuple[str, ...]:
        """The keys as they are written, in their order."""
        return tuple(key.text for key, _ in self.entries)

    def entry(self, name: str) -> tuple[Scalar, Node] | None:
        """The key and the value called ``name``."""
        return next(((key, value) for key, value in self.entries if key.text == name), None)

    def with_entry(self, key: Scalar, value: Node) -> Mapping:
        """A copy where ``key`` has ``value``: in its old position, or behind the last entry."""
        if self.entry(key.text) is None:
            return replace(self, entries=(*self.entries, (key, value)))
        return replace(self, entries=tuple((key, value) if k.text == key.text else (k, v) for k, v in self.entries))


Node: TypeAlias = Scalar | Sequence | Mapping

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


def is_null(node: Node) -> bool:
    """Nothing was written, or YAML's null."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULLS


def find(node: Node | None, *path: str | int) -> tuple[Scalar | None, Node] | None:
    """The key (None for an item of a list) and the value at ``path``; None when it is not there."""
    found: tuple[Scalar | None, Node] | None = None
    for part in path:
        found = _child(node, part)
        if found is None:
            return None
        node = found[1]
    return found


def _child(node: Node | None, part: str | int) -> tuple[Scalar | None, Node] | None:
    if isinstance(node, Mapping):
        return node.entry(str(part))
    if isinstance(node, Sequence) and isinstance(part, int) and 0 <= part < len(node.items):
        return None, node.items[part]
    return None


def value_of(node: Node | None, *path: str | int) -> Node | None:
    """The value at ``path``; None when it is not there or null."""
    found = find(node, *path)
    return None if found is None or is_null(found[1]) else found[1]


def entries_of(node: Node | None) -> Iterator[tuple[Scalar, Node]]:
    """The entries of a mapping; of anything else none."""
    if isinstance(node, Mapping):
        yield from node.entries


def kind(node: Node) -> str:
    """``a list``, ``a mapping``, ``a text`` or ``empty``: for messages."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    return "empty" if is_null(node) else "a text"
