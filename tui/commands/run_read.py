"""``vdeck run read``: one run, with the fields of ``vessl run read`` and what vdeck knows beside them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launcher.errors import EXIT_DONE
from launcher.logs.facts import describe
from launcher.runs.view import RunView, to_json
from tui import format as words
from tui.commands import output
from tui.commands.options import Values
from tui.commands.run_list import moment
from tui.commands.which import run_of
from tui.render import start

if TYPE_CHECKING:
    from launcher.manifest.model import EnvVar, Manifest

Field = tuple[str, str | Sequence[str]]
"""A name, and its value or one line for each of several."""
MASK = "********"


def read(values: Values) -> int:
    """Print one run."""
    run = run_of(values.word("ID"))
    if values.flag("json"):
        output.document(to_json(run))
    else:
        for line in lines(fields(run, _manifest(run.id), now=time.time())):
            output.say(line)
    return EXIT_DONE


def _manifest(run_id: str) -> Manifest | None:
    """The manifest of the run as far as it can still be read: it fills fields that the record has not."""
    from launcher.errors import VdeckError
    from launcher.manifest.reader import read_text
    from launcher.runs import control

    try:
        return read_text(control.manifest_text(run_id)).manifest
    except (VdeckError, OSError):
        return None


def fields(run: RunView, manifest: Manifest | None, *, now: float) -> list[Field]:
    """The fields in VESSL's order, then vdeck's own."""
    return [
        ("ID", run.id),
        ("Name", run.name),
        ("Description", run.description),
        ("Type", run.type),
        ("Status", run.status),
        ("Status reason", run.reason or "-"),
        ("Phase", _phase(run)),
        ("Remains", start.remains(run) or "-"),
        ("Ready", "yes" if run.ready else "no"),
        ("Health", f"{run.health}: {run.advice or ''}" if run.health else "-"),
        ("Goals missed", ", ".join(key.upper() for key in run.missed) or "-"),
        ("Created", moment(run.created)),
        ("Started", moment(run.started)),
        ("Ready at", moment(run.ready_at)),
        ("Ended", moment(run.ended)),
        ("Exit code", "-" if run.exit_code is None else str(run.exit_code)),
        ("Restarts", str(run.restarts)),
        ("Cluster", run.cluster),
        ("Resource", _resource(run, manifest)),
        ("Image", (manifest.image if manifest else None) or "-"),
        ("Engine", run.engine or "-"),
        ("Model", run.model or "-"),
        ("Served names", ", ".join(run.served_names) or "-"),
        ("Start commands", run.commands or "-"),
        ("Interactive", "yes" if run.type == "interactive" else "no"),
        ("Environment variables", [variable(entry) for entry in manifest.env] if manifest and manifest.env else "-"),
        ("Attached to", run.attached or "-"),
        ("Ports", [f"{e.port}/{e.type} {e.name} {e.url}" for e in run.endpoints] or "-"),
        ("Service account", (manifest.service_account_name if manifest else None) or "-"),
        ("Termination protection", _yes(manifest.termination_protection) if manifest else "-"),
        ("Phases", [phase_line(run, index, now) for index in range(len(run.phases))] or "-"),
        ("Facts", [": ".join(describe(name, value)) for name, value in run.facts] or "-"),
        ("Processes", " ".join(map(str, run.pids)) or "-"),
        ("Manifest", run.manifest or "-"),
        ("Folder", run.folder or "-"),
    ]


def lines(found: Sequence[Field]) -> list[str]:
    """``Name   value``, names padded to one column; the lines of a list below each other."""
    column = max(len(name) for name, _ in found) + 2
    printed = []
    for name, value in found:
        parts = [value] if isinstance(value, str) else list(value)
        parts = [line for part in parts for line in part.rstrip("\n").split("\n")]
        printed.append(f"{name:<{column}}{parts[0]}".rstrip())
        printed += [" " * column + part for part in parts[1:]]
    return printed


def variable(entry: EnvVar) -> str:
    """``NAME=value``; a secret is named or masked, never shown."""
    if entry.secret is not None:
        return f"{entry.name}=(secret {entry.secret})"
    if entry.placeholder or entry.value is None:
        return f"{entry.name}=(placeholder, not passed on)"
    return f"{entry.name}={MASK if entry.sensitive else _masked(entry.value)}"


def _masked(value: str) -> str:
    """A value that is no secret by its name may hold one: ``https://user:password@host``."""
    from launcher.logs.redact import Redactor

    return Redactor()(value)


def phase_line(run: RunView, index: int, now: float) -> str:
    """``load        23.5 s``; the phase that lasts counts up to ``now``, or to the end of the run."""
    mark = run.phases[index]
    if mark.ended is not None:
        return f"{mark.name:<12}{words.seconds(mark.ended - mark.started)}"
    until = now if run.live else run.ended
    lasted = None if until is None else max(0.0, until - mark.started)
    return f"{mark.name:<12}{words.seconds(lasted)}{'  (now)' if run.live else ''}"


def _phase(run: RunView) -> str:
    if not run.phase:
        return "-"
    said = f"{run.phase} {run.progress or ''}".rstrip()
    more = start.download(run.download) if run.download is not None else run.detail or ""
    return ", ".join(part for part in (said, more, run.still or "") if part)


def _resource(run: RunView, manifest: Manifest | None) -> str:
    parts = []
    if run.gpus:
        parts.append("GPU " + ", ".join(map(str, run.gpus)))
    if manifest is not None:
        resources = manifest.resources
        parts += [f"preset {resources.preset}"] if resources.preset else []
        parts += [f"cpu {resources.cpu}"] if resources.cpu else []
        parts += [f"memory {resources.memory}"] if resources.memory else []
    return ", ".join(parts) or "-"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
