"""Shapes of lists and mappings. ``Record`` holds the table of keys that the reader, the hints and the schema share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from launcher.manifest.nodes import Mapping, Node, Scalar, Sequence, is_null, kind
from launcher.manifest.shapes import Json, Shape, nearest
from launcher.manifest.sink import Sink, quote

Fields = dict[str, Any]
"""The values of a record by key: only what was written and is right."""


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a table of keys."""

    name: str
    shape: Shape
    doc: str
    required: bool = False
    legacy: bool = False
    """Read because real files have it; the schema marks it as deprecated."""
    example: str = ""
    """How to write it, for a key that must be there."""
    null: bool = False
    """Written without a value it means something of its own; for all other keys it counts as absent."""


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys."""

    keys: tuple[Key, ...]
    build: Callable[[Fields, Mapping, str, Sink], Any]
    doc: str = ""
    open: bool = False
    """Other keys are allowed as well and left alone."""
    root: bool = False
    """The top of a manifest: ``x-...`` is left alone (for anchors), and a key from further down is told where to go."""
    hint: str = ""
    """What to do about an unknown key that resembles none of the table."""

    def read(self, node: Node, path: str, sink: Sink) -> Any:
        if not isinstance(node, Mapping):
            sink.error(node, f"{path} must be a mapping, not {kind(node)}", f"its keys are {self._names()}")
            return None
        fields, failed = self.fields(node, path, sink)
        return None if failed else self.build(fields, node, path, sink)

    def fields(self, node: Mapping, path: str, sink: Sink) -> tuple[Fields, bool]:
        """The values that are right, and whether anything was wrong."""
        values: Fields = {}
        failed = False
        meant: set[str] = set()
        for name, value in node.entries:
            key = self.key(name.text)
            if key is None:
                if not self.open and not (self.root and name.text.startswith("x-")):
                    failed = True
                    meant.add(self.unknown(name, path, sink))
            elif key.null or not is_null(value):
                values[key.name] = key.shape.read(value, join(path, key.name), sink)
        for key in self.keys:
            if key.required and key.name not in values and key.name not in meant:
                failed = True
                sink.error(
                    node if path else None, f"{join(path, key.name)} is missing", f"write {key.name}: {key.example}"
                )
        right = {name: value for name, value in values.items() if value is not None}
        return right, failed or len(right) < len(values)

    def key(self, name: str) -> Key | None:
        """The row of the table with this name."""
        return next((key for key in self.keys if key.name == name), None)

    def unknown(self, name: Scalar, path: str, sink: Sink) -> str:
        """The error for a key that is not in the table; tells which key was meant, or an empty text."""
        where = f" in {path}" if path else ""
        near = None if sink.full else nearest(name.text, tuple(key.name for key in self.keys if not key.legacy))
        fix = f"did you mean {quote(near)}?" if near else self.hint or f"known are {self._names()}"
        elsewhere = [path for below, path in self.paths() if below == name.text] if self.root and not sink.full else []
        if elsewhere:
            fix = f"it belongs in {elsewhere[0]}"
        sink.error(name, f"unknown key {quote(name.text)}{where}", fix)
        return near or ""

    def _names(self) -> str:
        return ", ".join(key.name for key in self.keys if not key.legacy)

    def schema(self) -> Json:
        properties = {}
        for key in self.keys:
            rule = key.shape.schema() if key.required else nullable(key.shape.schema())
            properties[key.name] = rule | {"description": key.doc} | ({"deprecated": True} if key.legacy else {})
        json: Json = {"type": "object", "properties": properties}
        required = [key.name for key in self.keys if key.required]
        json |= {"required": required} if required else {}
        json |= {} if self.open else {"additionalProperties": False}
        json |= {"patternProperties": {"^x-": {}}} if self.root else {}
        return json | ({"description": self.doc} if self.doc else {})

    def paths(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Every key further down as (name, dotted path): to tell where a key belongs that stands in the wrong place."""
        for key in self.keys:
            inner: Shape | None = key.shape
            while isinstance(inner, (Either, ListOf)):
                inner = inner.item if isinstance(inner, ListOf) else inner.mapping or inner.sequence
            if isinstance(inner, Record) and not key.legacy:
                here = join(prefix, key.name)
                yield from ((below.name, join(here, below.name)) for below in inner.keys if not below.legacy)
                yield from inner.paths(here)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape. Items that are wrong are left out; the sink has them."""

    item: Shape

    def read(self, node: Node, path: str, sink: Sink) -> tuple[Any, ...] | None:
        if not isinstance(node, Sequence):
            sink.error(node, f"{path} must be a list, not {kind(node)}", "begin every item with a dash: - item")
            return None
        values = [self.item.read(item, f"{path}[{index}]", sink) for index, item in enumerate(node.items)]
        return tuple(value for value in values if value is not None)

    def schema(self) -> Json:
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with keys of the user's own; ``entry`` gets key and value."""

    entry: Callable[[Scalar, Node, str, Sink], Any]
    value: Json
    fix: str

    def read(self, node: Node, path: str, sink: Sink) -> tuple[Any, ...] | None:
        if not isinstance(node, Mapping):
            sink.error(node, f"{path} must be a mapping, not {kind(node)}", self.fix)
            return None
        values = [self.entry(key, value, path, sink) for key, value in node.entries]
        return tuple(value for value in values if value is not None)

    def schema(self) -> Json:
        return {"type": "object", "additionalProperties": self.value}


@dataclass(frozen=True, slots=True)
class Either:
    """A different shape for each kind of node."""

    expected: str
    scalar: Shape | None = None
    sequence: Shape | None = None
    mapping: Shape | None = None
    fix: str = ""

    def read(self, node: Node, path: str, sink: Sink) -> Any:
        if isinstance(node, Scalar):
            shape = self.scalar
        else:
            shape = self.sequence if isinstance(node, Sequence) else self.mapping
        if shape is None or (is_null(node) and shape is self.scalar):
            sink.error(node, f"{path} must be {self.expected}, not {kind(node)}", self.fix)
            return None
        return shape.read(node, path, sink)

    def schema(self) -> Json:
        return {"anyOf": [shape.schema() for shape in (self.scalar, self.sequence, self.mapping) if shape is not None]}


def join(path: str, name: str) -> str:
    """The dotted path of a key: ``ports[0].port``."""
    return f"{path}.{name}" if path else name


def nullable(json: Json) -> Json:
    """The rule, or null: a key without a value counts as absent."""
    if isinstance(json.get("type"), str):
        return json | {"type": [json["type"], "null"]}
    if isinstance(json.get("type"), list):
        return json | {"type": [*json["type"], "null"]}
    for word in ("anyOf", "enum"):
        if word in json:
            return json | {word: [*json[word], {"type": "null"} if word == "anyOf" else None]}
    return json
