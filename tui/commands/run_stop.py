"""``vdeck run terminate | restart | clone | delete``: what changes runs that exist."""

from __future__ import annotations

from collections.abc import Callable

from launcher.errors import EXIT_DONE, EXIT_INTERRUPTED, UsageError, VdeckError
from launcher.runs.view import RunView, to_json
from tui.commands import output, waiting
from tui.commands.options import Values
from tui.commands.which import run_of, runs_of


def terminate(values: Values) -> int:
    """Ask the runs to stop, all of them first, then wait for each when asked to."""
    from launcher.runs import control

    runs = runs_of(values.many("ID"))
    asked: list[RunView] = []
    code = EXIT_DONE

    def stop(run: RunView) -> None:
        if run.status == "lost":
            raise waiting.ended_error(run)
        if not run.live:  # what was wanted is so: no failure
            output.note(f"Run #{run.id} has ended already ({run.status}).")
            return
        control.terminate(run.id, force=values.flag("force"))
        asked.append(run)
        if not values.flag("wait"):
            output.say(f"Terminated '#{run.id}'.")

    code = _each(runs, stop)
    if not values.flag("wait"):
        return code
    try:
        return max(code, _each(asked, _wait_terminated))
    except KeyboardInterrupt:
        output.note("Interrupted. The runs go on stopping: `vdeck run list --live` shows those that are left.")
        return EXIT_INTERRUPTED


def _wait_terminated(run: RunView) -> None:
    ended = waiting.wait_for(run.id, "end")
    if ended.status == "lost":
        raise waiting.ended_error(ended)
    output.say(f"Terminated '#{run.id}'.")


def restart(values: Values) -> int:
    """Stop the run and start it again under its id."""
    from launcher.runs import control

    run = run_of(values.word("ID"))
    control.restart(run.id)
    output.say(f"Restarted '#{run.id}'.")
    return EXIT_DONE


def clone(values: Values) -> int:
    """Start a new run from the manifest of another."""
    from launcher.runs import control
    from tui.commands.run_create import announce

    run = control.clone(run_of(values.word("ID")).id)
    if values.flag("json"):
        output.document(to_json(run))
    else:
        announce(run)
    return EXIT_DONE


def delete(values: Values) -> int:
    """Delete the records of runs; none is deleted while one of them is live. Attached ones are detached."""
    from launcher.runs import control

    runs = runs_of(values.many("ID"))
    live = [run for run in runs if run.live and not run.attached]
    if live:
        named = " ".join(run.id for run in live)
        raise UsageError(
            f"{named} {'is' if len(live) == 1 else 'are'} live, nothing was deleted",
            fix=f"first: vdeck run terminate {named} --wait",
        )

    def remove(run: RunView) -> None:
        control.delete(run.id)
        output.say(f"Detached #{run.id}: {run.attached} is left alone." if run.attached else f"Deleted #{run.id}.")

    return _each(runs, remove)


def _each(runs: list[RunView], act: Callable[[RunView], None]) -> int:
    """Do it to every run; a failure of one is shown and does not keep the others from their turn."""
    from tui.commands.failure import show

    code = EXIT_DONE
    for run in runs:
        try:
            act(run)
        except VdeckError as error:
            show(error)
            code = max(code, error.exit_code)
    return code
