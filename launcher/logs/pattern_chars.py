"""Which characters a part of a regular expression can begin with, and which it can have at all. Pure."""

from __future__ import annotations

from launcher.logs.pattern_items import Item, children, kind_of

_OTHER, _OTHER_SPACE, _OTHER_WORD = 128, 129, 130
"""Stand for the characters that are not ASCII: blanks, letters and digits, all others."""
_FOREIGN = frozenset({_OTHER, _OTHER_SPACE, _OTHER_WORD})
_ALL = frozenset(range(_OTHER)) | _FOREIGN
_DIGITS = frozenset(b"0123456789") | {_OTHER_WORD}
_SPACES = frozenset(b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f ") | {_OTHER_SPACE}
_WORDS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") | {_OTHER_WORD}
_FOLDED = frozenset(b"iksIKS")
"""Letters that, ignoring case, stand for ones that are not ASCII as well."""
_CATEGORIES = {"DIGIT": _DIGITS, "SPACE": _SPACES, "WORD": _WORDS}


def first(items: list[Item], ignore: bool) -> tuple[frozenset[int], bool]:
    """The characters that a match can begin with, and whether it can be empty."""
    found: frozenset[int] = frozenset()
    for item in items:
        op, value = kind_of(item), item[1]
        if op in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        if op in ("GROUPREF", "GROUPREF_EXISTS"):
            return _ALL, True
        inner = children(item)
        if not inner:
            return found | _set(item, ignore), False
        empty = op.endswith("_REPEAT") and value[0] == 0
        for child in inner:
            begin, blank = first(child, ignore)
            found |= begin
            empty = empty or blank
        if not empty:
            return found, False
    return found, True


def chars(items: list[Item], ignore: bool) -> frozenset[int]:
    """All characters that a match can have."""
    found: frozenset[int] = frozenset()
    for item in items:
        if kind_of(item) in ("GROUPREF", "GROUPREF_EXISTS"):
            return _ALL
        if kind_of(item) in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        inner = children(item)
        found |= frozenset().union(*(chars(child, ignore) for child in inner)) if inner else _set(item, ignore)
    return found


def _set(item: Item, ignore: bool) -> frozenset[int]:
    op, value = kind_of(item), item[1]
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
        found |= letters | ({_OTHER_WORD} if letters & _FOLDED else set())
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
