"""``goals.json`` of a run folder: filled from the manifest, replaced whole by whoever sets goals, read by all."""

from __future__ import annotations

import os

from launcher.metrics import goals as rules
from launcher.metrics.goals import Goals
from launcher.runs import files


def write(path: str, goals: Goals) -> None:
    """Replace the goals of a run in one step. Raises OSError."""
    files.write_json(path, rules.to_json(goals))


def read(path: str) -> tuple[Goals | None, str | None]:
    """The goals of a run; none when nobody set any. (None, why) when the file is damaged or cannot be read."""
    if not os.path.exists(path):
        return Goals(), None
    value, why = files.read_json(path)
    if value is None:
        return None, why
    try:
        return rules.from_json(value), None
    except ValueError as error:
        return None, f"{os.path.basename(path)} is damaged: {error}"


def stamp(path: str) -> tuple[int, int] | None:
    """What changes when somebody writes the file; None while there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
