"""The variables that a manifest asks for: plain ones, and secrets that no command line and no record may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launcher.errors import VdeckError
from launcher.manifest.model import Manifest
from launcher.runs import command, secrets


def split(manifest: Manifest, inherited: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The manifest's ``env``: plain variables, secret ones, and notes on those that could not be given."""
    env: dict[str, str] = {}
    secret_values: dict[str, str] = {}
    notes: list[str] = []
    for entry in manifest.env:
        if entry.placeholder:
            inherits = " (the one of your environment is)" if inherited.get(entry.name) else ""
            notes.append(f"{entry.name} is a placeholder and is not passed on{inherits}")
        elif entry.secret is not None:
            value = secrets.look_up(entry.secret, entry.name)
            if value is None:
                notes.append(f"secret {entry.secret} for {entry.name} is not known here; the run goes on without it")
            else:
                secret_values[entry.name] = value
        elif entry.value is not None:
            (secret_values if entry.sensitive or secrets.is_sensitive(entry.name) else env)[entry.name] = entry.value
    return env, secret_values, notes


def secret_args(args: Mapping[str, Any]) -> dict[str, str]:
    """Secrets that the manifest has among the arguments, as the variables that vLLM reads instead. Raises
    VdeckError."""
    found: dict[str, str] = {}
    for flag, variable in command.SECRET_FLAGS.items():
        value = args.get(flag)
        values = list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]
        if len(values) > 1:
            raise VdeckError(
                f"{len(values)} values for {flag}: vLLM takes several only in its command line, for everybody to read",
                fix=f"give one, or write env: {{{variable}: {{secret: NAME}}}}",
            )
        if values:
            found[variable] = str(values[0])
    return found
