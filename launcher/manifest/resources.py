"""``resources:``: VESSL's cluster, preset and requests, and vdeck's ``gpus``."""

from __future__ import annotations

from launcher.manifest.model import Resources
from launcher.manifest.nodes import Mapping, Node, Scalar, Sequence, value_of
from launcher.manifest.records import Either, Fields, Key, ListOf, Record
from launcher.manifest.scalars import is_amount
from launcher.manifest.shapes import Custom, Text, Whole, shown
from launcher.manifest.sink import Sink

MAX_GPUS = 4096

_COUNT = Whole(0, MAX_GPUS, "a number of GPUs")
_INDEX = Whole(0, MAX_GPUS, "the index of a GPU")


def _count(node: Node, path: str, sink: Sink) -> int | None:
    if isinstance(node, Scalar) and node.text.strip().lower() in ("all", "auto", "any"):
        fix = "take the line out, and vdeck decides by what the machine has"
        sink.error(node, f"{path} must be a number of GPUs or a list of indices, not {shown(node)}", fix)
        return None
    return _COUNT.read(node, path, sink)


def _pinned(node: Node, path: str, sink: Sink) -> tuple[int, ...] | None:
    indices: tuple[int, ...] | None = ListOf(_INDEX).read(node, path, sink)
    if indices is None or not isinstance(node, Sequence):
        return None
    if not node.items:
        sink.error(node, f"{path} is an empty list", "write 0 to run without a GPU")
        return None
    for position, index in enumerate(indices):
        if index in indices[:position] and len(indices) == len(node.items):
            sink.error(node.items[position], f"GPU {index} stands twice in {path}", "name every GPU once")
    return indices


def _amount(node: Node, path: str, sink: Sink) -> str | None:
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if is_amount(text):
        return text
    sink.error(node, f"{path} must be an amount of memory, not {shown(node)}", "write 16Gi, 512Mi or a number of bytes")
    return None


def _cores(node: Node, path: str, sink: Sink) -> str | None:
    text = node.text.strip() if isinstance(node, Scalar) else ""
    number = text.removesuffix("m")
    if number.replace(".", "", 1).isdecimal() and number.isascii() and len(number) < 12:
        return text
    sink.error(node, f"{path} must be a number of CPU cores, not {shown(node)}", 'write 4, 0.5 or "500m"')
    return None


_CPU = Key("cpu", Custom(_cores, {"type": ["number", "string"]}), 'CPU cores: 4, 0.5 or "500m".')
_MEMORY = Key("memory", Custom(_amount, {"type": ["number", "string"]}), "Memory: 16Gi, 512Mi.")


def _fields(fields: Fields, node: Mapping, path: str, sink: Sink) -> Fields:
    del node, path, sink
    return fields


_DEVICE = Key("device_type", Text(), "The model of the GPU, such as V100.")
_QUANTITY = Key("quantity", _COUNT, "How many.")
_GPU = Record((_DEVICE, _QUANTITY), _fields)
_MIG = Record((_DEVICE, _QUANTITY, Key("mig_resource_type", Text(), "The MIG profile.")), _fields)
_REQUESTS = Record(
    (
        _CPU,
        _MEMORY,
        Key("nvidia.com/gpu", Either("a number or a mapping", scalar=_COUNT, mapping=_GPU), "GPUs: type and quantity."),
        Key("nvidia.com/mig", _MIG, "A slice of a GPU."),
    ),
    _fields,
)
_OTHER = ("node_names", "node_id", "cluster_id", "preset_id", "requests", "spot", "accelerators")


def _build(fields: Fields, node: Mapping, path: str, sink: Sink) -> Resources:
    requests: Fields = fields.get("requests", {})
    requested = requests.get("nvidia.com/gpu")
    if isinstance(requested, dict):
        requested = requested.get("quantity")
    gpus = fields.get("gpus")
    given = len(gpus) if isinstance(gpus, tuple) else gpus
    at = value_of(node, "requests", "nvidia.com/gpu")
    if given is not None and requested is not None and given != requested:
        what = f"{path}.requests asks for {requested} GPUs and {path}.gpus for {given}: gpus counts"
        sink.warning(at, what, "keep one of the two")
    return Resources(
        cluster=fields.get("cluster"),
        preset=fields.get("preset", fields.get("name")),
        gpus=gpus if gpus is not None else requested,
        cpu=fields.get("cpu", requests.get("cpu")),
        memory=fields.get("memory", requests.get("memory")),
        other={name: fields[name] for name in _OTHER if name in fields},
    )


_SPOT = Text()

RESOURCES = Record(
    keys=(
        Key(
            "gpus",
            Either(
                "a number or a list of indices",
                scalar=Custom(_count, _COUNT.schema()),
                sequence=Custom(
                    _pinned,
                    {
                        "type": "array",
                        "items": _INDEX.schema(),
                        "minItems": 1,
                        "uniqueItems": True,
                    },
                ),
            ),
            "How many GPUs, or their indices to pin them: 1, [0, 1]. 0 runs on the CPU.",
        ),
        Key("cluster", Text(limit=253), "Where the run runs: `local`, or the name of a configured cluster."),
        Key("preset", Text(limit=253), "VESSL Cloud's name of a machine size. A machine has none: say `gpus`."),
        _CPU,
        _MEMORY,
        Key("requests", _REQUESTS, "VESSL: amounts instead of a preset."),
        Key("node_names", ListOf(Text()), "VESSL: the nodes that may be taken."),
        Key("node_id", ListOf(Whole(0, 10**15, "the number of a node")), "VESSL's API: the numbers of the nodes."),
        Key("cluster_id", Text(), "VESSL's API: the number of the cluster."),
        Key("preset_id", Text(), "VESSL's API: the number of the preset."),
        Key("spot", _SPOT, "VESSL: whether the machine may be taken away."),
        Key("accelerators", Text(), "Old VESSL: type and number of GPUs, V100:1.", legacy=True),
        Key("name", Text(), "Old VESSL: the preset.", legacy=True),
    ),
    build=_build,
    doc="What the run needs, and where it runs.",
)
