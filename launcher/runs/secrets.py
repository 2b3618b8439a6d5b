"""Secret values: where they come from, and the one file (0600) that holds those of a run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping

from launcher import paths
from launcher.runs import files

_SENSITIVE = re.compile(
    r"(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|KEY)(?:$|_)", re.IGNORECASE
)


def is_sensitive(name: str) -> bool:
    """A variable whose name says that its value is a secret (HF_TOKEN, WANDB_API_KEY, …)."""
    return bool(_SENSITIVE.search(name))


def look_up(name: str, variable: str) -> str | None:
    """The secret ``name`` that a manifest asks for: the environment variable of that name, of the name in upper case
    with underscores, the variable it is meant for, then the user's secrets file; None when nobody has it."""
    for candidate in (name, re.sub(r"\W", "_", name).upper(), variable):
        if os.environ.get(candidate):
            return os.environ[candidate]
    stored = read(paths.user_secrets())
    return stored.get(name) or stored.get(variable)


def read(path: str) -> dict[str, str]:
    """``NAME=value`` lines; values may be JSON strings. Comments and broken lines are left out."""
    found: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                name, sign, value = line.strip().partition("=")
                if not sign or not name or name.startswith("#"):
                    continue
                if value.startswith('"'):
                    try:
                        value = str(json.loads(value))
                    except ValueError:
                        continue
                found[name.strip()] = value
    except OSError:
        pass
    return found


OVERRIDES = "vdeck.overrides"
"""Kept beside the secrets, for a `--set` or `--env` may hold one; no variable can have this name."""


def variables(path: str) -> dict[str, str]:
    """The secret variables of a run, without what vdeck keeps beside them."""
    return {name: value for name, value in read(path).items() if name != OVERRIDES}


def write(path: str, values: Mapping[str, str]) -> None:
    """Write the secrets of a run, readable by its owner only. Raises OSError."""
    lines = [f"{name}={json.dumps(value)}" for name, value in values.items()]
    files.write_atomic(path, ("\n".join(lines) + "\n").encode() if lines else b"", mode=0o600)
