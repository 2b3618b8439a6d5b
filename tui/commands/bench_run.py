"""``vdeck bench``: start a benchmark, follow it, print what it found."""

from __future__ import annotations

import shlex

from launcher.bench.result import Bench
from launcher.errors import EXIT_DONE, EXIT_INTERRUPTED, VdeckError
from tui.commands import output
from tui.commands.bench_plan import plan_of
from tui.commands.options import Values
from tui.commands.which import run_of

CANCEL_S = 20.0
"""A cancelled benchmark has ended by then, or something is wrong with its worker."""


def bench(values: Values) -> int:
    """Measure. Raises UsageError with all problems of the plan, VdeckError when the benchmark failed."""
    from launcher.bench import control, plan_check, prepare
    from launcher.errors import UsageError

    plan = plan_of(values)
    problems = plan_check.problems(plan)
    if problems:
        for problem in problems[:-1]:
            output.note(f"- {problem}")
        raise UsageError(problems[-1], fix="see vdeck bench --help")
    run = run_of(values.word("ID"))
    if values.flag("dry-run"):
        prepare.ready(run)
        output.say(shlex.join(control.command(run, plan)))
        return EXIT_DONE
    started = control.start(run.id, plan)
    if values.flag("detach"):
        return _told(shown(started), as_json=values.flag("json"))
    try:
        ended = follow(started)
    except KeyboardInterrupt:
        _cancel(started)
        return EXIT_INTERRUPTED
    return report(shown(ended), as_json=values.flag("json"))


def shown(bench: Bench) -> Bench:
    """The benchmark as it may be printed: secrets masked."""
    from launcher.bench.masking import masked
    from launcher.runs import control

    return masked(bench, control.redactor(bench.run_id))


def _told(bench: Bench, *, as_json: bool) -> int:
    if as_json:
        from launcher.bench.result_json import to_json

        output.document(to_json(bench))
    else:
        output.say(f"Started benchmark {bench.id}: `vdeck result read {bench.id}` shows it, "
                   f"`vdeck result cancel {bench.id}` ends it.")  # fmt: skip
    return EXIT_DONE


def follow(bench: Bench) -> Bench:
    """Wait until the benchmark has ended, with a line of progress on a terminal. KeyboardInterrupt passes through."""
    from launcher.bench import control
    from tui.commands.bench_table import progress

    line = output.Progress()
    try:
        return control.wait(bench, on_change=lambda seen: line.show(*progress(seen)) if seen.live else None)
    finally:
        line.done()


def report(bench: Bench, *, as_json: bool) -> int:
    """Print what was found; exit code 0 when all was measured. Raises VdeckError with the reason else."""
    from launcher.bench.result_json import to_json
    from tui.commands.bench_table import summary

    if as_json:
        output.document(to_json(bench))
    else:
        for text in summary(bench, limit=output.terminal_width()):
            output.say(text)
    if bench.status == "completed":
        if not as_json:
            output.note(f"Kept as benchmark {bench.id} of run {bench.run_name}.")
        return EXIT_DONE
    raise ended_badly(bench)


def ended_badly(bench: Bench) -> VdeckError:
    """The error of a benchmark that did not complete."""
    reason = f": {bench.reason}" if bench.reason and bench.status != "cancelled" else ""
    verb = {"cancelled": "was cancelled", "lost": "was lost"}.get(bench.status, bench.status)
    kept = f"{len(bench.points)} of {len(bench.plan.loads)} loads were measured" if bench.points else ""
    fix = "; ".join(part for part in (kept, f"the clients' output is in {bench.folder}") if part)
    return VdeckError(f"benchmark {bench.id} {verb}{reason}", fix=fix)


def _cancel(bench: Bench) -> None:
    """Cancel and wait: nothing of it is left when the command has ended. A second Ctrl-C ends the waiting."""
    from launcher.bench import control

    output.note(f"Interrupted. Benchmark {bench.id} is being cancelled.")
    control.cancel(bench)
    ended = control.wait(bench, CANCEL_S)
    if ended.live:
        output.note(f"Benchmark {bench.id} has not ended yet: `vdeck result read {bench.id}` shows it.")
    elif ended.points:
        output.note(f"What it had measured is kept: vdeck result read {bench.id}.")
