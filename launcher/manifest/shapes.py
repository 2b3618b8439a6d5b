"""What a value may be. Every shape reads a node into a value, and tells the JSON schema the same rule.

``read`` gives None when the value is wrong; then the sink has the reason.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any, Protocol

from launcher.manifest.nodes import Node, Scalar, kind
from launcher.manifest.scalars import scalar_value, seconds, whole
from launcher.manifest.sink import Sink, quote
from launcher.text import clean, clean_line

Json = dict[str, Any]
SCALAR_TYPES = ["string", "number", "boolean"]
"""A text may be written so that YAML takes it for a number: ``version: 0.33``. Its characters count."""


class Shape(Protocol):
    def read(self, node: Node, path: str, sink: Sink) -> Any:
        """The typed value of ``node``; what is wrong with it goes to ``sink`` under the name ``path``."""
        ...

    def schema(self) -> Json:
        """The same shape as a JSON schema."""
        ...


def shown(node: Node) -> str:
    """The value for a message: its text when it has one, else its kind."""
    return quote(node.text) if isinstance(node, Scalar) and node.text else kind(node)


def nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The known word that is most like ``word``, if one is near or is a short form of it."""
    word = word[:60].lower().replace("_", "-")
    plain = {name.lower().replace("_", "-"): name for name in known}
    found = difflib.get_close_matches(word, plain, n=1, cutoff=0.6)
    found = found or [name for name in plain if len(name) > 2 and word.startswith(name)]
    return plain[found[0]] if found else None


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is not empty, of one line unless ``lines``. The characters count, whatever type YAML would see."""

    limit: int = 4096
    lines: bool = False
    empty: bool = False

    def read(self, node: Node, path: str, sink: Sink) -> str | None:
        if not isinstance(node, Scalar):
            sink.error(node, f"{path} must be a text, not {kind(node)}")
            return None
        text = node.text if self.lines else node.text.strip()
        if not text.strip() and not self.empty:
            sink.error(node, f"{path} is empty", "write a text or take the key out")
        elif len(text) > self.limit:
            sink.error(node, f"{path} has {len(text):,} characters", f"at most {self.limit:,} are allowed")
        elif text != (clean(text) if self.lines else clean_line(text)):
            sink.error(node, f"{path} holds control characters or a line break", "take them out")
        else:
            return text
        return None

    def schema(self) -> Json:
        return {"type": SCALAR_TYPES, "maxLength": self.limit} | ({} if self.empty else {"minLength": 1})


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two bounds, both inclusive."""

    low: int
    high: int
    noun: str

    def read(self, node: Node, path: str, sink: Sink) -> int | None:
        number = whole(node.text.strip()) if isinstance(node, Scalar) else None
        if number is None:
            sink.error(node, f"{path} must be {self.noun}, not {shown(node)}", f"a whole number from {self.low}")
            return None
        if not self.low <= number <= self.high:
            sink.error(node, f"{path} must be {self.noun}, not {number}", f"{self.low} to {self.high:,} are possible")
            return None
        return number

    def schema(self) -> Json:
        number = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return {"anyOf": [number, {"type": "string", "pattern": r"^\s*\+?[0-9]+\s*$"}]}


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def read(self, node: Node, path: str, sink: Sink) -> bool | None:
        value = scalar_value(node) if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        sink.error(node, f"{path} must be true or false, not {shown(node)}")
        return None

    def schema(self) -> Json:
        return {"enum": [True, False, "yes", "no", "on", "off", "Yes", "No", "On", "Off", "YES", "NO", "ON", "OFF"]}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    meanings: MappingType[str, str] = field(default_factory=dict)

    def read(self, node: Node, path: str, sink: Sink) -> str | None:
        word = node.text.strip() if isinstance(node, Scalar) else ""
        if word in self.words:
            return word
        near = nearest(word, self.words) if word else None
        fix = f"did you mean {quote(near)}?" if near else ""
        sink.error(node, f"{path} must be {' or '.join(self.words)}, not {shown(node)}", fix)
        return None

    def schema(self) -> Json:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Duration:
    """A time span in seconds (float): ``30s``, ``5m``, ``1h30m``; a bare number counts seconds."""

    def read(self, node: Node, path: str, sink: Sink) -> float | None:
        value = seconds(node.text) if isinstance(node, Scalar) else None
        if value is None:
            what = f"{path} must be a duration, not {shown(node)}"
            sink.error(node, what, "write 30s, 5m, 1h30m or a number of seconds")
        return value

    def schema(self) -> Json:
        pattern = r"^\s*([0-9]+(\.[0-9]+)?|([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+)\s*$"
        return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": pattern}]}


@dataclass(frozen=True, slots=True)
class Custom:
    """A function, and its rule as JSON schema, for what no other shape says."""

    reader: Callable[[Node, str, Sink], Any]
    json: Json = field(default_factory=dict)

    def read(self, node: Node, path: str, sink: Sink) -> Any:
        return self.reader(node, path, sink)

    def schema(self) -> Json:
        return dict(self.json)
