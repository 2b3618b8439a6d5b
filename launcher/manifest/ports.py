"""``ports:``: numbers, mappings, ``auto``; and ``port`` of ``vllm.args``, which is a fixed port."""

from __future__ import annotations

from typing import cast

from launcher.manifest.model import Port, PortType
from launcher.manifest.nodes import Mapping, Node, Scalar, Sequence, is_null
from launcher.manifest.records import Either, Fields, Key, ListOf, Record
from launcher.manifest.scalars import whole
from launcher.manifest.shapes import Choice, Custom, Text, shown
from launcher.manifest.sink import Sink, quote

MAX_PORTS = 200
AUTO = 0
"""A port that vdeck chooses; None would mean a mistake to the shapes. No file can say 0."""


def read_number(node: Node, path: str, sink: Sink) -> int | None:
    """1 to 65535, or AUTO for ``auto``."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if text == "auto":
        return AUTO
    number = whole(text)
    if number is None:
        fix = "write the port of this machine alone, without a colon" if ":" in text else ""
        sink.error(node, f"{path} must be a port number or auto, not {shown(node)}", fix)
    elif not 1 <= number <= 65535:
        fix = "write auto, and vdeck chooses a free port" if number == 0 else ""
        sink.error(node, f"{path} must be a port from 1 to 65535 or auto, not {number}", fix)
    else:
        return number
    return None


def _bare(node: Node, path: str, sink: Sink) -> Port | None:
    number = read_number(node, path, sink)
    return None if number is None else Port("", number or None, line=node.place.line)


def _build(fields: Fields, node: Mapping, path: str, sink: Sink) -> Port:
    del path, sink
    kind = cast(PortType, fields.get("type", "http"))
    return Port(fields.get("name", ""), fields.get("port") or None, kind, node.place.line)


_NUMBER = Custom(
    read_number,
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 65535},
            {"const": "auto"},
            {"type": "string", "pattern": r"^\s*[0-9]{1,5}\s*$"},
        ]
    },
)
PORT = Record(
    keys=(
        Key("name", Text(limit=63), "The name of the endpoint in lists. The one called `vllm` is the model server."),
        Key("type", Choice(("http", "tcp", "udp")), "http, tcp or udp; http when not said."),
        Key(
            "port",
            _NUMBER,
            "The number, or `auto`: vdeck chooses a free one and sets $PORT.",
            required=True,
            example="8000",
        ),
    ),
    build=_build,
)
_ITEM = Either("a port number, auto, or a mapping with port", scalar=Custom(_bare, _NUMBER.json), mapping=PORT)


def _read_all(node: Node, path: str, sink: Sink) -> tuple[Port, ...] | None:
    """The ports with names for those that have none; no name and no number stands twice."""
    items = node.items if isinstance(node, Sequence) else (node,)
    if len(items) > MAX_PORTS:
        sink.error(node, f"{path} has {len(items):,} items", f"at most {MAX_PORTS} are allowed")
        return None
    one = not isinstance(node, Sequence)
    read = [_ITEM.read(item, path if one else f"{path}[{index}]", sink) for index, item in enumerate(items)]
    ports = [(port, item) for port, item in zip(read, items) if port is not None]
    return tuple(port for port, _ in _named(ports, path, sink))


def _named(ports: list[tuple[Port, Node]], path: str, sink: Sink) -> list[tuple[Port, Node]]:
    names = {port.name: port.line for port, _ in reversed(ports) if port.name}
    seen_names: set[str] = set()
    seen_numbers: dict[tuple[bool, int], int | None] = {}
    result = []
    for port, node in ports:
        if port.name in seen_names:
            what = f"the port name {quote(port.name)} stands twice in {path}"
            sink.error(_at(node, "name"), what, "rename one of the two")
        transport = (port.type == "udp", port.port or 0)
        if port.port and transport in seen_numbers:
            line = seen_numbers[transport]
            where = f", first in line {line}" if line and line != port.line else ""
            what = f"port {port.port} stands twice in {path}{where}"
            sink.error(_at(node, "port"), what, "only one process can listen on a port")
        seen_numbers.setdefault(transport, port.line)
        name = port.name or _free(f"port-{port.port}" if port.port else "port", names)
        names[name] = port.line
        seen_names.add(name)
        result.append((Port(name, port.port, port.type, port.line), node))
    return result


def _free(name: str, taken: dict[str, int | None]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _at(node: Node, key: str) -> Node:
    entry = node.entry(key) if isinstance(node, Mapping) else None
    return entry[1] if entry is not None and not is_null(entry[1]) else node


PORTS = Either(
    "a list of ports",
    scalar=Custom(_read_all, _NUMBER.json),
    sequence=Custom(_read_all, ListOf(_ITEM).schema()),
    fix="write ports: [{name: vllm, type: http, port: auto}]",
)


def serving_index(ports: tuple[Port, ...]) -> int | None:
    """Which port is the model server's: the one called ``vllm``, else the first of type http."""
    http = [index for index, port in enumerate(ports) if port.type == "http"]
    return next((index for index in http if ports[index].name == "vllm"), http[0] if http else None)
