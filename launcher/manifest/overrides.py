"""``--name``, ``--env``, ``--set``, ``--cluster``: changes of the tree before it is read, so the same rules count."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from launcher.manifest import source
from launcher.manifest.compose import compose
from launcher.manifest.nodes import Mapping, Node, Place, Scalar, Sequence, is_null, kind
from launcher.manifest.sink import Sink, quote
from launcher.text import clean_line, shorten

_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^.\[\]"\\]|\\.)+)|\[([0-9]{1,6})\]')
_MAX_PARTS = 16


@dataclass(frozen=True, slots=True)
class Overrides:
    name: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    """Pairs of name and value. A variable that the manifest does not have is added."""
    sets: tuple[tuple[str, str], ...] = ()
    """Pairs of dotted path and value: ("vllm.args.max-model-len", "8192"), ("ports.0.port", "9000")."""
    cluster: str | None = None


class _Bad(Exception):
    """The path leads nowhere. (what, fix)"""


def apply(root: Node, overrides: Overrides, sink: Sink) -> Node:
    """The tree with the overrides in it; a bad one is an error that names its option."""
    if overrides.name is not None:
        root = _put(root, ("name",), _text(overrides.name, "--name"), "--name", sink)
    if overrides.cluster is not None:
        root = _put(root, ("resources", "cluster"), _text(overrides.cluster, "--cluster"), "--cluster", sink)
    for name, value in overrides.env:
        option = f"--env {shorten(clean_line(name), 60)}"
        root = _put(root, ("env", name), _text(value, option), option, sink)
    for path, written in overrides.sets:
        option = f"--set {shorten(clean_line(path), 120)}"
        parts, node = _split(path, option, sink), _value(written, option, sink)
        if parts is not None and node is not None:
            root = _put(root, parts, node, option, sink)
    return root


def _text(value: str, option: str) -> Scalar:
    return Scalar(value, Place(origin=option), plain=False)


def _value(written: str, option: str, sink: Sink) -> Node | None:
    """A scalar, or YAML's flow form: ``[0, 1]``, ``{a: b}``, ``"quoted"``. Anything else is a text as it stands."""
    if not written.lstrip().startswith(("[", "{", '"', "'")):
        return Scalar(written, Place(origin=option), plain="\n" not in written)
    decoded = source.decode(written, option)
    if not isinstance(decoded, source.Source):
        sink.error(Place(origin=option), decoded.what, decoded.fix)
        return None
    return compose(decoded, sink, option)


def _split(path: str, option: str, sink: Sink) -> tuple[str, ...] | None:
    """``resources.requests."nvidia.com/gpu".quantity`` and ``ports[0].port`` in parts; a backslash keeps a dot."""
    parts: list[str] = []
    position = 0
    while position <= len(path):
        found = _PART.match(path, position)
        if found is None or len(parts) >= _MAX_PARTS:
            fix = 'write keys and indices with dots between them: ports.0.port, env."A.B"'
            sink.error(Place(origin=option), "this is no path of a manifest", fix)
            return None
        quoted, plain, index = found.groups()
        parts.append(index if index is not None else re.sub(r"\\(.)", r"\1", quoted if quoted is not None else plain))
        position = found.end()
        if position == len(path):
            return tuple(parts)
        if path[position] == ".":
            position += 1
    return None


def _put(root: Node, parts: tuple[str, ...], value: Node, option: str, sink: Sink) -> Node:
    try:
        return _placed(root, parts, value, Place(origin=option), ())
    except _Bad as bad:
        sink.error(Place(origin=option), *bad.args)
        return root


def _placed(node: Node | None, parts: tuple[str, ...], value: Node, place: Place, above: tuple[str, ...]) -> Node:
    """``node`` with ``value`` at ``parts``. Missing mappings on the way are made; the old tree stays as it was."""
    if not parts:
        return value
    part, rest = parts[0], parts[1:]
    where = quote(".".join(above)) if above else "the manifest"
    if node is None or is_null(node):
        node = Mapping((), place)
    if isinstance(node, Mapping):
        old = node.entry(part)
        below = _placed(old[1] if old else None, rest, value, place, (*above, part))
        return node.with_entry(Scalar(part, place), below)
    if not isinstance(node, Sequence):
        raise _Bad(f"{where} is {kind(node)} and has no {quote(part)} in it", "set the whole of it instead")
    index = int(part) if part.isdecimal() and len(part) < 7 else -1
    if not 0 <= index <= len(node.items):
        count = len(node.items)
        fix = f"indices are 0 to {count}, the last one appends"
        raise _Bad(f"{where} is a list of {count}: {quote(part)} is no index of it", fix)
    old_item = node.items[index] if index < len(node.items) else None
    item = _placed(old_item, rest, value, place, (*above, part))
    return replace(node, items=(*node.items[:index], item, *node.items[index + 1 :]))
