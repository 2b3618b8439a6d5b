"""The edits for ``vllm.args`` and for ``env``. Pure."""

from __future__ import annotations

import re
from typing import Any

import yaml

from launcher.manifest import shell_words, yaml_edit
from launcher.manifest.args import normal
from launcher.manifest.marks import Marks, entry
from launcher.manifest.nodes import Place, Scalar
from launcher.manifest.scalar_text import lift
from launcher.manifest.scalars import scalar_value
from launcher.manifest.scripts import scripts
from launcher.manifest.yaml_edit import CannotEdit, Edit, Value


def amend_args(marks: Marks, flag: str, value: Value | None) -> list[Edit]:
    """The flag of ``vllm.args``; ``model`` is ``vllm.model``. Raises CannotEdit."""
    found = entry(marks.root, "vllm")
    if found is None or not isinstance(found[1], yaml.MappingNode):
        raise CannotEdit("vllm does not stand in the manifest itself")
    form = found[1]
    if flag == "model":
        model = entry(form, "model")
        if model is None or not isinstance(value, str):
            raise CannotEdit("vllm.model does not stand in the manifest itself")
        return [] if model[1].value == value else yaml_edit.change(marks, *model, value)
    return _amend(marks, form, "args", lambda name: normal(name) == flag, flag, value)


def amend_env(marks: Marks, name: str, value: Value | None) -> list[Edit]:
    """The variable, in ``env`` or where a command sets it for its server alone. Raises CannotEdit."""
    text = None if value is None else env_text(value)
    for script in scripts(marks.root):
        inline = [
            word for server in shell_words.servers(script.value) if (word := shell_words.assignment(server, name))
        ]
        if len(inline) == 1:
            word = inline[0]
            new = "" if text is None else f"{name}={_shell(text)}"
            return [] if word.raw == new else lift(marks, script, [Edit(word.start, word.end, new)])
        if inline or shell_words.assigns(script.value, name):
            raise CannotEdit(f"a command sets {name}: change it there")
    return _amend(marks, marks.root, "env", lambda other: other == name, name, text)


def env_text(value: Value) -> str:
    """What the process will see: a variable is a text; switches are 1 and 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _shell(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _amend(marks: Marks, parent: Any, name: str, is_key: Any, key: str, value: Value | None) -> list[Edit]:
    """``parent.name.key = value``, whatever of it is there already."""
    written = "" if value is None else yaml_edit.scalar(value)
    found = entry(parent, name)
    if found is None:
        return [] if value is None else [yaml_edit.put_mapping(marks, parent, name, key, written)]
    holder = found[1]
    if isinstance(holder, yaml.ScalarNode):  # nothing behind the colon, or null
        return [] if value is None else _fill(marks, found, f"{{{key}: {written}}}")
    if not isinstance(holder, yaml.MappingNode):
        raise CannotEdit(f"{name} is a list")
    old = next(((k, v) for k, v in holder.value if is_key(str(k.value))), None)
    if old is None:
        return [] if value is None else [yaml_edit.put(marks, holder, key, written)]
    if value is None:
        return [yaml_edit.drop(marks, holder, *old)]
    inner = entry(old[1], "value") if name == "env" else None
    target = inner or old
    return [] if _is(target[1], value) else yaml_edit.change(marks, *target, value)


def _fill(marks: Marks, found: tuple[Any, Any], text: str) -> list[Edit]:
    """A value for a key that has none."""
    colon = re.compile(r"\s*:").match(marks.text, marks.end(found[0]))
    if colon is None:
        raise CannotEdit("the key has no colon")
    start, end = marks.start(found[1]), marks.end(found[1])
    if not found[1].value or start < colon.end():
        return [Edit(colon.end(), colon.end(), f" {text}")]
    return [Edit(start, end, text)]


def _is(node: Any, value: Value) -> bool:
    """The scalar says this already."""
    if not isinstance(node, yaml.ScalarNode):
        return False
    read = scalar_value(Scalar(node.value, Place(), plain=not node.style))
    return read is value if isinstance(value, bool) else not isinstance(read, bool) and str(read) == str(value)
