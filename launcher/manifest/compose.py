"""YAML text -> a tree of nodes, within bounds.

The tree is built from PyYAML's events with a stack of our own: PyYAML's composer recurses (a deep file ends the process
in C), expands aliases without limit when values are made, and forgets the place of a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from launcher.manifest import syntax
from launcher.manifest.nodes import Mapping, Node, Place, Scalar, Sequence
from launcher.manifest.sink import Sink, quote
from launcher.manifest.source import Source

MAX_NODES = 20_000
"""Of the tree after every alias is expanded."""
MAX_ALIASES = 1_000

_PREFIX = "tag:yaml.org,2002:"
_TYPED = frozenset(_PREFIX + name for name in ("int", "float", "bool", "null"))
_KNOWN = _TYPED | {_PREFIX + name for name in ("str", "seq", "map")} | {"!"}
# libyaml's parser makes a reading three times quicker than PyYAML's own; not every build of PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Refused(Exception):
    """The text is not read any further; the reason is in the sink."""


class _Built(NamedTuple):
    node: Node
    weight: int
    """Nodes in it, every alias expanded."""
    height: int


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    mapping: bool
    place: Place
    anchor: str | None
    items: list[_Built] = field(default_factory=list)


def compose(source: Source, sink: Sink, origin: str = "") -> Node | None:
    """The tree of the one document, or None: then the sink has the error. ``origin`` names an option, see Place."""
    composer = _Composer(source, sink, origin)
    try:
        for event in yaml.parse(source.yaml, Loader=_LOADER):
            composer.take(event)
    except _Refused:
        return None
    except yaml.YAMLError as error:
        syntax.report(error, source, sink, origin, again=composer.broken)
        return None
    return composer.root if not composer.broken else None


class _Composer:
    def __init__(self, source: Source, sink: Sink, origin: str) -> None:
        self.root: Node | None = None
        self.broken = False
        """A key is no word: the text is a template or needs a YAML that no manifest has."""
        self._source, self._sink, self._origin = source, sink, origin
        self._open: list[_Open] = []
        self._anchors: dict[str, _Built] = {}
        self._documents = self._nodes = self._aliases = 0

    def take(self, event: Any) -> None:
        """One event of the parser."""
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event), event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(self._place(event), "a second document begins here", "a file holds one manifest")

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        if self._origin:
            return Place(origin=self._origin)
        return Place(mark.line + 1, self._source.column(mark.line, mark.column))

    def _refuse(self, place: Place, what: str, fix: str) -> None:
        self._sink.error(place, what, fix)
        raise _Refused

    def _scalar(self, event: Any) -> _Built:
        place = self._place(event)
        tag = self._tag(event, place)
        plain = event.style in (None, "") if tag is None else tag in _TYPED
        end = event.end_mark
        last = None if self._origin else end.line + (1 if end.column else 0)
        return _Built(Scalar(event.value, place, plain, last, event.style == "|"), 1, 0)

    def _tag(self, event: Any, place: Place) -> str | None:
        tag: str | None = event.tag
        if tag is not None and tag not in _KNOWN:
            shown = tag.replace(_PREFIX, "!!")
            self._sink.error(place, f"the tag {quote(shown)} has no meaning in a manifest", "take the tag out")
        return tag

    def _begin(self, event: Any) -> None:
        place = self._place(event)
        self._tag(event, place)
        if len(self._open) >= syntax.MAX_DEPTH:
            self._too_deep(place)
        self._open.append(_Open(isinstance(event, yaml.MappingStartEvent), place, event.anchor))

    def _too_deep(self, place: Place) -> None:
        self._refuse(place, *syntax.TOO_DEEP)

    def _add(self, built: _Built, anchor: str | None) -> None:
        place = built.node.place
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse(place, f"the file has more than {MAX_NODES:,} values", "no manifest is that large")
        if anchor is not None:
            self._anchors[anchor] = built
        if self._open:
            self._open[-1].items.append(built)
        else:
            self.root = built.node

    def _alias(self, event: Any) -> None:
        place, name = self._place(event), event.anchor
        self._aliases += 1
        if any(frame.anchor == name for frame in self._open):
            self._refuse(place, f"the alias {quote('*' + name)} stands inside what it names", "write the value out")
        target = self._anchors.get(name)
        if target is None:
            self._refuse(
                place,
                f"no anchor {quote('&' + name)} stands above this alias",
                "quote the text if it is meant to begin with *",
            )
        elif self._aliases > MAX_ALIASES:
            self._refuse(place, f"the file has more than {MAX_ALIASES:,} aliases", "write the values out")
        else:
            self._add(target, None)

    def _end(self) -> None:
        frame = self._open.pop()
        weight = 1 + sum(item.weight for item in frame.items)
        height = 1 + max((item.height for item in frame.items), default=0)
        if weight > MAX_NODES:
            self._refuse(
                frame.place,
                f"its aliases make this more than {MAX_NODES:,} values",
                "write out what is needed",
            )
        if len(self._open) + height > syntax.MAX_DEPTH:
            self._too_deep(frame.place)
        node: Node
        if frame.mapping:
            node = self._mapping(frame)
        else:
            node = Sequence(tuple(item.node for item in frame.items), frame.place)
        self._add(_Built(node, weight, height), frame.anchor)

    def _mapping(self, frame: _Open) -> Mapping:
        own: dict[str, tuple[Scalar, Node]] = {}
        merged: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(frame.items[::2], frame.items[1::2]):
            if not isinstance(key.node, Scalar):
                self.broken = True
                syntax.report_key(key.node, self._sink)
            elif key.node.plain and key.node.text == "<<":
                self._merge(value.node, merged)
            elif key.node.text in own:
                self._duplicate(own[key.node.text][0], key.node)
            else:
                own[key.node.text] = key.node, value.node
        first = [entry for name, entry in merged.items() if name not in own]
        return Mapping((*first, *own.values()), frame.place)

    def _merge(self, node: Node, merged: dict[str, tuple[Scalar, Node]]) -> None:
        """``<<: *base`` or ``<<: [*a, *b]``: of two bases that have the same key, the first one counts."""
        for base in node.items if isinstance(node, Sequence) else (node,):
            if isinstance(base, Mapping):
                for key, value in base.entries:
                    merged.setdefault(key.text, (key, value))
            else:
                self._sink.error(base, "what '<<' merges must be a mapping", "name an anchor of a mapping: <<: *base")

    def _duplicate(self, first: Scalar, second: Scalar) -> None:
        lines = f", in lines {first.place.line} and {second.place.line}" if second.place.line else ""
        self._sink.error(second, f"the key {quote(second.text)} stands twice{lines}", "keep one of the two")
