"""``run:``: commands and waits, in every form that real files have."""

from __future__ import annotations

from launcher.manifest.env import MAX_BYTES
from launcher.manifest.model import Step
from launcher.manifest.nodes import Mapping, Node, Scalar, is_null, kind
from launcher.manifest.records import Either, Fields, Key, ListOf, Record
from launcher.manifest.shapes import SCALAR_TYPES, Custom, Duration, Text
from launcher.manifest.sink import Sink


def read_command(node: Node, path: str, sink: Sink) -> str | None:
    """The text of a shell command, byte for byte."""
    if not isinstance(node, Scalar):
        sink.error(node, f"{path} must be a text, not {kind(node)}", "quote the command if it begins with a bracket")
    elif is_null(node) or not node.text.strip():
        sink.error(node, f"{path} is empty", "write a command or take the line out")
    elif "\0" in node.text:
        sink.error(node, f"{path} holds a NUL character", "no shell takes one")
    elif len(node.text.encode(errors="replace")) > MAX_BYTES - 1024:
        sink.error(node, f"{path} is longer than {MAX_BYTES // 1024 - 1} KiB, the limit of Linux", "put it in a file")
    else:
        return node.text
    return None


def _bare(node: Node, path: str, sink: Sink) -> Step | None:
    command = read_command(node, path, sink)
    return None if command is None else Step(command, line=node.place.line)


def _build(fields: Fields, node: Mapping, path: str, sink: Sink) -> Step:
    command, wait = node.entry("command"), node.entry("wait")
    if command is not None and wait is not None:
        sink.error(wait[0], f"{path} has both command and wait", "make two items of it")
    elif command is None and wait is None:
        sink.error(node, f"{path} has no command", "write command: ... or wait: 10s")
    line = command[1].place.line if command is not None else node.place.line
    return Step(fields.get("command", ""), fields.get("workdir"), fields.get("wait"), line)


_COMMAND = Custom(read_command, {"type": SCALAR_TYPES, "minLength": 1})
STEP = Record(
    keys=(
        Key("command", _COMMAND, "A shell script; $PORT, $RUN_ID and $RUN_DIR are set as well.", null=True),
        Key("workdir", Text(), "The folder it runs in."),
        Key("wait", Duration(), "Instead of a command: how long to wait before the next item, such as 10s.", null=True),
    ),
    build=_build,
)
_ITEM = Either("a command or a mapping with command", scalar=Custom(_bare, _COMMAND.json), mapping=STEP)


def _whole(node: Node, path: str, sink: Sink) -> tuple[Step, ...] | None:
    step = _bare(node, path, sink)
    return None if step is None else (step,)


RUN = Either(
    "a command or a list of commands",
    scalar=Custom(_whole, _COMMAND.json),
    sequence=ListOf(_ITEM),
    mapping=None,
    fix="begin every command with a dash: - command: ...",
)
