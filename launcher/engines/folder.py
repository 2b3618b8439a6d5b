"""The folder of one installed engine, and the files that vdeck keeps in it beside the environment."""

from __future__ import annotations

import json
import os
from typing import Any

from launcher import paths


class EngineFolder:
    """``<engines_dir>/<version>-<variant>``: a Python environment plus marker, journal and log of the installation."""

    __slots__ = ("name", "path")

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = os.path.join(paths.engines_dir(), name)

    @property
    def python(self) -> str:
        return os.path.join(self.path, "bin", "python")

    @property
    def vllm(self) -> str:
        return os.path.join(self.path, "bin", "vllm")

    @property
    def marker(self) -> str:
        """Written last: without it the engine is not there."""
        return os.path.join(self.path, "engine.json")

    @property
    def journal(self) -> str:
        """Which steps of the installation are done."""
        return os.path.join(self.path, "install.json")

    @property
    def log(self) -> str:
        return os.path.join(self.path, "install.log")

    @property
    def scratch(self) -> str:
        """Where pip unpacks: on the disk that has the room, and swept when pip was killed."""
        return os.path.join(self.path, ".scratch")

    @property
    def lock(self) -> str:
        """Beside the folder, not in it: it must outlive a removal."""
        return os.path.join(paths.engines_dir(), f".{self.name}.lock")

    @property
    def trash(self) -> str:
        """What the folder is called while it is deleted."""
        return os.path.join(paths.engines_dir(), f".removed-{self.name}-{os.getpid()}")


def names() -> tuple[str, ...]:
    """The names of all engine folders, finished or not; hidden ones (locks, trash) are not engines."""
    try:
        with os.scandir(paths.engines_dir()) as entries:
            return tuple(sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()))
    except OSError:
        return ()


def read_json(path: str) -> dict[str, Any] | None:
    """The object in a file, or None when it is missing, damaged or something else."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def write_json(path: str, value: dict[str, Any]) -> None:
    """Atomic: a reader sees the old file or the new one, never half of it."""
    draft = f"{path}.{os.getpid()}.tmp"
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
