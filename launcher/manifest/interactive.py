"""``interactive:`` with its oddities: ``jupyter:`` without a value, ``idle_timeout`` beside it, the old names."""

from __future__ import annotations

from launcher.manifest.model import Interactive, Port
from launcher.manifest.nodes import Mapping, Node, Scalar, is_null
from launcher.manifest.ports import PORTS
from launcher.manifest.records import Fields, Key, Record
from launcher.manifest.shapes import Custom, Duration
from launcher.manifest.sink import Sink

_JUPYTER = Record(
    keys=(Key("idle_timeout", Duration(), "VESSL ends an interactive run that is idle for so long."),),
    build=lambda fields, node, path, sink: fields,
)


def _build(fields: Fields, node: Mapping, path: str, sink: Sink) -> tuple[Interactive, tuple[Port, ...]]:
    del node, path, sink
    jupyter: Fields = fields.get("jupyter", {})
    runtime = fields.get("max_runtime", fields.get("runtime"))
    idle = jupyter.get("idle_timeout", fields.get("idle_timeout"))
    return Interactive(runtime, idle), fields.get("ports", ())


_RECORD = Record(
    keys=(
        Key("max_runtime", Duration(), "The run is stopped after this time: 24h."),
        Key("jupyter", _JUPYTER, "VESSL's Jupyter. vdeck starts none."),
        Key("idle_timeout", Duration(), "Belongs under jupyter.", legacy=True),
        Key("runtime", Duration(), "Old VESSL: max_runtime.", legacy=True),
        Key("ports", PORTS, "Old VESSL: ports.", legacy=True),
    ),
    build=_build,
    doc="Its presence makes the run interactive.",
)


def _read(node: Node, path: str, sink: Sink) -> tuple[Interactive, tuple[Port, ...]] | None:
    """``interactive:`` without a value is interactive as well: the presence of the key decides."""
    if isinstance(node, Scalar) and is_null(node):
        return Interactive(), ()
    found: tuple[Interactive, tuple[Port, ...]] | None = _RECORD.read(node, path, sink)
    return found


INTERACTIVE = Custom(_read, _RECORD.schema())
