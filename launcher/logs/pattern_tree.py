"""What a regular expression says of itself: text that no match can do without, and whether it may take for ever. Pure.

Reads the tree that Python's own parser makes. Where that is not to be had nothing is known: no text, a long time.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, NamedTuple

from launcher.logs.pattern_cost import endless, repeats
from launcher.logs.pattern_items import Item, flat, kind_of

_MOST_WORDS = 8
_FIRST_FOREIGN = 128
"""The first character that is not ASCII."""


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
        items = list(flat(tree))
        words = required(items, ignore)
        literal = len(words) == 1 and len(items) == len(words[0]) and all(kind_of(item) == "LITERAL" for item in items)
        anchored = (
            bool(items) and kind_of(items[0]) == "AT" and str(items[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
        )
        return Facts(words, literal, ignore, max(1, repeats(items) + (not anchored)), endless(items, ignore))
    except (ImportError, AttributeError, TypeError, ValueError, RecursionError):
        return Facts((), False, ignore, 4, False)


# -- what no match can do without


def required(items: list[Item], ignore: bool) -> tuple[str, ...]:
    """Words of which each match holds one: the longest that the sequence demands; () when it demands none."""
    best: tuple[str, ...] = ()
    run = ""
    for item in [*items, ("END", None)]:
        op = kind_of(item)
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
    op, value = kind_of(item), item[1]
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and value[0] >= 1:
        return required(list(flat(value[2])), ignore)
    if op == "ATOMIC_GROUP":
        return required(list(flat(value)), ignore)
    if op == "BRANCH":
        found = [required(list(flat(branch)), ignore) for branch in value[1]]
        words = tuple(dict.fromkeys(word for words in found for word in words))
        return words if all(found) and len(words) <= _MOST_WORDS else ()
    return ()


def _plain(code: int, ignore: bool) -> bool:
    """A character that stands in the bytes of a line as it is written. (Replaced and half characters do not.)"""
    if code < _FIRST_FOREIGN:
        return code != 10
    return not ignore and code != 0xFFFD and not 0xD800 <= code < 0xE000


def _better(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """The longer ones; of equally long ones the fewer."""

    def worth(words: tuple[str, ...]) -> tuple[int, int]:
        return (min(map(len, words)), -len(words)) if words else (0, 0)

    return b if worth(b) > worth(a) else a
