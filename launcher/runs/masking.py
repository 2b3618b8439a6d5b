"""What must be masked in anything that a run prints or that is told of it: its secrets, wherever they were given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from launcher import paths
from launcher.logs.redact import MASK, Redactor, secrets_in
from launcher.manifest.credentials import names_secret
from launcher.runs import files, listing, secrets
from launcher.runs.record import RunRecord

_MANIFEST_BYTES = 1 << 20
_SETTING = re.compile(
    r"(?P<head>(?P<quote>[\"']?)(?P<name>[A-Za-z_][\w.-]*)(?P=quote)\s*:\s+)"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\"'{}\[\]|>&*#,][^\n,}]*)"
)


def redactor(run_id: str) -> Redactor:
    """The mask of a run; of one whose files are damaged what can still be known. Reads two small files."""
    run = paths.RunPaths.of(run_id)
    return of(run, listing.load_record(run)[0])


def of(run: paths.RunPaths, record: RunRecord | None) -> Redactor:
    """The mask of a run whose record is at hand."""
    return Redactor(values(run, record))


def values(run: paths.RunPaths, record: RunRecord | None) -> set[str]:
    """Every value that is known to be secret: those of ``secrets.env``, those of its overrides and those that stand in
    clear in its commands and variables."""
    kept = secrets.read(run.secrets)
    found = set(_overridden(kept.pop(secrets.OVERRIDES, "")))
    found.update(kept.values())
    found |= secrets_in(_manifest(run.manifest))
    if record is not None:
        for step in record.steps:
            found.update(*(secrets_in(part) for part in (*step.argv, " ".join(step.argv))))
        for name, value in record.env.items():
            found |= {value} if secrets.is_sensitive(name) else secrets_in(value)
        found |= secrets_in(record.attached)
    return found


def _manifest(path: str) -> str:
    try:
        with files.open_regular(path) as file:
            return file.read(_MANIFEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _overridden(text: str) -> Iterator[str]:
    """Secret values of ``--env`` and ``--set``."""
    try:
        given = json.loads(text) if text else {}
        pairs = [(str(a), str(b)) for key in ("env", "sets") for a, b in given.get(key, ())]
    except (ValueError, TypeError, AttributeError):
        return
    for name, value in pairs:
        if secrets.is_sensitive(name.replace(".", "_").replace("-", "_")):
            yield value
        yield from secrets_in(value)


def settings(text: str, mask: Callable[[str], str]) -> str:
    """YAML whose secret settings have no value any more, however short it was; the rest through ``mask``."""

    def hide(found: re.Match[str]) -> str:
        name = found["name"]
        secret = name != "secret" and (names_secret(name) or secrets.is_sensitive(name))
        return found["head"] + MASK if secret else found[0]

    return mask(_SETTING.sub(hide, text))
