"""Texts that are no YAML, or a YAML that no manifest is: what to say of them."""

from __future__ import annotations

from typing import Any

import yaml

from launcher.manifest.nodes import Mapping, Node, Place, Scalar
from launcher.manifest.sink import Sink, quote
from launcher.manifest.source import Source

_TEMPLATE_FIX = "put values in the place of all {{ ... }}, or quote the text if the braces are meant"

# A part of libyaml's or PyYAML's words -> what to do.
_FIXES = (
    ("mapping values are not allowed", "quote the text if it contains a colon and a space, else check the indentation"),
    ("could not find expected ':'", "a key needs a colon and a space behind it; look at the line above as well"),
    ("expected key", "check the indentation of this line, and the quotes and brackets above it"),
    ("expected <block end>", "check the indentation of this line, and the quotes and brackets above it"),
    ("expected '-' indicator", "every item of this list begins with a dash in the same column"),
    ("expected ',' or", "close the bracket, and put commas between the items"),
    ("cannot start any token", "quote the text: without quotes it cannot begin with this character"),
    ("unexpected end of stream", "close the quotes"),
    ("unknown escape character", "write two backslashes, or use single quotes"),
    ("sequence entries are not allowed", "begin the list on a line of its own"),
    ("document start", "a file holds one manifest"),
    ("expected node content", "close the brackets, or quote the text"),
    ("directive", "quote the text: without quotes a line cannot begin with %"),
)

MAX_DEPTH = 40
TOO_DEEP = (f"lists and mappings are nested more than {MAX_DEPTH} deep", "no manifest needs that")


def report(error: yaml.YAMLError, source: Source, sink: Sink, origin: str, *, again: bool = False) -> None:
    """Put the parser's error into the sink, where the parser names it. ``again``: a placeholder was told before."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed")
    place = _place(getattr(error, "problem_mark", None) or getattr(error, "context_mark", None), source, origin)
    line = source.lines[place.line - 1] if place.line and place.line <= len(source.lines) else ""
    if "{{" in line or "{%" in line:
        if again:
            return
        sink.error(place, "a template placeholder stands here: this is a template, not a manifest", _TEMPLATE_FIX)
        return
    if "maximum nesting depth" in problem:  # of libyaml, from 0.2.6 on: it stops before our own limit can be seen
        sink.error(place, *TOO_DEEP)
        return
    context = str(getattr(error, "context", None) or "")
    begun = _place(getattr(error, "context_mark", None), source, origin)
    if context and begun.line and begun.line != place.line:
        context = f" {context} that begins in line {begun.line}"
    else:
        context = f" {context}" if context else ""
    fix = next((fix for part, fix in _FIXES if part in problem), "")
    sink.error(place, f"this is not YAML: {problem}{context}", fix)


def report_key(key: Node, sink: Sink) -> None:
    """A key that is a mapping or a list; the commonest by far is ``{{ name }}``, a mapping in a mapping to YAML."""
    if isinstance(key, Mapping) and len(key.entries) == 1:
        name = key.entries[0][0].text
        what = f"a template placeholder {quote('{{ ' + name + ' }}')} stands here: this is a template, not a manifest"
        sink.error(key, what, _TEMPLATE_FIX)
        return
    sink.error(key, "a key must be a word, not a list or a mapping", "quote the text if the brackets are meant")


def check_template(node: Scalar, path: str, sink: Sink) -> bool:
    """True, and an error, when a text such as a name still has its ``{{ placeholder }}``."""
    if "{{" not in node.text and "{%" not in node.text:
        return False
    sink.error(node, f"{path} holds a template placeholder: this is a template, not a manifest", _TEMPLATE_FIX)
    return True


def _place(mark: Any, source: Source, origin: str) -> Place:
    if origin or mark is None:
        return Place(origin=origin)
    return Place(mark.line + 1, source.column(mark.line, mark.column))
