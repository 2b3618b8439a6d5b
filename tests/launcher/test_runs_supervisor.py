"""A real supervisor on real commands: steps, ends, leftovers, restarts, stops. No vLLM: shells and the stand-in
server."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.runs import control, listing
from launcher.runs.record import StepRecord
from launcher.runs.view import RunView


def end(run_id: str, timeout_s: float = 15.0) -> RunView:
    run = wait_for(lambda: kit.ended(run_id), timeout_s, "the end of the run")
    assert run is not None
    wait_for(lambda: not listing.supervised(paths.RunPaths(run.folder)), what="the end of the supervisor")
    assert kit.processes(run_id) == []
    assert not Path(paths.RunPaths(run.folder).supervisor_log).read_text()
    return run


def test_a_command_that_ends_well_completes() -> None:
    run_id = kit.start(kit.shell("echo out; echo err >&2"))
    run = end(run_id)
    assert (run.status, run.exit_code, run.reason) == ("completed", 0, None)
    assert sorted(kit.output(run_id).split()) == ["err", "out"]
    assert run.created and run.started and run.ended and run.created <= run.started <= run.ended


@pytest.mark.parametrize(
    "command, code, words",
    [
        ("exit 3", 3, "exit code 3"),
        ("kill -KILL $$", -9, "SIGKILL"),
        ("kill -SEGV $$", -11, "SIGSEGV"),
        ("echo 'ValueError: too small'; exit 1", 1, "ValueError: too small"),
        ("no-such-program", 127, "No such command: no-such-program"),
    ],
)
def test_a_command_that_fails_says_how(command: str, code: int, words: str) -> None:
    run = end(kit.start(kit.shell(command)))
    assert (run.status, run.exit_code) == ("failed", code)
    assert run.reason is not None and words in run.reason


def test_a_program_or_folder_that_is_not_there_fails_with_its_name() -> None:
    run = end(kit.start(StepRecord(("/bin/true",), "/no/such/folder", "true")))
    assert run.status == "failed" and "/no/such/folder" in (run.reason or "")


def test_steps_run_one_after_the_other_and_the_first_failure_ends_them() -> None:
    run_id = kit.start(kit.shell("echo one"), kit.shell("echo two; exit 5"), kit.shell("echo three"))
    run = end(run_id)
    assert kit.output(run_id).split() == ["one", "two"]
    assert run.exit_code == 5 and "step 2 of 3" in (run.reason or "")


def test_a_wait_between_steps_is_waited(tmp_path: Path) -> None:
    run_id = kit.start(
        kit.shell("date +%s.%N"), StepRecord((), "/tmp", "wait 0.4 s", "wait", 0.4), kit.shell("date +%s.%N")
    )
    end(run_id)
    first, second = map(float, kit.output(run_id).split())
    assert second - first >= 0.4


def test_what_a_step_leaves_in_the_background_lives_until_the_run_ends(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    run_id = kit.start(
        kit.shell("sleep 1000 & (setsid sleep 1001 &)"), kit.shell(f"until [ -e {flag} ]; do sleep 0.02; done")
    )
    wait_for(lambda: listing.load(run_id).step == 1)
    assert len(kit.processes(run_id)) >= 4, "two sleeps, the wrapper and the second step"
    flag.touch()
    assert end(run_id).status == "completed"


def test_the_environment_of_a_step_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/tmp/shared")
    monkeypatch.setenv("VLLM_PORT", "1234")
    run_id = kit.start(kit.shell("env"), env={"MODEL": "x y"})
    end(run_id)
    env = dict(line.split("=", 1) for line in kit.output(run_id).splitlines() if "=" in line)
    assert "PROMETHEUS_MULTIPROC_DIR" not in env and "VLLM_PORT" not in env
    assert env["MODEL"] == "x y" and env["RUN_ID"] == run_id
    assert env["RUN_DIR"] == paths.RunPaths.of(run_id).folder


def test_a_signal_that_the_supervisor_ignores_is_not_ignored_by_the_run() -> None:
    run_id = kit.start(kit.shell("grep SigIgn /proc/self/status"))
    end(run_id)
    ignored = int(kit.output(run_id).split()[1], 16)
    assert ignored & (1 << 0 | 1 << 1 | 1 << 12) == 0, "SIGHUP, SIGINT, SIGPIPE"


def test_a_server_becomes_ready_serves_and_is_terminated() -> None:
    run_id, port = kit.start_server("--ready-after", "0.3")
    assert not listing.load(run_id).ready
    run = wait_for(lambda: kit.ready(run_id))
    assert run is not None and run.served_names == ("tiny",) and run.url == f"http://127.0.0.1:{port}"
    names = [mark.name for mark in run.phases]
    assert names[0] == "imports" and names[-1] == "ready" and names == sorted(names, key=names.index)
    assert all(mark.ended is not None for mark in run.phases)
    control.terminate(run_id)
    run = end(run_id)
    assert run.status == "terminated" and not run.ready
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_a_server_that_ends_by_itself_has_failed_even_with_exit_code_0() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    server = [pid for pid in kit.processes(run_id) if "python" in Path(f"/proc/{pid}/comm").read_text()]
    os.kill(server[0], 15)
    run = end(run_id)
    assert (run.status, run.exit_code) == ("failed", 0)
    assert "nobody asked" in (run.reason or "")


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace() -> None:
    run_id = kit.start(kit.shell("trap '' TERM; echo up; while :; do sleep 0.1; done"), grace_s=0.5)
    wait_for(lambda: "up" in kit.output(run_id))
    began = time.monotonic()
    control.terminate(run_id)
    assert end(run_id).status == "terminated"
    assert 0.5 <= time.monotonic() - began < 5.5


def test_force_does_not_wait_for_the_grace() -> None:
    run_id = kit.start(kit.shell("trap '' TERM; echo up; while :; do sleep 0.1; done"), grace_s=600)
    wait_for(lambda: "up" in kit.output(run_id))
    control.terminate(run_id)
    wait_for(lambda: listing.load(run_id).status == "stopping")
    began = time.monotonic()
    control.terminate(run_id, force=True)
    assert end(run_id).status == "terminated"
    assert time.monotonic() - began < 5


def test_a_script_does_not_go_on_when_its_server_is_stopped() -> None:
    run_id = kit.start(kit.shell("echo up; sleep 1000; echo AFTER"))
    wait_for(lambda: "up" in kit.output(run_id))
    control.terminate(run_id)
    end(run_id)
    assert "AFTER" not in kit.output(run_id)


def test_a_run_can_be_terminated_before_it_does_anything() -> None:
    run_id = kit.start(kit.shell("sleep 1000"))
    control.terminate(run_id)
    assert end(run_id).status == "terminated"


def test_on_failure_restarts_so_often_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = kit.start(kit.shell("echo attempt; exit 1"), restart="on-failure", restart_max=1)
    run = end(run_id)
    assert (run.status, run.restarts) == ("failed", 1)
    assert kit.output(run_id).split() == ["attempt", "attempt"]


def test_a_restart_by_request_keeps_id_port_and_log() -> None:
    run_id, _ = kit.start_server()
    first = wait_for(lambda: kit.ready(run_id))
    assert first is not None
    control.restart(run_id)
    run = wait_for(lambda: ((r := listing.load(run_id)).restarts == 1 and r.ready and r) or None)
    assert run is not None and run.url == first.url and not set(run.pids) & set(first.pids)
    assert kit.output(run_id).count("Application startup complete") == 2
    control.terminate(run_id)
    assert end(run_id).status == "terminated"
    control.restart(run_id)
    assert wait_for(lambda: kit.ready(run_id))
    control.terminate(run_id)
    end(run_id)


def test_termination_protection_keeps_a_run_idle() -> None:
    run_id = kit.start(kit.shell("sleep 1000 & exit 4"), keep_idle=True)
    run = wait_for(lambda: ((r := listing.load(run_id)).status == "idle" and r) or None)
    assert run is not None and run.exit_code == 4 and kit.processes(run_id)
    control.terminate(run_id)
    assert end(run_id).status == "terminated"


def test_an_interactive_run_ends_with_its_max_runtime() -> None:
    run_id = kit.start(type="interactive", keep_idle=True, max_runtime_s=0.3)
    run = end(run_id)
    assert run.status == "terminated" and "max_runtime" in (run.reason or "")


def test_secrets_reach_the_step_and_no_file_but_theirs() -> None:
    from launcher.runs import secrets

    run = paths.RunPaths.of("000000000001")
    Path(run.folder).mkdir(parents=True)
    secrets.write(run.secrets, {"HF_TOKEN": 'a"b=c\n d'})
    assert secrets.read(run.secrets) == {"HF_TOKEN": 'a"b=c\n d'}
    assert Path(run.secrets).stat().st_mode & 0o777 == 0o600
