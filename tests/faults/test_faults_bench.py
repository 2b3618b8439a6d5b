"""Real signals to benchmarks: worker, client and server die. Nothing is left, what was measured is kept, and the truth
is told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import bench_kit as bench
import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.bench import control, store
from launcher.bench.plan import Load
from launcher.bench.result import Bench
from launcher.runs import control as runs
from launcher.runs import listing

pytestmark = pytest.mark.faults

SLOW = ("--token-delay", "0.1")


def started(run_id: str, **options: str) -> Bench:
    """A benchmark whose second load is under way."""
    told = control.start(run_id, bench.plan(Load(), Load(None, 1), prompts=6, options=options))
    wait_for(lambda: store.load(told.folder).points, what="the first point")
    return bench.measuring(told)


def gone(pids: set[int]) -> None:
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), what="the end of all processes")


def test_a_killed_worker_takes_its_client_with_it_and_is_lost(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path, *SLOW)
    seen = started(run_id)
    pids = bench.processes(seen)
    assert len(pids) == 2
    os.kill(bench.worker(seen), signal.SIGKILL)
    gone(pids)
    lost = store.load(seen.folder)
    assert (lost.status, lost.reason, len(lost.points), lost.live) == ("lost", "its worker was killed", 1, False)
    control.cancel(lost)
    again = bench.done(run_id, bench.plan(prompts=1))
    assert again.status == "completed", "a lost one is in nobody's way"
    control.delete(lost)
    assert not os.path.exists(lost.folder)


def test_a_killed_client_is_a_failure_that_names_the_signal(tmp_path: Path) -> None:
    seen = started(bench.served(tmp_path, *SLOW))
    worker = bench.worker(seen)
    (client,) = bench.processes(seen) - {worker}
    os.kill(client, signal.SIGKILL)
    ended = control.wait(seen, 20)
    assert ended.status == "failed" and "signal 9" in str(ended.reason) and len(ended.points) == 1
    gone({worker})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_end_cancels(tmp_path: Path, number: int) -> None:
    seen = started(bench.served(tmp_path, *SLOW))
    pids = bench.processes(seen)
    os.kill(bench.worker(seen), number)
    ended = control.wait(seen, 20)
    assert (ended.status, len(ended.points)) == ("cancelled", 1)
    gone(pids)


def test_what_a_client_leaves_in_the_background_is_killed_too(tmp_path: Path) -> None:
    seen = started(bench.served(tmp_path, *SLOW), **{"standin-tail": ""})
    pids = bench.processes(seen)
    assert len(pids) >= 3, "the child that has a session of its own"
    control.cancel(seen)
    assert control.wait(seen, 20).status == "cancelled"
    gone(pids)


def test_a_run_that_is_terminated_ends_its_benchmark(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path, *SLOW)
    seen = started(run_id)
    pids = bench.processes(seen)
    runs.terminate(run_id)
    ended = control.wait(seen, 30)
    assert ended.status == "failed" and "the run" in str(ended.reason) and len(ended.points) == 1
    gone(pids)
    assert wait_for(lambda: kit.ended(run_id), what="the end of the run")


def test_a_server_that_dies_is_the_reason_not_its_last_requests(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path, *SLOW)
    seen = started(run_id)
    for pid in listing.load(run_id).pids:
        os.kill(pid, signal.SIGKILL)
    ended = control.wait(seen, 30)
    assert ended.status == "failed" and str(ended.reason).startswith("the run ended (failed"), ended.reason
    assert len(ended.points) == 1


def test_damaged_files_cost_one_entry(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path)
    folder = paths.RunPaths.of(run_id).folder
    first, second, third = (bench.done(run_id, bench.plan(prompts=1)) for _ in range(3))
    Path(paths.BenchPaths(first.folder).record).write_text("{")
    Path(paths.BenchPaths(second.folder).state).write_bytes(b"\x00\xff")
    found = {one.id: one for one in store.list_of(folder)}
    assert (found[first.id].status, found[first.id].reason) == ("lost", "bench.json is damaged")
    assert (found[second.id].status, found[second.id].reason) == ("lost", "state.json is damaged")
    assert found[third.id] == third and len(found[first.id].points) == 1
    Path(paths.BenchPaths(third.folder).point(0)).write_text("[]")
    assert store.load(third.folder).points == () and store.load(third.folder).status == "completed"
    assert store.find(first.id).id == first.id


def test_a_worker_that_cannot_write_its_state_is_told_when_it_has_ended(tmp_path: Path) -> None:
    """The folder is taken away under it: nothing is left behind, and nobody waits for ever."""
    run_id = bench.served(tmp_path, *SLOW)
    seen = started(run_id)
    pids = bench.processes(seen)
    os.rename(seen.folder, f"{seen.folder}.away")
    gone(pids)
    assert store.list_of(paths.RunPaths.of(run_id).folder) == ()
