"""``vdeck diagnose``: why a run, or the log of any vLLM, failed; and what to do about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, UsageError
from tui.commands import output
from tui.commands.options import JSON, Argument, Command, Option, Values

if TYPE_CHECKING:
    from launcher.runs.explain import Explained
    from launcher.runs.view import RunView

TABLE = Command(
    "diagnose",
    "say why a run failed, or what is the matter in a log",
    "tui.commands.diagnose:diagnose",
    (Argument("ID|FILE", "a run, or the log of a vLLM that vdeck need not have started; `-` reads standard input"),),
    (
        Option(("--apply",), "write a fix into the manifest and start again, after a look at the difference"),
        Option(("--fix",), "with --apply: the number of the fix; else the first that can", "N", "integer"),
        Option(("-y", "--yes"), "with --apply: do not ask"),
        JSON,
    ),
    text="The whole log of the last start is read, of any size. The first real cause wins over what only wraps it; "
    "warnings and what is said after a shutdown began are never one. Secrets are masked.",
    examples=("vdeck diagnose vllm-server", "vdeck diagnose vllm-server --apply", "vdeck diagnose serve.log --json"),
)


def diagnose(values: Values) -> int:
    """Print what is known; exit code 0 also when nothing is wrong."""
    word = values.word("ID|FILE")
    if word == "-" or is_file(word):
        if values.flag("apply"):
            raise UsageError("a log has no manifest", fix="--apply needs a run")
        return tell(of_log(word), None, values)
    from launcher.runs import explain
    from tui.commands.which import run_of

    run = run_of(word)
    told = explain.explain(run.id)
    if values.flag("apply"):
        from tui.commands.diagnose_apply import apply

        return apply(
            run, told.diagnosis.fixes if told is not None else (), number=values.integer("fix"),
            yes=values.flag("yes"), as_json=values.flag("json"),
        )  # fmt: skip
    return tell(told, run, values)


def is_file(word: str) -> bool:
    """Whether a word names a log and not a run."""
    return os.path.isfile(word) or "/" in word or word.endswith((".log", ".txt"))


def of_log(word: str) -> Explained | None:
    """What a file (or ``-``: standard input) says, masked. Raises UsageError when it cannot be read."""
    from launcher.logs import diagnosis
    from launcher.logs.redact import Redactor
    from launcher.runs.explain import Explained, lines_around, masked

    redact = Redactor()
    if word == "-":
        text = output.standard_input().decode("utf-8", "replace")
        found = diagnosis.diagnose(text.split("\n"))
        return Explained(masked(found, redact)) if found is not None else None
    try:
        found = diagnosis.diagnose_file(word)
    except OSError as error:
        raise UsageError(f"{word} cannot be read: {error.strerror}", fix="it is a run, or the path of a log") from error
    if found is None:
        return None
    around = lines_around(os.path.realpath(word), found.evidence.number, redact) if found.evidence is not None else ()
    return Explained(masked(found, redact), around)


def tell(told: Explained | None, run: RunView | None, values: Values) -> int:
    """Print it."""
    if values.flag("json"):
        output.document(document(told, run))
        return EXIT_DONE
    if told is None:
        output.say(_well(run))
        return EXIT_DONE
    from launcher.runs import explain

    head = f"#{run.id} {run.name}: " if run is not None else ""
    for line in explain.as_text(told, head=head, can_apply=run is not None).splitlines():
        output.say(line)
    return EXIT_DONE


def _well(run: RunView | None) -> str:
    if run is None:
        return "No failure found in this log."
    if run.live:
        return f"No failure found: run #{run.id} ({run.name}) is {'ready' if run.ready else run.phase or run.status}."
    return f"No failure found: run #{run.id} ({run.name}) is {run.status}."


def document(told: Explained | None, run: RunView | None) -> dict[str, Any]:
    """The JSON form; ``diagnosis`` is null when nothing is wrong."""
    from launcher.runs import explain

    return {
        "id": run.id if run is not None else None,
        "status": run.status if run is not None else None,
        "diagnosis": explain.as_json(told) if told is not None else None,
    }
