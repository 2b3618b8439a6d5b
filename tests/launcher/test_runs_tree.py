"""Who belongs to a run, and who is asked first to stop: pure, on made-up process tables and on a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_for

from launcher.paths import RunPaths
from launcher.runs import tree
from launcher.runs.tree import Proc


def proc(pid: int, ppid: int, sid: int, comm: str = "python3", start: int = 0) -> Proc:
    return Proc(pid, ppid, sid, start or pid * 10, comm, "S")


def table(*procs: Proc) -> dict[int, Proc]:
    return {p.pid: p for p in procs}


@pytest.mark.parametrize(
    "raw, comm",
    [
        (b"12 (bash) S 1 12 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 99 5 6", "bash"),
        (b"12 (a) b (c) S 1 12 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 99 5 6", "a) b (c"),
        (b"12 (VLLM::EngineCor) S 1 12 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 99 5 6", "VLLM::EngineCor"),
    ],
)
def test_a_stat_line_is_read_whatever_the_command_is_called(raw: bytes, comm: str) -> None:
    assert tree.parse_stat(raw) == Proc(12, 1, 7, 99, comm, "S")


@pytest.mark.parametrize("raw", [b"", b"12", b"12 (x", b"12 (x) S 1"])
def test_a_broken_stat_line_is_no_process(raw: bytes) -> None:
    assert tree.parse_stat(raw) is None


def test_descendants_of_the_supervisor_are_members_and_it_is_not() -> None:
    processes = table(proc(1, 0, 1), proc(10, 1, 10), proc(11, 10, 11), proc(12, 11, 11), proc(20, 1, 20))
    assert set(tree.members(processes, supervisor=10)) == {11, 12}


def test_an_adopted_orphan_is_found_by_pid_and_start_time() -> None:
    processes = table(proc(1, 0, 1), proc(10, 1, 10), proc(30, 1, 30, start=5), proc(31, 30, 30))
    assert set(tree.members(processes, supervisor=10, known=[(30, 5)])) == {30, 31}
    assert tree.members(processes, supervisor=10, known=[(30, 6)]) == {}, "another process with the same number"


def test_an_orphan_is_found_by_its_session_and_by_its_mark() -> None:
    processes = table(proc(10, 1, 10), proc(40, 1, 39), proc(41, 40, 41), proc(50, 1, 50))
    assert set(tree.members(processes, supervisor=10, sessions=[39])) == {40, 41}
    assert set(tree.members(processes, supervisor=10, extra=[50])) == {50}


def test_the_shell_is_asked_before_the_server_and_the_engine_is_left_to_its_server() -> None:
    run = table(
        proc(100, 10, 100, "sh"), proc(101, 100, 100, "bash"), proc(102, 101, 100, "vllm"),
        proc(103, 102, 100, "VLLM::EngineCor"), proc(104, 101, 100, "tee"),
    )  # fmt: skip
    assert tree.stop_order(run, wrappers=[100]) == [101, 102, 104]


def test_an_orphan_of_the_run_is_asked_too() -> None:
    run = table(proc(100, 10, 100, "sh"), proc(101, 100, 100, "vllm"), proc(200, 10, 100, "prometheus"))
    assert tree.stop_order(run, wrappers=[100]) == [101, 200]


def test_engines_are_told_by_their_title() -> None:
    assert tree.is_vllm_engine(proc(1, 2, 3, "VLLM::EngineCor"))
    assert tree.is_vllm_engine(proc(1, 2, 3, "VLLM::Worker_TP"))
    assert not tree.is_vllm_engine(proc(1, 2, 3, "VLLM::APIServer"))
    assert not tree.is_vllm_engine(proc(1, 2, 3, "vllm"))


def test_a_real_process_is_marked_alive_and_gone() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE,
        env={**os.environ, tree.MARK: "/a/folder"},
    )  # fmt: skip
    try:
        found = wait_for(lambda: tree.look(child.pid))
        assert found is not None and found.ppid == os.getpid()
        wait_for(lambda: tree.marked([child.pid], "/a/folder"))
        assert tree.marked([child.pid], "/a/fold") == set(), "a prefix is another folder"
        assert tree.alive(child.pid, found.start)
        assert child.pid in tree.members(tree.scan(), supervisor=os.getpid())
    finally:
        child.kill()
        child.wait()
    assert not tree.alive(child.pid, found.start)
    assert tree.look(child.pid) is None


def test_a_process_whose_environment_was_written_over_is_found_by_its_log(tmp_path: Path) -> None:
    log = RunPaths(str(tmp_path)).output
    env = {name: value for name, value in os.environ.items() if name != tree.MARK}
    with open(log, "ab") as file:
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, stdout=file, env=env
        )
    try:
        assert tree.marked([child.pid], str(tmp_path)) == {child.pid}
        assert tree.marked([child.pid], str(tmp_path / "other")) == set()
    finally:
        child.kill()
        child.wait()
