"""What people can do with benchmarks: start, follow, cancel. The command line and the screen come here; synchronous."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from launcher import paths
from launcher.bench import plan_check, plan_json, prepare, store
from launcher.bench.plan import Plan
from launcher.bench.result import Bench
from launcher.bench.store import delete as delete
from launcher.errors import UsageError, VdeckError
from launcher.runs import files, process
from launcher.runs.view import RunView

POLL_S = 0.1
WANTED = "cancel"
"""What ``intent.json`` of a benchmark can hold."""


def start(run_id: str, plan: Plan) -> Bench:
    """Start a benchmark of a ready run as a process of its own, which outlives this one; returns at once.

    Raises UsageError with all problems of the plan, when the run has a benchmark under way, or is not ready; VdeckError
    when the worker cannot be started (nothing is left then).
    """
    from launcher.runs import control as runs

    run = runs.read(run_id)
    problems = plan_check.problems(plan)
    if problems:
        raise UsageError("; ".join(problems))
    prepare.ready(run)
    made = prepare.record(run, plan)
    at = paths.RunPaths(run.folder)
    with _one_at_a_time(at, run):
        bench_id, folder = _new_folder(at)
        here = paths.BenchPaths(folder)
        try:
            os.mkdir(here.points, 0o700)
            files.write_json(here.record, {**made, "id": bench_id, "plan": plan_json.to_json(plan)})
            process.spawn_detached(process.bench_argv(folder), cwd=folder, log=here.worker_log)
        except BaseException as error:
            import shutil

            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise _unwritable(error) from error
            raise
    return store.load(folder)


def cancel(bench: Bench) -> None:
    """Ask a benchmark to end; returns at once (``wait`` tells when it has). What it has measured so far is kept; one
    that has ended is left as it is. Raises VdeckError."""
    if not store.load(bench.folder).live:
        return
    try:
        files.write_json(paths.BenchPaths(bench.folder).intent, {"want": WANTED, "at": time.time()})
    except OSError as error:
        raise _unwritable(error) from error


def wait(bench: Bench, timeout_s: float | None = None, on_change: Callable[[Bench], None] | None = None) -> Bench:
    """Wait until a benchmark has ended; returns it as it is then, also at the timeout. ``on_change`` gets every new
    state on the way."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    last: Bench | None = None
    while True:
        seen = store.load(bench.folder)
        if seen != last and on_change is not None:
            on_change(seen)
        last = seen
        if not seen.live or (deadline is not None and time.monotonic() > deadline):
            return seen
        time.sleep(POLL_S)


def command(run: RunView, plan: Plan) -> tuple[str, ...]:
    """The exact command line of the first load, as it would be run now, for people to see; no secret is in it.
    Raises VdeckError when nobody can say."""
    return prepare.example(run, plan)


@contextmanager
def _one_at_a_time(run: paths.RunPaths, seen: RunView) -> Iterator[None]:
    """Held while a benchmark is made. Raises UsageError when one is under way."""
    try:
        files.make_private(run.bench)
        descriptor = os.open(run.bench_start(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(error) from error
    try:
        if not files.lock_within(descriptor, 5.0):
            raise VdeckError(f"another vdeck is starting a benchmark of run {seen.id}", fix="try again")
        busy = store.live_of(run.folder)
        if busy is not None:
            raise UsageError(
                f"run {seen.id} ({seen.name}) has a benchmark under way, {busy.id}",
                fix=f"wait for it, or `vdeck result cancel {busy.id}`",
            )
        yield
    finally:
        os.close(descriptor)


def _new_folder(run: paths.RunPaths) -> tuple[str, str]:
    """A new id and its folder: hundredths of a second since 1970, as the ids of runs."""
    number = int(time.time() * 100)
    while True:
        bench_id = f"{number:012d}"
        folder = run.bench_of(bench_id).folder
        try:
            os.mkdir(folder, 0o700)
            return bench_id, folder
        except FileExistsError:
            number += 1
        except OSError as error:
            raise _unwritable(error) from error


def _unwritable(error: OSError) -> VdeckError:
    return VdeckError(f"the benchmark cannot be written: {error.strerror}", fix="free space on the disk")
