"""The benchmarks of runs, as their folders tell. What is damaged costs one benchmark or one point, never the list."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

from launcher import paths
from launcher.bench import plan_json, result_json
from launcher.bench.plan import Plan
from launcher.bench.result import ENDED, Bench, Point
from launcher.errors import UsageError, VdeckError
from launcher.runs import files, listing

START_GRACE_S = 10.0
"""A benchmark whose worker has not written a state this long after its creation never came up."""
_STATUSES = ENDED | {"starting", "running"}


def list_of(run_folder: str) -> tuple[Bench, ...]:
    """The benchmarks of one run, newest first. Never raises."""
    run = paths.RunPaths(run_folder)
    return tuple(load(run.bench_of(bench_id).folder) for bench_id in _ids(run))


def everything() -> tuple[Bench, ...]:
    """The benchmarks of all runs, newest first. Never raises."""
    found = [bench for run_id in listing.run_ids() for bench in list_of(paths.RunPaths.of(run_id).folder)]
    return tuple(sorted(found, key=lambda bench: bench.id, reverse=True))


def load(folder: str) -> Bench:
    """One benchmark. Whatever is wrong with its files makes it ``lost`` with a reason, never an exception."""
    at = paths.BenchPaths(folder)
    made, why = files.read_json(at.record)
    bench_id = os.path.basename(folder)
    run_id = os.path.basename(os.path.dirname(os.path.dirname(folder)))
    if made is None:
        return Bench(bench_id, run_id, "-", folder, Plan(), status="lost", reason=why, points=_points(at))
    try:
        bench = _made(made, bench_id, run_id, folder)
    except ValueError:
        reason = "bench.json is damaged"
        return Bench(bench_id, run_id, "-", folder, Plan(), status="lost", reason=reason, points=_points(at))
    return _with_state(bench._replace(points=_points(at)), at)


def find(word: str) -> Bench:
    """The benchmark that ``word`` means: its id or a unique prefix of it, over all runs. Raises UsageError."""
    wanted = word.lstrip("#")
    places = [(bench_id, run) for run in _runs() for bench_id in _ids(run) if wanted and bench_id.startswith(wanted)]
    exact = [place for place in places if place[0] == wanted] or places
    if len(exact) == 1:
        bench_id, run = exact[0]
        return load(run.bench_of(bench_id).folder)
    if not exact:
        raise UsageError(f"there is no benchmark {word}", fix="`vdeck result list` shows all")
    shown = ", ".join(bench_id for bench_id, _ in exact[:8]) + (", …" if len(exact) > 8 else "")
    raise UsageError(f"{word} means {len(exact)} benchmarks ({shown})", fix="give more digits of the id")


def live_of(run_folder: str) -> Bench | None:
    """The benchmark that is under way on this run, if one is. Cheaper than ``list_of``: points are not read."""
    run = paths.RunPaths(run_folder)
    for bench_id in _ids(run):
        at = run.bench_of(bench_id)
        state, _ = files.read_json(at.state)
        if state is not None and state.get("status") in ENDED:
            continue
        bench = load(at.folder)
        if bench.live:
            return bench
    return None


def delete(bench: Bench) -> None:
    """Remove a benchmark that has ended, with its files. Raises UsageError while it lives, VdeckError."""
    if load(bench.folder).live:
        raise UsageError(f"benchmark {bench.id} is running", fix=f"first `vdeck result cancel {bench.id}`")
    trash = f"{bench.folder}.deleted"
    try:
        os.rename(bench.folder, trash)  # no reader ever sees half a benchmark
        shutil.rmtree(trash)
    except OSError as error:
        raise VdeckError(
            f"benchmark {bench.id} cannot be deleted: {error.strerror}", fix=f"look at {bench.folder}"
        ) from error


def worked_on(at: paths.BenchPaths) -> bool:
    """True while the worker lives: it holds the lock. Asking takes a shared lock for a moment and gives it back."""
    try:
        descriptor = os.open(at.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _runs() -> Iterator[paths.RunPaths]:
    return map(paths.RunPaths.of, listing.run_ids())


def _ids(run: paths.RunPaths) -> list[str]:
    try:
        names = os.listdir(run.bench)
    except OSError:
        return []
    return sorted((name for name in names if name.isdigit()), reverse=True)


def _made(value: dict[str, Any], bench_id: str, run_id: str, folder: str) -> Bench:
    plan = plan_json.from_json(value.get("plan") or {})
    goals = value.get("goals")
    return Bench(
        bench_id, run_id, str(value.get("run_name") or "-"), folder, plan,
        created=result_json.number(value.get("created")) or 0.0, model=_text(value.get("model")),
        engine=_text(value.get("engine")), client=_text(value.get("client")) or "",
        goals=tuple((str(k), float(v)) for k, v in goals) if isinstance(goals, list) else (),
    )  # fmt: skip


def _with_state(bench: Bench, at: paths.BenchPaths) -> Bench:
    lives = worked_on(at)  # before the state: a worker that ends in between has written its last word
    state, why = files.read_json(at.state)
    if state is None:
        missing = why is not None and why.endswith("missing")
        if missing and (lives or time.time() - bench.created < START_GRACE_S):
            return bench
        return bench._replace(status="lost", reason="its worker never came up" if missing else why)
    status = state.get("status")
    if status not in _STATUSES:
        return bench._replace(status="lost", reason="state.json is damaged")
    seen = bench._replace(
        status=status, reason=_text(state.get("reason")), ended=result_json.number(state.get("ended")),
        progress=result_json.progress_from_json(state.get("progress")) if status not in ENDED else None,
    )  # fmt: skip
    if seen.live and not lives:
        return seen._replace(status="lost", reason="its worker was killed", progress=None)
    return seen


def _points(at: paths.BenchPaths) -> tuple[Point, ...]:
    """The points that can be read, in the order of their loads."""
    try:
        numbers = [int(name[:-5]) for name in os.listdir(at.points) if name[:-5].isdigit() and name.endswith(".json")]
    except OSError:
        return ()
    found = []
    for number in sorted(numbers):
        value, _ = files.read_json(at.point(number))
        try:
            found.append(result_json.point_from_json(value or {}))
        except ValueError:
            continue
    return tuple(found)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
