"""``vdeck run create --dry-run``: what would be started, to the letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, EXIT_FAILED
from launcher.logs.redact import Redactor
from launcher.manifest.problems import ManifestError
from tui.commands import manifest as manifests
from tui.commands import output
from tui.commands.run_read import MASK, Field, lines

if TYPE_CHECKING:
    from launcher.manifest.problems import Problem
    from launcher.runs.control import Prepared
    from launcher.runs.plan import Plan


def show_plan(prepared: Prepared, *, file: str, as_json: bool) -> int:
    """Print the plan. Raises ManifestError for a wrong manifest, and the refusal when it could not run here and now."""
    if as_json:
        output.document(document(prepared))
    if prepared.manifest is None:
        raise ManifestError(prepared.problems, file)
    if not as_json:
        for problem in prepared.problems:
            output.note(str(problem))
    if prepared.refusal is not None:
        raise prepared.refusal
    if prepared.plan is None:
        return EXIT_FAILED
    if not as_json:
        for line in lines(fields(prepared.plan)):
            output.say(line)
        output.note("Nothing was started.")
    return EXIT_DONE


def fields(plan: Plan) -> list[Field]:
    """What would run. Secret values are masked; ports and GPUs are those of this moment."""
    record = plan.record
    mask = Redactor(plan.secret_values.values())
    variables = [f"{name}={mask(value)}" for name, value in record.env.items()]
    variables += [f"{name}={MASK}" for name in record.secret_names]
    return [
        ("Name", record.name),
        ("Type", record.type),
        ("Cluster", record.cluster),
        ("Engine", record.engine or "-"),
        ("Model", record.model or "-"),
        ("GPUs", ", ".join(map(str, record.gpus)) or "none"),
        ("Ports", [f"{port.port}/{port.type} {port.name}" for port in record.ports] or "-"),
        ("Environment variables", variables or "-"),
        ("Start commands", plan.commands or "-"),
        ("Working folders", list(dict.fromkeys(step.cwd for step in record.steps)) or "-"),
        ("Notes", plan.notes or "-"),
    ]


def document(prepared: Prepared) -> dict[str, Any]:
    """The document of ``--dry-run --json``; ``plan`` is null when nothing could run, and ``refusal`` says why."""
    return {
        "problems": problems(prepared.problems),
        "refusal": None if prepared.refusal is None else prepared.refusal.sentence(),
        "plan": None if prepared.plan is None else _plan(prepared.plan),
    }


def problems(found: tuple[Problem, ...]) -> list[dict[str, Any]]:
    """The problems of a manifest as documents."""
    return [manifests.document(problem) for problem in found]


def _plan(plan: Plan) -> dict[str, Any]:
    record = plan.record
    return {
        "name": record.name,
        "type": record.type,
        "cluster": record.cluster,
        "engine": record.engine,
        "model": record.model,
        "gpus": list(record.gpus),
        "ports": [{"name": port.name, "type": port.type, "port": port.port} for port in record.ports],
        "env": {name: Redactor(plan.secret_values.values())(value) for name, value in record.env.items()},
        "secrets": list(record.secret_names),
        "commands": [{"kind": s.kind, "command": s.display, "folder": s.cwd} for s in record.steps],
        "notes": list(plan.notes),
    }
