"""Where the nodes of a manifest stand in its text: the tree of PyYAML with the places as indices of the text. Pure."""

from __future__ import annotations

import re
from typing import Any

import yaml

from launcher.manifest.source import Source

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")


class Marks:
    """A text that a reader has found to be sound. ``root`` is PyYAML's node of the whole."""

    def __init__(self, source: Source) -> None:
        self.text = source.text
        self.root: Any = yaml.compose(source.yaml, Loader=_LOADER)
        self._source = source
        self._starts = [0, *(found.end() for found in _BREAK.finditer(source.text))]

    def index(self, line: int, column: int) -> int:
        """Index in the text of a line and column (both from 0) of the YAML parser."""
        if line >= len(self._starts):
            return len(self.text)
        return min(len(self.text), self._starts[line] + self._source.column(line, column) - 1)

    def start(self, node: Any) -> int:
        """Where the value begins, behind its anchor and tag."""
        at = self.index(node.start_mark.line, node.start_mark.column)
        found = _PROPERTIES.match(self.text, at)
        return found.end() if found else at

    def end(self, node: Any) -> int:
        """Behind its last character. Of a block (a literal text, an indented list) behind its last line's text."""
        at = self.index(node.end_mark.line, node.end_mark.column)
        if is_block(node):
            inner = last_leaf(node)
            if inner is not node:
                return self.end(inner)
            at = len(self.text[:at].rstrip())
            return max(at, self.start(node))
        return at

    def line_start(self, index: int) -> int:
        """The beginning of the line that ``index`` is in."""
        return max(start for start in self._starts if start <= index)

    def line_end(self, index: int) -> int:
        """The end of that line, its break not counted."""
        found = _BREAK.search(self.text, index)
        return found.start() if found else len(self.text)

    def break_at(self, index: int) -> str:
        """The line break that stands there; empty at the end of the text."""
        found = _BREAK.match(self.text, index)
        return found[0] if found else ""

    def newline(self) -> str:
        """The line break of this text."""
        found = _BREAK.search(self.text)
        return found[0] if found else "\n"


def is_block(node: Any) -> bool:
    """A text with ``|`` or ``>``, a list or mapping by indentation."""
    if isinstance(node, yaml.ScalarNode):
        return node.style in ("|", ">")
    return not node.flow_style


def last_leaf(node: Any) -> Any:
    """The last value inside a block collection."""
    while not isinstance(node, yaml.ScalarNode) and not node.flow_style and node.value:
        last = node.value[-1]
        inner = last[1] if isinstance(last, tuple) else last
        if inner.start_mark.line < node.start_mark.line:  # an alias: what it names stands above
            return last[0] if isinstance(last, tuple) else node
        node = inner
    return node


def entry(node: Any, name: str) -> tuple[Any, Any] | None:
    """Key and value called ``name`` that the mapping itself has (not what it merges)."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next(((key, value) for key, value in node.value if getattr(key, "value", None) == name), None)
