"""Is an edited manifest what was wanted, and is nothing else of it changed? Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from launcher.manifest import shell_edit, shell_words, yaml_edit
from launcher.manifest.amend_args import env_text
from launcher.manifest.model import Manifest
from launcher.manifest.ports import serving_index
from launcher.manifest.yaml_edit import CannotEdit, Value

_OTHER = "something else of the manifest would change with it"
_NOT = "the manifest would not say it"


def check(old: Manifest, new: Manifest, flag: str, value: Value | None, *, env: bool) -> None:
    """Raises CannotEdit when the new manifest is not the old one with this one change."""
    before, after = _without_lines(old), _without_lines(new)
    if env:
        before, after = _check_env(before, after, flag, value)
    elif flag == "port":
        before, after = _check_port(before, after, value)
    elif old.vllm is not None and flag == "model":
        _require(new.vllm is not None and new.vllm.model == value, _NOT)
        before = replace(before, vllm=replace(old.vllm, model=str(value)))
    elif old.vllm is not None and new.vllm is not None:
        left, right = dict(old.vllm.args), dict(new.vllm.args)
        left.pop(flag, None)
        _require(_same(right.pop(flag, None), value), _NOT)
        before = replace(before, vllm=replace(old.vllm, args=left))
        after = replace(after, vllm=replace(new.vllm, args=right))
    else:
        before = replace(before, steps=tuple(_step(step, flag, value) for step in before.steps))
        before, after = _words_only(before), _words_only(after)
    _require(before == after, _OTHER)


def _require(true: bool, why: str) -> None:
    if not true:
        raise CannotEdit(why)


def _same(found: Any, value: Value | None) -> bool:
    if value is None or isinstance(value, bool):
        return found is value
    return not isinstance(found, bool) and found is not None and str(found) == str(value)


def _without_lines(manifest: Manifest) -> Manifest:
    """Where things stand may change."""
    return replace(
        manifest,
        steps=tuple(replace(step, line=None) for step in manifest.steps),
        ports=tuple(replace(port, line=None) for port in manifest.ports),
    )


def _step(step: Any, flag: str, value: Value | None) -> Any:
    """The step as it should be."""
    servers = shell_words.servers(step.command)
    if len(servers) != 1:
        return step
    edits = shell_edit.edits(step.command, servers[0], flag, value)
    return replace(step, command=yaml_edit.apply(step.command, edits))


def _words_only(manifest: Manifest) -> Manifest:
    """Blanks and continued lines of commands may change, words may not."""
    steps = (replace(step, command=re.sub(r"(?:\\\n|[ \t])+", " ", step.command).strip()) for step in manifest.steps)
    return replace(manifest, steps=tuple(steps))


def _check_env(before: Manifest, after: Manifest, name: str, value: Value | None) -> tuple[Manifest, Manifest]:
    if before.steps != after.steps:  # in front of the program
        steps = tuple(re.sub(rf"(?<![\w$-]){re.escape(name)}=\S*", "", step.command) for step in before.steps)
        now = tuple(re.sub(rf"(?<![\w$-]){re.escape(name)}=\S*", "", step.command) for step in after.steps)
        _require(steps == now, _OTHER)
        return replace(before, steps=()), replace(after, steps=())
    wanted = None if value is None else env_text(value)
    found = next((variable for variable in after.env if variable.name == name), None)
    _require((found.value if found is not None else None) == wanted, _NOT)
    return (
        replace(before, env=tuple(variable for variable in before.env if variable.name != name)),
        replace(after, env=tuple(variable for variable in after.env if variable.name != name)),
    )


def _check_port(before: Manifest, after: Manifest, value: Value | None) -> tuple[Manifest, Manifest]:
    """The number of the server's port (and a name that is made of it) changed, or its flag in the one command."""
    wanted = None if value == "auto" else value
    index = serving_index(after.ports)
    if index is not None:
        _require(after.ports[index].port == wanted, _NOT)
        was = before.ports[index] if index < len(before.ports) else None
        ports = (*after.ports[:index], *((was,) if was is not None else ()), *after.ports[index + 1 :])
        after = replace(after, ports=ports)
    if before.vllm is None:
        shell = "$PORT" if value == "auto" else value
        before = replace(before, steps=tuple(_step(step, "port", shell) for step in before.steps))
        before, after = _words_only(before), _words_only(after)
    return before, after
