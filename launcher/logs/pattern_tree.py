"""What a regular expression says of itself: text that no match can do without, and whether it may take for ever. Pure.

Reads the tree that Python's own parser makes. Where that is not to be had nothing is known: no text, a long time.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_MOST_WORDS = 8
_MANY = 10
"""A repeat of so many times is as good as an endless one."""
_OTHER, _OTHER_SPACE, _OTHER_WORD = 128, 129, 130
"""Stand for the characters that are not ASCII: blanks, letters and digits, all others."""
_FOREIGN = frozenset({_OTHER, _OTHER_SPACE, _OTHER_WORD})
_ALL = frozenset(range(_OTHER)) | _FOREIGN
_DIGITS = frozenset(b"0123456789") | {_OTHER_WORD}
_SPACES = frozenset(b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f ") | {_OTHER_SPACE}
_WORDS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") | {_OTHER_WORD}
_CATEGORIES = {"DIGIT": _DIGITS, "SPACE": _SPACES, "WORD": _WORDS}

Item = tuple[Any, Any]


class Facts(NamedTuple):
    """``words``: each match holds one of them (lower case when ``ignore_case``); empty: unknown. ``literal``: it is
    its one word and nothing else. ``degree``: a search takes at most about length ** degree steps. ``endless``: more
    than any power of the length is possible."""

    words: tuple[str, ...]
    literal: bool
    ignore_case: bool
    degree: int
    endless: bool


def facts(pattern: str, flags: int = 0) -> Facts:
    """Of a pattern that compiles with these flags."""
    ignore = bool(flags & re.IGNORECASE)
    try:
        tree: Any = importlib.import_module("re._parser").parse(pattern, flags)
        ignore = bool(tree.state.flags & re.IGNORECASE)
        items = list(_flat(tree))
        words = _required(items, ignore)
        literal = len(words) == 1 and len(items) == len(words[0]) and all(_op(item) == "LITERAL" for item in items)
        anchored = bool(items) and _op(items[0]) == "AT" and str(items[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
        return Facts(words, literal, ignore, max(1, _repeats(items) + (not anchored)), _endless(items, ignore))
    except (ImportError, AttributeError, TypeError, ValueError, RecursionError):
        return Facts((), False, ignore, 4, False)


def _op(item: Item) -> str:
    return str(item[0])


def _flat(sequence: Iterable[Item]) -> Iterator[Item]:
    """The items of a sequence; a group without flags of its own is its content."""
    for item in sequence:
        if _op(item) == "SUBPATTERN" and not item[1][1] and not item[1][2]:
            yield from _flat(item[1][3])
        else:
            yield item


# -- what no match can do without


def _required(items: list[Item], ignore: bool) -> tuple[str, ...]:
    best: tuple[str, ...] = ()
    run = ""
    for item in [*items, ("END", None)]:
        op = _op(item)
        if op == "LITERAL" and _plain(item[1], ignore):
            run += chr(item[1])
            continue
        if op == "AT":
            continue
        best = _better(best, (run,) if run else ())
        run = ""
        best = _better(best, _inside(item, ignore))
    return tuple(word.lower() for word in best) if ignore else best


def _inside(item: Item, ignore: bool) -> tuple[str, ...]:
    """What an item that is no literal demands."""
    op, value = _op(item), item[1]
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and value[0] >= 1:
        return _required(list(_flat(value[2])), ignore)
    if op == "ATOMIC_GROUP":
        return _required(list(_flat(value)), ignore)
    if op == "BRANCH":
        found = [_required(list(_flat(branch)), ignore) for branch in value[1]]
        words = tuple(dict.fromkeys(word for words in found for word in words))
        return words if all(found) and len(words) <= _MOST_WORDS else ()
    return ()


def _plain(code: int, ignore: bool) -> bool:
    """A character that stands in the bytes of a line as it is written. (Replaced and half characters do not.)"""
    if code < _OTHER:
        return True
    return not ignore and code != 0xFFFD and not 0xD800 <= code < 0xE000


def _better(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """The longer ones; of equally long ones the fewer."""

    def worth(words: tuple[str, ...]) -> tuple[int, int]:
        return (min(map(len, words)), -len(words)) if words else (0, 0)

    return b if worth(b) > worth(a) else a


# -- how long it may take


def _long(item: Item) -> bool:
    """A repeat that backtracks over many lengths."""
    return _op(item) in ("MAX_REPEAT", "MIN_REPEAT") and item[1][1] >= _MANY and item[1][0] != item[1][1]


def _children(item: Item) -> list[list[Item]]:
    op, value = _op(item), item[1]
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [list(_flat(value[2]))]
    if op == "SUBPATTERN":
        return [list(_flat(value[3]))]
    if op == "ATOMIC_GROUP":
        return [list(_flat(value))]
    if op == "BRANCH":
        return [list(_flat(branch)) for branch in value[1]]
    if op in ("ASSERT", "ASSERT_NOT"):
        return [list(_flat(value[1]))]
    if op == "GROUPREF_EXISTS":
        return [list(_flat(branch)) for branch in value[1:] if branch is not None]
    return []


def _repeats(items: list[Item]) -> int:
    return sum(_long(item) + max((_repeats(child) for child in _children(item)), default=0) for item in items)


def _endless(items: list[Item], ignore: bool) -> bool:
    """Whether a repeat somewhere can go through the same text in more than one way each time around."""
    for item in items:
        children = _children(item)
        repeats = _op(item) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and item[1][1] >= _MANY
        if repeats and not _single(children[0]) and _ambiguous(children[0], ignore):
            return True
        if any(_endless(child, ignore) for child in children):
            return True
    return False


def _single(items: list[Item]) -> bool:
    return len(items) == 1 and _op(items[0]) in ("LITERAL", "NOT_LITERAL", "ANY", "IN")


def _ambiguous(body: list[Item], ignore: bool) -> bool:
    """Whether what follows a part of variable length could as well belong to it, going round and round in ``body``."""
    for number, item in enumerate(body):
        op = _op(item)
        if op == "BRANCH" and _overlapping([_first(branch, ignore) for branch in _children(item)]):
            return True
        if any(_varies(child) and _ambiguous_inside(child, ignore) for child in _children(item)):
            return True
        if op in ("GROUPREF", "GROUPREF_EXISTS"):
            return True
        if not _varies([item]):
            continue
        mine = _chars([item], ignore)
        for after in [*body[number + 1 :], *body[: number + 1]]:
            first, empty = _first([after], ignore)
            if first & mine:
                return True
            if not empty:
                break
    return _first(body, ignore)[1]


def _ambiguous_inside(items: list[Item], ignore: bool) -> bool:
    """The same for a part of a body, which is gone through once: nothing follows its end."""
    for number, item in enumerate(items):
        if _op(item) == "BRANCH" and _overlapping([_first(branch, ignore) for branch in _children(item)]):
            return True
        if any(_varies(child) and _ambiguous_inside(child, ignore) for child in _children(item)):
            return True
        if not _varies([item]):
            continue
        mine = _chars([item], ignore)
        for after in items[number + 1 :]:
            first, empty = _first([after], ignore)
            if first & mine:
                return True
            if not empty:
                break
    return False


def _overlapping(branches: list[tuple[frozenset[int], bool]]) -> bool:
    seen: frozenset[int] = frozenset()
    for first, empty in branches:
        if empty or first & seen:
            return True
        seen |= first
    return False


def _varies(items: list[Item]) -> bool:
    """Whether its matches have more than one length (an atomic part keeps the first that it finds)."""
    for item in items:
        op = _op(item)
        if op in ("ATOMIC_GROUP", "POSSESSIVE_REPEAT", "ASSERT", "ASSERT_NOT"):
            continue
        if op in ("MAX_REPEAT", "MIN_REPEAT") and item[1][0] != item[1][1]:
            return True
        if op in ("GROUPREF", "GROUPREF_EXISTS") or any(map(_varies, _children(item))):
            return True
    return False


def _first(items: list[Item], ignore: bool) -> tuple[frozenset[int], bool]:
    """The characters that a match can begin with, and whether it can be empty."""
    found: frozenset[int] = frozenset()
    for item in items:
        op, value = _op(item), item[1]
        if op in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        if op in ("GROUPREF", "GROUPREF_EXISTS"):
            return _ALL, True
        children = _children(item)
        if not children:
            return found | _set(item, ignore), False
        empty = op.endswith("_REPEAT") and value[0] == 0
        for child in children:
            first, blank = _first(child, ignore)
            found |= first
            empty = empty or blank
        if not empty:
            return found, False
    return found, True


def _chars(items: list[Item], ignore: bool) -> frozenset[int]:
    """All characters that a match can have."""
    found: frozenset[int] = frozenset()
    for item in items:
        if _op(item) in ("GROUPREF", "GROUPREF_EXISTS"):
            return _ALL
        if _op(item) in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        children = _children(item)
        found |= frozenset().union(*(_chars(child, ignore) for child in children)) if children else _set(item, ignore)
    return found


def _set(item: Item, ignore: bool) -> frozenset[int]:
    op, value = _op(item), item[1]
    if op == "LITERAL":
        found = frozenset({_symbol(value)})
    elif op == "NOT_LITERAL":
        found = _ALL - {value} | _FOREIGN
    elif op == "IN":
        found = _class(value)
    else:
        return _ALL
    if ignore:
        letters = {code ^ 32 for code in found if chr(code).isalpha() and code < _OTHER}
        found |= letters | ({_OTHER_WORD} if letters else set())
    return found


def _symbol(code: int) -> int:
    if code < _OTHER:
        return code
    character = chr(code)
    return _OTHER_SPACE if character.isspace() else _OTHER_WORD if character.isalnum() else _OTHER


def _class(members: list[Item]) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for op, value in members:
        name = str(op)
        if name == "LITERAL":
            found |= {_symbol(value)}
        elif name == "RANGE":
            found |= set(range(value[0], min(value[1], _OTHER - 1) + 1)) | (_FOREIGN if value[1] >= _OTHER else set())
        elif name == "CATEGORY":
            kind = str(value).removeprefix("CATEGORY_")
            known = _CATEGORIES.get(kind.removeprefix("NOT_"), _ALL)
            found |= (_ALL - known) if kind.startswith("NOT_") else known
    if not members or str(members[0][0]) != "NEGATE":
        return found
    whole = {str(value) for op, value in members if str(op) == "CATEGORY"}  # only these leave out all of a foreign kind
    spaces = {_OTHER_SPACE} if "CATEGORY_SPACE" in whole else set()
    words = {_OTHER_WORD} if "CATEGORY_WORD" in whole else set()
    return (_ALL - found) | (_FOREIGN - spaces - words)
