"""The edits for the port of the model server: ``ports``, ``vllm.args.port``, ``--port`` of a command. Pure."""

from __future__ import annotations

import re
from typing import Any

import yaml

from launcher.manifest import shell_edit, shell_words, yaml_edit
from launcher.manifest.amend_args import amend_args
from launcher.manifest.amend_run import the_server
from launcher.manifest.args import normal
from launcher.manifest.marks import Marks, entry
from launcher.manifest.model import Manifest
from launcher.manifest.ports import serving_index
from launcher.manifest.scalar_text import lift
from launcher.manifest.scripts import scripts
from launcher.manifest.yaml_edit import CannotEdit, Edit, Value

_DEFAULT = 8000


def amend_port(marks: Marks, manifest: Manifest, value: Value | None) -> list[Edit]:
    """A number, or ``auto``: vdeck chooses a free one. Raises CannotEdit."""
    if isinstance(value, (bool, float)) or (isinstance(value, str) and value != "auto") or value is None:
        raise CannotEdit("a port is a number or auto")
    index = serving_index(manifest.ports)
    declared = _declared(marks, index)
    edits = [] if declared is None or declared[1].value == str(value) else yaml_edit.change(marks, *declared, value)
    if manifest.vllm is not None:
        if _has_arg(marks):
            return edits + amend_args(marks, "port", value)
        return edits if declared is not None or value == "auto" else amend_args(marks, "port", value)
    if value == "auto" and (index != 0 or declared is None):
        raise CannotEdit("the first of the manifest's ports is not that of the server: $PORT would be another one")
    return edits + _in_command(marks, "$PORT" if value == "auto" else value)


def _declared(marks: Marks, index: int | None) -> tuple[Any, Any] | None:
    """What stands in front of the number in ``ports``, and the number; None when there is none."""
    found = entry(marks.root, "ports")
    if found is None or index is None:
        return None
    items = found[1].value if isinstance(found[1], yaml.SequenceNode) else [found[1]]
    if index >= len(items):
        return None
    item = items[index]
    if isinstance(item, yaml.ScalarNode):
        return found[0], item
    return entry(item, "port")


def _has_arg(marks: Marks) -> bool:
    form = entry(marks.root, "vllm")
    args = entry(form[1], "args") if form is not None else None
    return args is not None and any(normal(str(key.value)) == "port" for key, _ in _pairs(args[1]))


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _in_command(marks: Marks, value: str | int) -> list[Edit]:
    script, server = the_server(marks)
    old = str(_DEFAULT)
    for index, word in enumerate(server.args):
        name, sign, joined = word.text.partition("=")
        if normal(name) == "port" and name.startswith("--"):
            behind = server.args[index + 1].text if index + 1 < len(server.args) else ""
            old = joined if sign else behind
    if old == str(value):
        return []
    wanted = shell_edit.edits(script.value, server, "port", value)
    for node in scripts(marks.root):
        rest = yaml_edit.apply(node.value, wanted) if node is script else node.value
        if old.isdigit() and any(
            re.search(rf"(?<!\d){old}(?!\d)", w.raw) for c in shell_words.commands(rest) for w in c
        ):
            raise CannotEdit(f"the port {old} stands elsewhere in the commands as well")
    return lift(marks, script, wanted)
