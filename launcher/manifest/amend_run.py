"""The edits for a ``vllm serve`` in the commands of ``run``. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from launcher.manifest import shell_edit, shell_words
from launcher.manifest.marks import Marks
from launcher.manifest.scalar_text import lift
from launcher.manifest.scripts import scripts
from launcher.manifest.shell_words import Server
from launcher.manifest.yaml_edit import CannotEdit, Edit, Value


class Found(NamedTuple):
    """The one server of a manifest with ``run``."""

    script: Any
    """PyYAML's node of the command it is in."""
    server: Server


def the_server(marks: Marks) -> Found:
    """Raises CannotEdit when there is none, or more than one."""
    found = [Found(script, server) for script in scripts(marks.root) for server in shell_words.servers(script.value)]
    if not found:
        raise CannotEdit("no command of the manifest is a vllm serve that can be read from here")
    if len(found) > 1:
        raise CannotEdit(f"the commands start {len(found)} servers: which one is meant, nobody says")
    return found[0]


def amend_run(marks: Marks, flag: str, value: Value | None) -> list[Edit]:
    """The flag of the one server. Raises CannotEdit."""
    script, server = the_server(marks)
    wanted = shell_edit.edits(script.value, server, flag, value)
    return lift(marks, script, wanted)
