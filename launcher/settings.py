"""What the user set, or the screen remembers between two starts: `theme`, `prometheus`.

A damaged or missing file is the same as an empty one.
"""

from __future__ import annotations

import json
import os

from launcher import paths


def read() -> dict[str, str]:
    """The settings; empty when there are none that can be read."""
    try:
        with open(paths.settings(), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return {str(k): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def remember(name: str, value: str) -> None:
    """Set one setting (atomic replace). Raises OSError."""
    target = paths.settings()
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    draft = f"{target}.{os.getpid()}"
    with open(draft, "w", encoding="utf-8") as file:
        json.dump({**read(), name: value}, file, indent=1)
    os.replace(draft, target)
