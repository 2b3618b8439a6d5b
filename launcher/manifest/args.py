"""``vllm.args``: flags of ``vllm serve`` as a mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping as Mapping_
from types import MappingProxyType
from typing import Any, NamedTuple

from launcher.manifest.credentials import is_placeholder
from launcher.manifest.model import EnvVar
from launcher.manifest.nodes import Mapping, Node, Scalar, is_null, kind
from launcher.manifest.ports import read_number
from launcher.manifest.records import join
from launcher.manifest.scalars import plain_value
from launcher.manifest.shapes import SCALAR_TYPES, Json
from launcher.manifest.sink import Sink, quote

# Flags that vLLM has only with one dash, or whose short form people know better than the long one.
_SHORT = {
    "tp": "tensor-parallel-size",
    "pp": "pipeline-parallel-size",
    "dp": "data-parallel-size",
    "dcp": "decode-context-parallel-size",
    "ep": "enable-expert-parallel",
    "q": "quantization",
    "sc": "speculative-config",
}
SECRET_FLAGS = {"api-key": "VLLM_API_KEY", "hf-token": "HF_TOKEN"}
"""Flags whose value would stand in the list of processes -> the variable that vLLM reads instead."""

_FLAG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_MODEL_FLAGS = ("model", "model-tag")


class Args(NamedTuple):
    flags: dict[str, Any]
    """Without ``port`` and without secrets."""
    port: tuple[int, Node] | None = None
    """``port`` when it was written: 0 for ``auto``, see ports.AUTO."""
    secrets: tuple[EnvVar, ...] = ()
    nodes: Mapping_[str, tuple[Scalar, Node]] = MappingProxyType({})
    """Every flag by its normal name: where it stands."""


def normal(name: str) -> str:
    """``--max_model_len`` and ``max_model_len`` -> ``max-model-len``; ``-tp`` -> ``tensor-parallel-size``."""
    bare = name.strip().lstrip("-")
    head, dot, tail = bare.partition(".")  # behind a dot stands a key of a JSON value, where _ is _
    head = head.replace("_", "-")
    return _SHORT.get(head, head) + dot + tail


def read_args(node: Node, path: str, sink: Sink) -> Args | None:
    """The flags in their order, or None with the reasons in the sink."""
    if not isinstance(node, Mapping):
        fix = "write one line for each flag without its dashes: max-model-len: 8192"
        sink.error(node, f"{path} must be a mapping, not {kind(node)}", fix)
        return None
    flags: dict[str, Any] = {}
    nodes: dict[str, tuple[Scalar, Node]] = {}
    port: tuple[int, Node] | None = None
    secrets: list[EnvVar] = []
    for key, value in node.entries:
        name = _name(key, path, nodes, sink)
        if name is None:
            continue
        nodes[name] = key, value
        if not _check_value(key, name, value, path, sink):
            continue
        if name == "port":
            number = read_number(value, join(path, name), sink)
            port = None if number is None else (number, value)
        elif name in SECRET_FLAGS and isinstance(value, Scalar) and isinstance(plain_value(value), (str, int, float)):
            secrets.extend(_secret(name, key, value, sink))
        else:
            flags[name] = plain_value(value)
    return Args(flags, port, tuple(secrets), nodes)


def _name(key: Scalar, path: str, taken: dict[str, tuple[Scalar, Node]], sink: Sink) -> str | None:
    name = normal(key.text)
    if not _FLAG.fullmatch(name.replace("_", "-")):
        fix = "write the flag without its dashes: max-model-len: 8192"
        sink.error(key, f"{quote(key.text)} in {path} is no flag of vllm serve", fix)
        return None
    if name in taken:
        line = taken[name][0].place.line
        where = f", first in line {line}" if line else ""
        sink.error(key, f"the flag {quote(name)} stands twice in {path}{where}", "keep one of the two")
        return None
    if name in _MODEL_FLAGS:
        sink.error(key, f"{path} may not name the model", "write it as vllm.model")
        return None
    if name != key.text:
        sink.note(key, f"{quote(key.text)} in {path} is read as {quote(name)}", f"write {name}")
    return name


def _check_value(key: Scalar, name: str, value: Node, path: str, sink: Sink) -> bool:
    if is_null(value):
        sink.error(key, f"{join(path, name)} has no value", "write true to give a flag that takes none")
        return False
    texts = [value] if isinstance(value, Scalar) else []
    if any("\0" in text.text for text in texts):
        sink.error(value, f"{join(path, name)} holds a NUL character", "no command line can hold one")
        return False
    return True


def _secret(name: str, key: Scalar, value: Scalar, sink: Sink) -> tuple[EnvVar, ...]:
    """A key on the command line is read by everybody who may list processes: pass it as a variable instead."""
    variable = SECRET_FLAGS[name]
    if is_placeholder(variable, value.text):
        fix = f"write env: {{{variable}: {{secret: {variable}}}}}"
        sink.warning(key, f"{name} has a placeholder for its value and is not passed on", fix)
        return ()
    sink.warning(
        key,
        f"{name} would be visible in the list of processes: it is passed as the variable {variable}",
        f"write env: {{{variable}: {{secret: {variable}}}}} to keep it out of this file as well",
    )
    return (EnvVar(variable, value=value.text, sensitive=True),)


SCHEMA: Json = {
    "type": "object",
    "additionalProperties": {"type": [*SCALAR_TYPES, "array", "object"]},
    "propertyNames": {"pattern": "^[A-Za-z0-9-][A-Za-z0-9._-]*$"},
    "examples": [{"max-model-len": 8192, "enable-prefix-caching": True, "gpu-memory-utilization": 0.9}],
}
