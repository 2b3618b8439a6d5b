"""From a place in the text of a YAML scalar to the place in the file, whatever way the scalar is written. Pure."""

from __future__ import annotations

import re
from typing import Any

from launcher.manifest.marks import Marks
from launcher.manifest.yaml_edit import CannotEdit, Edit

_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r?\n[ \t]*|.)", re.DOTALL)
_HEADER = re.compile(r"[|>][^\r\n]*")
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "_": "\xa0", "N": "\x85"}


def lift(marks: Marks, node: Any, edits: list[Edit]) -> list[Edit]:
    """Edits of the scalar's text as edits of the file. Raises CannotEdit."""
    places = _places(marks, node)
    margin = marks.newline() + _indent(marks, node, places) if node.style == "|" else ""
    return [_lift(node, places, edit, margin) for edit in edits]


def _indent(marks: Marks, node: Any, places: dict[int, tuple[int, int]]) -> str:
    """The blanks that a literal block has in front of each of its lines."""
    first = min(places)
    own = first - node.value.rfind("\n", 0, first) - 1
    begin = places[first][0]
    before = marks.text[marks.line_start(begin) : begin]
    return before[: len(before) - own]


def _lift(node: Any, places: dict[int, tuple[int, int]], edit: Edit, margin: str) -> Edit:
    """Both ends of an edit stand at a character that is no blank: in front of the first, behind the last."""
    text = edit.text.replace("\n", margin) if margin else edit.text
    if edit.start < edit.end and edit.start in places:
        start = places[edit.start][0]
    elif edit.start - 1 in places:
        start = sum(places[edit.start - 1])
    else:
        raise CannotEdit("the command is written in a form that is not edited")
    if edit.end - 1 not in places:
        raise CannotEdit("the command is written in a form that is not edited")
    end = max(start, sum(places[edit.end - 1]))
    return Edit(start, end, _written(node.style, text))


def _written(style: str | None, text: str) -> str:
    """The text as it stands in this kind of scalar."""
    if style != "|":
        text = re.sub(r"\s*\\?\n\s*", " ", text)
    if style == "'":
        return text.replace("'", "''")
    if style == '"':
        return text.replace("\\", "\\\\").replace('"', '\\"')
    return text


def _places(marks: Marks, node: Any) -> dict[int, tuple[int, int]]:
    """Index in the scalar's text of every character that is no blank -> (index in the file, length there)."""
    written = _written_characters(marks, node)
    places: dict[int, tuple[int, int]] = {}
    for index, char in enumerate(node.value):
        if char.isspace():
            continue
        there = next(written, None)
        if there is None or there[0] != char:
            raise CannotEdit("the command is written in a form that is not edited")
        places[index] = there[1], there[2]
    return places


def _written_characters(marks: Marks, node: Any) -> Any:
    """(character, index, length) of every character of the scalar in the file that is no blank."""
    text, at, stop = marks.text, marks.start(node), marks.index(node.end_mark.line, node.end_mark.column)
    if node.style in ("|", ">"):
        head = _HEADER.match(text, at)
        at = head.end() if head else at
    elif node.style in ("'", '"'):
        at, stop = at + 1, stop - 1
    while at < stop:
        char, length = text[at], 1
        if node.style == "'" and text.startswith("''", at):
            length = 2
        elif node.style == '"' and char == "\\":
            found = _ESCAPE.match(text, at)
            if found is None:
                return
            length, char = len(found[0]), _unescaped(found[0][1:])
        if not char.isspace():
            yield char, at, length
        at += length


def _unescaped(escape: str) -> str:
    if escape[0] in "xuU" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    return " " if escape[0] in "\r\n" else _NAMED.get(escape, escape)
