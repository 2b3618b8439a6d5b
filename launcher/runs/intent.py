"""``intent.json``: what is wanted of a supervisor. Anybody may write it; a signal only wakes the supervisor up."""

from __future__ import annotations

import time
from typing import NamedTuple

from launcher.runs import files


class Intent(NamedTuple):
    want: str
    """stop or restart"""
    force: bool = False
    grace_s: float | None = None
    at: float = 0.0
    """When it was asked, seconds since the epoch: an intent is obeyed once."""


def write(path: str, intent: Intent) -> None:
    """Leave an intent, replacing the one before. Raises OSError."""
    files.write_json(path, intent._replace(at=intent.at or time.time())._asdict())


def read(path: str) -> Intent | None:
    """The last intent, or None when there is none that makes sense."""
    value, _ = files.read_json(path)
    if value is None or value.get("want") not in ("stop", "restart"):
        return None
    grace = value.get("grace_s")
    at = value.get("at")
    return Intent(
        value["want"],
        value.get("force") is True,
        float(grace) if isinstance(grace, (int, float)) and not isinstance(grace, bool) else None,
        float(at) if isinstance(at, (int, float)) else 0.0,
    )
