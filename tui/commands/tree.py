"""The first words of the command line, and the modules that hold their tables: imported when they are needed."""

from __future__ import annotations

from tui.commands.options import Command, Group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MODULES = {
    "tui": "tui.commands.screen",
    "run": "tui.commands.run",
    "attach": "tui.commands.attach",
    "chat": "tui.commands.chat",
    "bench": "tui.commands.bench",
    "result": "tui.commands.result",
    "compare": "tui.commands.compare",
    "diagnose": "tui.commands.diagnose",
    "engine": "tui.commands.engine",
    "manifest": "tui.commands.manifest",
    "export": "tui.commands.export",
    "prometheus": "tui.commands.prometheus",
    "bundle": "tui.commands.bundle",
    "doctor": "tui.commands.doctor",
}
"""First word to the module that holds ``TABLE``, in the order of the help."""


def table(word: str) -> Command | Group:
    """The command or group of a first word; KeyError when there is none."""
    found: Command | Group = resolve(f"{MODULES[word]}:TABLE")
    return found


def everything() -> Iterator[Command | Group]:
    """All tables, in the order of the help."""
    return (table(word) for word in MODULES)


def resolve(target: str) -> Any:
    """What ``module:name`` names, imported now: a table or a function, the caller knows which."""
    module, _, name = target.partition(":")
    __import__(module)
    import sys

    return getattr(sys.modules[module], name)
