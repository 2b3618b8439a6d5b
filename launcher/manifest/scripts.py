"""The shell scripts of a manifest as nodes of PyYAML. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from launcher.manifest.marks import entry


def scripts(root: Any) -> Iterator[Any]:
    """The scalars of ``run`` that hold commands, in order."""
    found = entry(root, "run")
    run = found[1] if found is not None else None
    items = run.value if isinstance(run, yaml.SequenceNode) else [run]
    for item in items:
        command = entry(item, "command")
        node = command[1] if command is not None else item
        if isinstance(node, yaml.ScalarNode):
            yield node
