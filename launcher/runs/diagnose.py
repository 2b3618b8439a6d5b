"""Why a run failed, out of its record, its state and its log."""

from __future__ import annotations

from launcher import paths
from launcher.errors import UsageError
from launcher.logs.diagnosis import Diagnosis, Fix, diagnose_file
from launcher.runs import command, listing
from launcher.runs.record import RunRecord
from launcher.runs.state import State
from launcher.runs.view import ENDED

TOLD = ("signal", "exit-code")
"""Rules that say no more than the exit code does."""


def diagnose_run(run_id: str) -> Diagnosis | None:
    """None: nothing is known against it. Reads the log of its last start, of any size. Raises UsageError when there is
    no such run."""
    run = paths.RunPaths.of(run_id)
    record, _ = listing.load_record(run)
    state, _ = listing.load_state(run)
    view = listing.load(run_id)
    if record is None and view.reason is None:
        raise UsageError(f"there is no run {run_id}", fix="`vdeck run list` shows those that are there")
    ended = view.status in ENDED
    if record is None or state is None:
        return _without_log(view.reason) if ended else None
    stopped = state.wanted is not None or view.status in ("terminated", "completed")
    code = state.exit_code if state.exit_code is not None or not ended else 1
    found = of_attempt(run, record, state, code if ended else None, stopped=stopped)
    if ended and not stopped and (found is None or (found.rule == "exit-code" and state.exit_code is None)):
        return _without_log(view.reason)
    return found


def of_attempt(
    run: paths.RunPaths,
    record: RunRecord,
    state: State,
    code: int | None,
    *,
    stopped: bool = False,
    most: int | None = None,
) -> Diagnosis | None:
    """The last start of a run; ``code`` None while it runs; ``most`` bytes of the log. A log that cannot be read is one
    that says nothing."""
    index = state.step or 0
    try:
        return diagnose_file(
            run.output,
            start=state.log_start,
            exit_code=code,
            step=step_name(record, index),
            stopped=stopped,
            args=command.server_flags(record.steps),
            most=most,
        )
    except OSError:
        return None


def _without_log(reason: str | None) -> Diagnosis | None:
    """What the run's own reason says, when its log says nothing."""
    if not reason:
        return None
    return Diagnosis(
        "reason", reason, "vdeck knows no more than this.", None, (Fix("Read the events of the run."),), None
    )


def step_name(record: RunRecord, index: int) -> str | None:
    """``step 2 of 4: pip install …``; None for a run of one step."""
    if len(record.steps) < 2 or index >= len(record.steps):
        return None
    first = record.steps[index].display.strip().partition("\n")[0]
    return f"step {index + 1} of {len(record.steps)}: {first}"
