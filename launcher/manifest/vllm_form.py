"""``vllm:``, ``restart:`` and ``stop:``: the form where vdeck writes the command line."""

from __future__ import annotations

import re
from typing import NamedTuple

from launcher.manifest import args
from launcher.manifest.model import Restart, Vllm
from launcher.manifest.nodes import Mapping, Node, Scalar
from launcher.manifest.records import Either, Fields, Key, Record
from launcher.manifest.shapes import Choice, Custom, Duration, Text, Whole, shown
from launcher.manifest.sink import Sink

_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+){0,3}(?:[.-]?(?:a|b|rc|dev|post)[0-9]*)*(?:\+[A-Za-z0-9.]+)?")


class VllmForm(NamedTuple):
    """``vllm:`` as read, with what of it belongs to other parts of the manifest."""

    vllm: Vllm
    args: args.Args


def _model(node: Node, path: str, sink: Sink) -> str | None:
    text: str | None = Text(limit=1024).read(node, path, sink)
    if text is None:
        return None
    if text.startswith("-"):
        sink.error(node, f"{path} must be a model, not the flag {shown(node)}", "flags belong under vllm.args")
        return None
    if "$" in text:
        sink.error(node, f"{path} holds a variable, and no shell reads it here", "write the name of the model out")
        return None
    if any(char.isspace() for char in text) and "/" not in text:
        fix = "write a hub name such as Qwen/Qwen3-0.6B, or a folder"
        sink.error(node, f"{path} has a space in it: {shown(node)}", fix)
        return None
    return text


def _version(node: Node, path: str, sink: Sink) -> str | None:
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if _VERSION.fullmatch(text) and len(text) < 60:
        return text.removeprefix("v")
    sink.error(node, f"{path} must be a version of vLLM, not {shown(node)}", "write it as 0.33.0, or take the line out")
    return None


def _build(fields: Fields, node: Mapping, path: str, sink: Sink) -> VllmForm:
    del node, path, sink
    read: args.Args = fields.get("args", args.Args({}))
    return VllmForm(Vllm(fields.get("model", ""), fields.get("version"), read.flags), read)


VLLM = Record(
    keys=(
        Key(
            "model",
            Custom(_model, {"type": "string", "minLength": 1, "maxLength": 1024}),
            "A name on the hub such as Qwen/Qwen3-0.6B, or a folder (relative: to this file).",
            required=True,
            example="Qwen/Qwen3-0.6B",
        ),
        Key(
            "version",
            Custom(_version, {"type": ["string", "number"]}),
            "The vLLM to run, such as 0.33.0. When not said: the `vllm` on PATH, else the newest installed engine.",
        ),
        Key(
            "args",
            Custom(args.read_args, args.SCHEMA),
            "Flags of `vllm serve` without their dashes; true and false for switches, lists and mappings as they are.",
        ),
    ),
    build=_build,
    doc="A model to serve: vdeck writes the command line. Instead of `run`.",
    hint="flags of vllm serve belong under vllm.args",
)

_POLICY = Choice(("never", "on-failure"))


def _restart(fields: Fields, node: Mapping, path: str, sink: Sink) -> Restart:
    del node, path, sink
    return Restart(fields.get("policy", "never"), fields.get("max", Restart().max))


def _policy_only(node: Node, path: str, sink: Sink) -> Restart | None:
    word = _POLICY.read(node, path, sink)
    return None if word is None else Restart("on-failure" if word == "on-failure" else "never")


_RESTART_RECORD = Record(
    keys=(
        Key("policy", _POLICY, "`on-failure` starts the run again when it fails; `never` is the default."),
        Key("max", Whole(0, 1000, "a number of restarts"), "How often at most; 3 when not said."),
    ),
    build=_restart,
)
RESTART = Either(
    "a mapping with policy and max",
    scalar=Custom(_policy_only, _POLICY.schema()),
    mapping=_RESTART_RECORD,
    fix="write restart: {policy: on-failure, max: 3}",
)

STOP = Record(
    keys=(Key("grace", Duration(), "How long the run may take to end before it is killed; 30s when not said."),),
    build=lambda fields, node, path, sink: fields,
)
