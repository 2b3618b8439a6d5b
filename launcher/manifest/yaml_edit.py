"""Edits of a YAML text that touch one entry of one mapping and leave every other byte as it was. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import yaml

from launcher.manifest.marks import Marks, is_block
from launcher.manifest.nodes import Place, Scalar
from launcher.manifest.scalars import scalar_value

Value = str | int | float | bool
_PLAIN = re.compile(r"[A-Za-z0-9_./~$-][\w./+@~$:%-]*(?: [\w./+@~$%-]+)*")
_HEADER = re.compile(r"[|>][0-9+-]*")


class Edit(NamedTuple):
    """``text`` in the place of what stands from ``start`` to ``end``."""

    start: int
    end: int
    text: str


class CannotEdit(Exception):
    """The text has a form that is not edited; the message says which."""


def apply(text: str, edits: list[Edit]) -> str:
    """The text with the edits in it; they do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def scalar(value: Value, quotes: str = "") -> str:
    """The value as YAML: in the ``quotes`` that stood there, plain where that means the same, else in double quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return f"{quotes}{value!r}{quotes}"
    if quotes == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    plain = _PLAIN.fullmatch(value) and not value.endswith(":") and not quotes
    read = scalar_value(Scalar(value, Place())) if plain else None
    return (
        value if plain and not isinstance(read, bool) and str(read) == value else json.dumps(value, ensure_ascii=False)
    )


def put(marks: Marks, mapping: Any, name: str, value: Value | str) -> Edit:
    """A new last entry of ``mapping``. ``value`` is YAML already."""
    if not is_block(mapping):
        return _put_flow(marks, mapping, f"{name}: {value}")
    if not mapping.value:
        raise CannotEdit("the mapping has no entry yet")
    first = mapping.value[0][0]
    begin = marks.start(first)
    indent = marks.text[marks.line_start(begin) : begin]
    if indent.strip():
        indent = " " * first.start_mark.column
    at = marks.line_end(max(_entry_end(marks, *pair) for pair in mapping.value))
    return Edit(at, at, f"{marks.newline()}{indent}{name}: {value}")


def _put_flow(marks: Marks, mapping: Any, entry: str) -> Edit:
    if mapping.value:
        at = max(_entry_end(marks, *pair) for pair in mapping.value)
        return Edit(at, at, f", {entry}")
    at = marks.start(mapping) + 1
    return Edit(at, at, entry)


def put_mapping(marks: Marks, mapping: Any, name: str, key: str, value: str) -> Edit:
    """A new last entry of ``mapping`` that is a mapping with one entry."""
    if not is_block(mapping):
        return _put_flow(marks, mapping, f"{name}: {{{key}: {value}}}")
    edit = put(marks, mapping, name, "")
    before, _, _ = edit.text.rpartition(f"{name}: ")
    indent = before.removeprefix(marks.newline())
    return edit._replace(text=f"{before}{name}:{before}{_step(mapping, indent)}{key}: {value}")


def _step(mapping: Any, indent: str) -> str:
    """By how much this text indents a mapping in a mapping."""
    for key, value in mapping.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style and value.value:
            column: int = value.value[0][0].start_mark.column - key.start_mark.column
            if column > 0:
                return " " * column
    return "\t" if indent.endswith("\t") else "  "


def change(marks: Marks, key: Any, value: Any, new: Value) -> list[Edit]:
    """Another value for an entry that is there."""
    if _is_alias(key, value):
        found = re.compile(r"\s*:\s*(\*[^\s,\]}]+)").match(marks.text, marks.end(key))
        if found is None:
            raise CannotEdit("its value is an alias")
        return [Edit(found.start(1), found.end(1), scalar(new))]
    start, end = marks.start(value), marks.end(value)
    if not is_block(value):
        quotes = (
            marks.text[start : start + 1] if isinstance(value, yaml.ScalarNode) and value.style in ("'", '"') else ""
        )
        blank = "" if end > start or marks.text[start - 1 : start].isspace() else " "
        return [Edit(start, end, blank + scalar(new, quotes))]
    first = marks.line_end(marks.end(key))
    if isinstance(value, yaml.ScalarNode):
        head = _HEADER.match(marks.text, start)
        if head is None:
            raise CannotEdit("its value is a block of text in a form that is not edited")
        return [Edit(head.start(), head.end(), scalar(new)), Edit(first, marks.line_end(end), "")]
    colon = marks.text.find(":", marks.end(key)) + 1
    return [Edit(colon, colon, f" {scalar(new)}"), Edit(first, marks.line_end(end), "")]


def drop(marks: Marks, mapping: Any, key: Any, value: Any) -> Edit:
    """Take an entry out, with its lines in a block."""
    start, end = marks.start(key), _entry_end(marks, key, value)
    if is_block(mapping):
        begin, stop = marks.line_start(start), marks.line_end(end)
        if marks.text[begin:start].strip():
            raise CannotEdit("it shares its line with something else")
        after = marks.break_at(stop)
        if after:
            return Edit(begin, stop + len(after), "")
        return Edit(len(marks.text[:begin].rstrip("\r\n")), stop, "")  # the last line of a text without a break
    index = next(i for i, (other, _) in enumerate(mapping.value) if other is key)
    if index + 1 < len(mapping.value):
        return Edit(start, marks.start(mapping.value[index + 1][0]), "")
    if index:
        return Edit(_entry_end(marks, *mapping.value[index - 1]), end, "")
    comma = re.compile(r"\s*,").match(marks.text, end)
    return Edit(start, comma.end() if comma else end, "")


def _is_alias(key: Any, value: Any) -> bool:
    return bool(value.start_mark.index < key.start_mark.index)


def _entry_end(marks: Marks, key: Any, value: Any) -> int:
    if not _is_alias(key, value):
        return max(marks.end(value), marks.end(key))
    found = re.compile(r"\s*:\s*\*[^\s,\]}]+").match(marks.text, marks.end(key))
    return found.end() if found else marks.line_end(marks.end(key))
