"""``vdeck diagnose ID --apply``: the change that mends a run, shown, asked for, written, and a new run started."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launcher.errors import EXIT_DONE, EXIT_FAILED, UsageError, VdeckError
from launcher.runs.view import RunView, to_json
from tui.commands import output
from tui.commands.run_create import announce, tell_notes

if TYPE_CHECKING:
    from launcher.logs.diagnosis import Fix
    from launcher.runs.amendment import Proposal


def apply(
    run: RunView, fixes: Sequence[Fix], *, number: int | None = None, yes: bool = False, as_json: bool = False
) -> int:
    """Carry out fix ``number`` (from 1; None: the first that a manifest can hold). Without ``yes`` it asks on the
    terminal, and without a terminal it refuses. ``as_json``: standard output is the new run alone. Exit code 1 when the
    answer is no. Raises VdeckError."""
    from launcher.runs import control

    fix = choose(run, fixes, number)
    proposal = control.propose(run.id, fix)
    for line in lines(proposal):
        (output.note if as_json else output.say)(line)
    output.flush()
    if not proposal.possible:
        refused = [f"{refusal.change.flag}: {refusal.why}" for refusal in proposal.refused]
        raise VdeckError(
            f"this fix cannot be written: {'; '.join(refused)}" if refused else "the manifest says so already",
            fix="edit the manifest and create the run again",
        )
    if not yes and not _asked("Write it and start? [y/N] "):
        output.note("Nothing was written, nothing was started.")
        return EXIT_FAILED
    made = control.carry_out(proposal)
    if as_json:
        output.document(to_json(made))
        return EXIT_DONE
    tell_notes(made)
    announce(made)
    return EXIT_DONE


def choose(run: RunView, fixes: Sequence[Fix], number: int | None) -> Fix:
    """The fix that is meant. Raises UsageError when there is none such."""
    if number is None:
        found = next((fix for fix in fixes if fix.changes), None)
        if found is None:
            raise UsageError(f"no fix of run {run.id} is one for its manifest", fix=f"see vdeck diagnose {run.id}")
        return found
    if not 1 <= number <= len(fixes):
        raise UsageError(f"there is no fix {number}", fix=f"there are {len(fixes)}: see vdeck diagnose {run.id}")
    if not fixes[number - 1].changes:
        raise UsageError(f"fix {number} is done by hand: {fixes[number - 1].text}")
    return fixes[number - 1]


def lines(proposal: Proposal) -> list[str]:
    """What will be done: the fix, the difference, the file."""
    shown = [proposal.fix.text, *proposal.diff.splitlines()]
    if proposal.possible:
        shown.append(f"Writes {proposal.file} and starts a new run." if proposal.file else proposal.note)
        shown += [f"Leaves out {', '.join(proposal.dropped)}."] if proposal.dropped else []
    return shown


def _asked(question: str) -> bool:
    if sys.stdin is None or not output.is_terminal(sys.stdin):
        raise UsageError("nobody is there to be asked", fix="say --yes to write and start without a question")
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False
