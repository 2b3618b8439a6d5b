"""``vdeck diagnose ID --apply``: a fix written into the manifest, and the run started again."""

from __future__ import annotations

import sys

from launcher.errors import EXIT_DONE, EXIT_INTERRUPTED, UsageError
from launcher.logs.diagnosis import Fix
from launcher.runs.view import RunView, to_json
from tui.commands import output
from tui.commands.options import Values


def apply(run: RunView, values: Values) -> int:
    """Show the difference, ask, write, start."""
    from launcher.runs import amendment

    proposal = amendment.propose(run.id, _chosen(run, values))
    if proposal.refused:
        raise UsageError(
            "this fix cannot be written into the manifest: "
            + "; ".join(f"{one.change.flag}: {one.why}" for one in proposal.refused),
            fix="edit it yourself: `vdeck diagnose` says what to change",
        )
    output.note(f"Fix: {proposal.fix.text}")
    for line in proposal.diff.splitlines():
        output.note(line)
    for option in proposal.dropped:
        output.note(f"Left out, because it would undo the change: {option}")
    output.note(f"Writes {proposal.file}, and starts a new run of it." if proposal.file else f"{proposal.note}.")
    if not values.flag("yes") and not _agreed():
        output.note("Nothing was done.")
        return EXIT_INTERRUPTED
    made = amendment.carry_out(proposal)
    if values.flag("json"):
        output.document(to_json(made))
        return EXIT_DONE
    from tui.commands.run_create import announce

    announce(made)
    return EXIT_DONE


def _chosen(run: RunView, values: Values) -> Fix:
    from launcher.runs import diagnose

    found = diagnose.diagnose_run(run.id)
    fixes = found.fixes if found is not None else ()
    number = values.integer("fix")
    if number is not None:
        if not 1 <= number <= len(fixes):
            raise UsageError(f"there is no fix {number}", fix=f"`vdeck diagnose {run.id}` lists {len(fixes)}")
        return fixes[number - 1]
    fix = next((fix for fix in fixes if fix.changes), None)
    if fix is None:
        raise UsageError(
            "no fix that a manifest could hold is known" if found is not None else "no failure is known",
            fix=f"`vdeck diagnose {run.id}` says what is",
        )
    return fix


def _agreed() -> bool:
    """Whether a person says yes; without a terminal nobody can."""
    if not output.is_terminal(sys.stdin):
        raise UsageError("nobody can be asked here", fix="add --yes")
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
