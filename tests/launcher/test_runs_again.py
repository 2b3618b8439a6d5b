"""Runs that start again: by request, by policy, under a new supervisor. Real supervisors on short commands."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.clusters.local import LocalCluster
from launcher.errors import UsageError
from launcher.runs import asking, control, files, intent, listing, process, record, reserve, tree, verdict
from launcher.runs.record import RunRecord, StepRecord
from launcher.runs.state import State
from launcher.runs.view import RunView


def end(run_id: str) -> RunView:
    run = wait_for(lambda: kit.ended(run_id), what="the end of the run")
    assert run is not None
    wait_for(lambda: not listing.supervised(paths.RunPaths(run.folder)), what="the end of the supervisor")
    assert not Path(paths.RunPaths(run.folder).supervisor_log).read_text()
    return run


def adopt(run_id: str) -> None:
    LocalCluster().launch(paths.RunPaths.of(run_id).folder, "adopt")


def kill_supervisor(run_id: str) -> None:
    os.kill(kit.supervisor(run_id), signal.SIGKILL)
    wait_for(lambda: not listing.supervised(paths.RunPaths.of(run_id)), what="the lock to be free")


def events(run_id: str, kind: str) -> list[str]:
    return [event.text for event in control.events(run_id) if event.kind == kind]


def test_a_restart_asked_for_while_the_run_stops_is_not_forgotten() -> None:
    run_id = kit.start(kit.shell("trap '' TERM; echo up; while :; do sleep 0.05; done"), grace_s=1.0)
    wait_for(lambda: "up" in kit.output(run_id))
    control.terminate(run_id)
    wait_for(lambda: listing.load(run_id).status == "stopping")
    control.restart(run_id)
    wait_for(lambda: listing.load(run_id).restarts == 1 and kit.output(run_id).count("up") == 2)
    control.terminate(run_id, force=True)
    assert end(run_id).status == "terminated"


def test_a_stop_asked_for_while_the_run_restarts_is_not_forgotten() -> None:
    run_id = kit.start(kit.shell("trap '' TERM; echo up; while :; do sleep 0.05; done"), grace_s=1.0)
    wait_for(lambda: "up" in kit.output(run_id))
    control.restart(run_id)
    wait_for(lambda: listing.load(run_id).status == "stopping")
    control.terminate(run_id)
    assert end(run_id).status == "terminated" and kit.output(run_id).count("up") == 1


def test_two_restarts_at_once_leave_one_run_that_runs() -> None:
    run_id = kit.start(kit.shell("echo up; sleep 60"))
    wait_for(lambda: "up" in kit.output(run_id))
    threads = [threading.Thread(target=control.restart, args=(run_id,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: kit.output(run_id).count("up") == 1 + listing.load(run_id).restarts > 1)
    assert listing.load(run_id).status == "running"


def test_a_run_that_ended_meanwhile_does_not_swallow_the_restart() -> None:
    run_id = kit.start(kit.shell("true"))
    seen = end(run_id)
    stale = seen._replace(status="running", ended=None)
    assert not asking.ask(stale, intent.Intent("restart", at=time.time()), answer_s=5)
    assert end(run_id).status == "completed"


@pytest.mark.parametrize("command, status", [("true", "completed"), ("exit 3", "failed")])
def test_nobody_takes_over_what_has_ended(command: str, status: str) -> None:
    """Somebody saw the run live, then its lock free: it had ended between the two looks."""
    run_id = kit.start(kit.shell(command))
    before = end(run_id)
    process.run(process.supervisor_argv(paths.RunPaths.of(run_id).folder, "adopt"), timeout_s=30)
    assert (before.status, listing.load(run_id)) == (status, before)
    assert events(run_id, "supervisor") == []


def test_a_supervisor_killed_in_the_pause_before_the_next_try_is_replaced_and_tries() -> None:
    run_id = kit.start(kit.shell("echo up; exit 4"), restart="on-failure", restart_max=1)
    wait_for(lambda: listing.load(run_id).status == "pending" and kit.output(run_id).count("up") == 1)
    kill_supervisor(run_id)
    adopt(run_id)
    run = end(run_id)
    assert (run.status, run.exit_code, run.restarts) == ("failed", 4, 1)
    assert kit.output(run_id).count("up") == 2


def test_a_supervisor_killed_in_a_wait_step_is_replaced_and_goes_on() -> None:
    run_id = kit.start(kit.shell("echo one"), StepRecord((), "/tmp", "wait 1 s", "wait", 1.0), kit.shell("echo two"))
    wait_for(lambda: listing.load(run_id).step == 1)
    kill_supervisor(run_id)
    adopt(run_id)
    assert end(run_id).status == "completed"
    assert kit.output(run_id).split() == ["one", "two"]


def imported(tmp_path: Path, command: str) -> tuple[str, Path]:
    """A run of git clone and a command in the clone; its id and where the clone is."""
    source = tmp_path / "source"
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    for words in (("init", "-q", str(source)), ("-C", str(source), *who, "commit", "-q", "--allow-empty", "-m", "x")):
        subprocess.run(["git", *words], check=True, timeout=60)
    with reserve.lock():
        run_id = reserve.new_id()
        run = paths.RunPaths.of(run_id)
        target = Path(run.work) / "code"
        steps = (
            StepRecord(("git", "clone", "-q", "--", str(source), str(target)), run.work, "git clone", "import"),
            StepRecord(("/bin/bash", "-c", command), str(target), command),
        )
        made = RunRecord(id=run_id, name="x", created=time.time(), steps=steps)
        files.write_atomic(run.manifest, b"name: x\n")
        files.write_json(run.record, record.to_json(made))
        LocalCluster().launch(run.folder, "start")
    return run_id, target


def test_what_was_imported_is_there_when_a_run_starts_again(tmp_path: Path) -> None:
    run_id, target = imported(tmp_path, "echo step; test -d .git && echo mine >> made")
    assert end(run_id).status == "completed"
    for count in (2, 3):
        control.restart(run_id)
        wait_for(lambda count=count: kit.output(run_id).count("step") == count)  # type: ignore[misc]
        assert end(run_id).status == "completed", kit.output(run_id)
        assert (target / "made").read_text() == "mine\n" * count


def test_an_import_that_was_cut_off_is_fetched_again(tmp_path: Path) -> None:
    run_id, target = imported(tmp_path, "echo step")
    assert end(run_id).status == "completed"
    Path(paths.RunPaths.of(run_id).exit_code(0, 0)).unlink()  # as a SIGKILL in the middle of it leaves things
    (target / "half").touch()
    control.restart(run_id)
    wait_for(lambda: kit.output(run_id).count("step") == 2)
    assert end(run_id).status == "completed"
    assert not (target / "half").exists() and (target / ".git").is_dir()


@pytest.mark.parametrize(
    "status, wanted, tries, pause",
    [
        ("failed", None, 0, 1.0),
        ("failed", None, 1, 2.0),
        ("failed", None, 2, None),
        ("failed", "stop", 0, None),
        ("terminated", "restart", 2, 0.0),
        ("completed", None, 0, None),
    ],
)
def test_when_a_run_starts_again(status: str, wanted: str | None, tries: int, pause: float | None) -> None:
    stand = State()
    stand.wanted, stand.tries, stand.restarts = wanted, tries, 99
    made = RunRecord("1", "x", 0.0, restart="on-failure", restart_max=2)
    assert verdict.pause(made, stand, status) == pause


def test_restarts_by_request_take_no_try_from_the_policy() -> None:
    run_id = kit.start(kit.shell("echo up; sleep 60"), restart="on-failure", restart_max=1)
    for count in (1, 2):
        wait_for(lambda count=count: kit.output(run_id).count("up") == count)  # type: ignore[misc]
        control.restart(run_id)
    wait_for(lambda: kit.output(run_id).count("up") == 3)
    for pid in kit.processes(run_id):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: kit.output(run_id).count("up") == 4, what="the try that the policy allows")


def test_the_record_of_a_lost_run_stays_while_its_processes_live() -> None:
    run_id = kit.start(kit.shell("echo up; sleep 60"))
    wait_for(lambda: "up" in kit.output(run_id))
    kill_supervisor(run_id)
    Path(paths.RunPaths.of(run_id).record).write_text("{")
    assert listing.load(run_id).status == "lost"
    with pytest.raises(UsageError) as refused:
        control.delete(run_id)
    assert all(str(pid) in refused.value.fix for pid in kit.processes(run_id))
    for pid in kit.processes(run_id):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not kit.processes(run_id))
    control.delete(run_id)
    assert not os.path.exists(paths.RunPaths.of(run_id).folder)


def test_threads_that_write_one_file_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def write(word: bytes) -> None:
        try:
            for _ in range(300):
                files.write_atomic(str(tmp_path / "intent.json"), word)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(bytes([65 + n]),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and os.listdir(tmp_path) == ["intent.json"]


def test_a_supervisor_whose_folder_was_removed_still_stops_the_run_and_ends() -> None:
    run_id = kit.start(kit.shell("echo up; sleep 60"))
    wait_for(lambda: "up" in kit.output(run_id))
    pid, start = kit.supervisor(run_id), tree.look(kit.supervisor(run_id))
    shutil.rmtree(paths.RunPaths.of(run_id).folder)
    os.kill(pid, signal.SIGTERM)
    assert start is not None
    wait_for(lambda: not tree.alive(pid, start.start), what="the end of the supervisor")
    assert kit.processes(run_id) == []


def test_the_clone_of_a_run_from_a_pipe_starts_in_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "word").write_text("found")
    monkeypatch.chdir(tmp_path / "here")
    first = control.create("name: x\nresources: {gpus: 0}\nrun: cat word\n", file="")
    monkeypatch.chdir(tmp_path)
    again = control.clone(control.clone(first.id).id)
    assert end(again.id).status == "completed" and "found" in kit.output(again.id)
    assert control.recent_manifests() == ()
    end(first.id)
