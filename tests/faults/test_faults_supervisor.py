"""Real signals: the supervisor dies, the files are damaged, the disk is full. The run goes on and is told true."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.clusters.base import Holdings
from launcher.errors import VdeckError
from launcher.fleet import Fleet
from launcher.runs import adopt, control, listing, reserve
from launcher.runs.view import RunView

pytestmark = pytest.mark.faults


def kill_supervisor(run_id: str) -> int:
    pid = kit.supervisor(run_id)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not listing.supervised(paths.RunPaths.of(run_id)), what="the lock to be free")
    return pid


def adopted(run_id: str) -> RunView:
    """Poll as a screen does until a new supervisor holds the run."""
    fleet = Fleet()
    old = listing.load(run_id).supervisor

    def look() -> RunView | None:
        run = fleet.poll().run(run_id)
        assert run is not None
        held = listing.supervised(paths.RunPaths(run.folder))
        return run if held and run.supervisor != old else None

    found = wait_for(look, what="the adoption")
    assert found is not None
    return found


def end(run_id: str) -> RunView:
    run = wait_for(lambda: kit.ended(run_id), what="the end of the run")
    assert run is not None and kit.processes(run_id) == []
    return run


def test_a_killed_supervisor_is_replaced_and_the_server_never_notices() -> None:
    run_id, _ = kit.start_server()
    before = wait_for(lambda: kit.ready(run_id))
    assert before is not None
    kill_supervisor(run_id)
    assert kit.processes(run_id) == sorted(before.pids) or kit.processes(run_id)
    run = adopted(run_id)
    assert run.ready or wait_for(lambda: kit.ready(run_id))
    assert run.started == before.started and run.ready_at == before.ready_at
    control.terminate(run_id)
    assert end(run_id).status == "terminated"


def test_the_exit_of_an_adopted_server_is_seen_with_its_code() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    kill_supervisor(run_id)
    adopted(run_id)
    python = [pid for pid in kit.processes(run_id) if "python" in Path(f"/proc/{pid}/comm").read_text()]
    os.kill(python[0], signal.SIGKILL)
    run = end(run_id)
    assert (run.status, run.exit_code) == ("failed", -9)


def test_an_exit_that_nobody_supervised_is_found_afterwards() -> None:
    run_id = kit.start(kit.shell("while [ ! -e $RUN_DIR/go ]; do sleep 0.02; done; exit 7"))
    wait_for(lambda: len(kit.processes(run_id)) > 1)
    wait_for(lambda: listing.load(run_id).step == 0)
    kill_supervisor(run_id)
    Path(paths.RunPaths.of(run_id).folder, "go").touch()
    wait_for(lambda: not kit.processes(run_id))
    Fleet().poll()
    run = end(run_id)
    assert (run.status, run.exit_code) == ("failed", 7)


def test_terminate_works_on_a_run_without_a_supervisor() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    kill_supervisor(run_id)
    control.terminate(run_id)
    assert end(run_id).status == "terminated"


def test_a_supervisor_killed_in_the_middle_of_a_stop_is_followed_by_one_that_ends_it() -> None:
    run_id = kit.start(kit.shell("trap '' TERM; echo up; while :; do sleep 0.1; done"), grace_s=1.0)
    wait_for(lambda: "up" in kit.output(run_id))
    control.terminate(run_id)
    wait_for(lambda: listing.load(run_id).status == "stopping")
    kill_supervisor(run_id)
    adopted(run_id)
    assert end(run_id).status == "terminated"


def test_what_left_the_tree_by_a_double_fork_is_found_by_the_second_supervisor() -> None:
    run_id = kit.start(kit.shell("(setsid sleep 1000 &) ; (setsid setsid sleep 1001 &) ; sleep 1002"))
    wait_for(lambda: len(kit.processes(run_id)) >= 4)
    wait_for(lambda: listing.load(run_id).step == 0)
    kill_supervisor(run_id)
    adopted(run_id)
    control.terminate(run_id, force=True)
    end(run_id)


def test_a_run_of_which_nothing_is_left_is_lost() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    kill_supervisor(run_id)
    for pid in kit.processes(run_id):
        os.kill(pid, signal.SIGKILL)
    Fleet().poll()
    run = end(run_id)
    assert run.status == "lost" and "gone" in (run.reason or "")


def test_many_who_see_a_dead_supervisor_start_one() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    kill_supervisor(run_id)
    for _ in range(5):
        adopt.adopt(listing.load(run_id))
    run = paths.RunPaths.of(run_id)
    wait_for(lambda: listing.supervised(run))
    mark = run.folder.encode()

    def supervisors() -> list[str]:
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark in words and b"vdeck-supervisor" in words:
                found.append(pid)
        return found

    wait_for(lambda: len(supervisors()) == 1)
    control.terminate(run_id)
    end(run_id)


def test_a_damaged_state_is_written_again_by_a_living_supervisor() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    Path(paths.RunPaths.of(run_id).state).write_text('{"status": "run')
    run = listing.load(run_id)
    assert run.status == "lost" and run.reason == "state.json is damaged" and run.name == "test"
    wait_for(lambda: kit_ready_again(run_id), what="the state to be written again")
    control.terminate(run_id)
    end(run_id)


def kit_ready_again(run_id: str) -> bool:
    run = listing.load(run_id)
    return run.live and run.ready


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\0\xff\xfe", b'{"status": 3, "pids": "x", "phases": [[1]]}'])
def test_a_damaged_state_and_a_dead_supervisor_is_rebuilt_from_the_processes(damage: bytes) -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    kill_supervisor(run_id)
    Path(paths.RunPaths.of(run_id).state).write_bytes(damage)
    listing.load(run_id)
    adopted(run_id)
    wait_for(lambda: kit_ready_again(run_id))
    control.terminate(run_id)
    assert end(run_id).status == "terminated"


@pytest.mark.parametrize("name", ["run.json", "state.json", "events.jsonl", "intent.json", "secrets.env"])
@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff\xfe\0", b'{"id": 5}'])
def test_no_damage_to_a_file_of_an_ended_run_hurts_more_than_that_run(name: str, content: bytes) -> None:
    run_id = kit.start(kit.shell("true"), name="hurt")
    other = kit.start(kit.shell("true"), name="whole")
    wait_for(lambda: kit.ended(run_id))
    wait_for(lambda: kit.ended(other))
    Path(paths.RunPaths.of(run_id).folder, name).write_bytes(content)
    snapshot = Fleet().poll()
    assert {run.id for run in snapshot.runs} == {run_id, other}
    whole = snapshot.run(other)
    assert whole is not None and whole.status == "completed"
    control.events(run_id)
    with reserve.lock():
        assert reserve.holdings() == Holdings({}, {})


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder on a disk of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"a small disk needs the right to mount: {made.stderr.strip()}")
    monkeypatch.setenv("VDECK_HOME", str(disk / "home"))
    try:
        yield disk
    finally:
        (disk / "filler").unlink(missing_ok=True)
        for run_id in listing.run_ids():
            for pid in kit.processes(run_id):
                os.kill(pid, signal.SIGKILL)
        wait_for(
            lambda: subprocess.run(["umount", str(disk)], capture_output=True).returncode == 0,
            what="the small disk to be free",
        )


def fill(disk: Path) -> None:
    with (disk / "filler").open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def test_a_full_disk_does_not_end_a_run_and_is_said(small_disk: Path) -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    fill(small_disk)
    with pytest.raises(VdeckError, match="No space left") as caught:
        control.terminate(run_id)
    assert "free space" in caught.value.fix
    python = [pid for pid in kit.processes(run_id) if "python" in Path(f"/proc/{pid}/comm").read_text()]
    os.kill(python[0], signal.SIGKILL)
    wait_for(lambda: not kit.processes(run_id))
    assert listing.load(run_id).status == "running", "nothing new could be written"
    (small_disk / "filler").unlink()
    run = end(run_id)
    assert run.status == "failed" and run.exit_code == -9
    assert [event.text for event in control.events(run_id)][-1].startswith("failed")


def test_nothing_is_left_of_a_run_that_could_not_be_made(small_disk: Path) -> None:
    kit.start(kit.shell("true"))
    fill(small_disk)
    before = set(listing.run_ids())
    with pytest.raises((VdeckError, OSError)):
        control.create("name: x\nrun: echo hi\n")
    assert set(listing.run_ids()) == before


def test_the_supervisor_ends_the_run_when_it_is_asked_to_end() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    os.kill(kit.supervisor(run_id), signal.SIGTERM)
    run = end(run_id)
    assert run.status == "terminated" and "SIGTERM" in (run.reason or "")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGPIPE])
def test_other_signals_do_not_end_the_supervisor(number: int) -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    pid = kit.supervisor(run_id)
    for _ in range(3):
        os.kill(pid, number)
        time.sleep(0)
    control.terminate(run_id)
    assert end(run_id).status == "terminated"
