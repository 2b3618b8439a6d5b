"""The target file of a run: there while its server is, gone when it is gone for good, swept when nobody removes it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import runs_kit as kit
from standin import StandIn
from waiting import wait_for

from launcher import paths
from launcher.fleet import Fleet
from launcher.prometheus import target_file
from launcher.prometheus.target_file import CHECK_S, GONE_AFTER_S, TargetFile, sweep
from launcher.runs import control, listing
from launcher.runs.state import State
from launcher.runs.view import Endpoint, RunView

ID = "000000000042"
VIEW = RunView(
    ID, "qwen", served_names=("qwen3",), endpoints=(Endpoint("vllm", "http", "http://127.0.0.1:8000", 8000),)
)


class Bench:
    """A target file, the state it follows, and a clock."""

    def __init__(self) -> None:
        self.state = State()
        self.state.status, self.state.ready, self.state.served, self.state.server_port = "running", True, True, 8000
        self.view = VIEW
        self.now = 1000.0
        self.path = Path(paths.RunPaths.of(ID).prometheus_target())
        self.file = TargetFile(paths.RunPaths.of(ID), lambda: self.view)

    def after(self, seconds: float, **fields: Any) -> bool:
        """Whether the file is there after that time and those changes."""
        for name, value in fields.items():
            setattr(self.state, name, value)
        self.now += seconds
        self.file.follow(self.state, self.now)
        return self.path.exists()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_ready_writes_it_and_stopping_removes_it(bench: Bench) -> None:
    assert not bench.after(0, ready=False, served=False)
    assert bench.after(1, ready=True, served=True)
    assert json.loads(bench.path.read_text())[0]["labels"]["run"] == ID
    assert bench.path.stat().st_mode & 0o077 == 0 and bench.path.parent.stat().st_mode & 0o077 == 0
    assert not bench.after(0.1, ready=False, status="stopping")
    assert list(bench.path.parent.iterdir()) == []


def test_a_slow_server_keeps_it_and_one_that_hangs_for_good_does_not(bench: Bench) -> None:
    assert bench.after(0)
    assert bench.after(GONE_AFTER_S - 1, ready=False)
    assert not bench.after(2)
    assert bench.after(1, ready=True), "it came back"


def test_a_restart_removes_it_until_the_next_server_is_ready(bench: Bench) -> None:
    assert bench.after(0)
    assert not bench.after(1, status="pending", ready=False)
    assert not bench.after(1, status="running", served=False)
    assert bench.after(1, ready=True, served=True)


def test_it_is_written_again_when_somebody_removed_it(bench: Bench) -> None:
    assert bench.after(0)
    bench.path.unlink()
    assert bench.after(CHECK_S + 0.1)


def test_another_port_or_model_is_another_target(bench: Bench) -> None:
    assert bench.after(0)
    bench.view = VIEW._replace(served_names=("other",))
    assert bench.after(0.1, served_names=["other"])
    assert json.loads(bench.path.read_text())[0]["labels"]["model"] == "other"


def test_what_an_earlier_supervisor_left_is_removed_when_nothing_serves(bench: Bench) -> None:
    bench.path.parent.mkdir(parents=True)
    bench.path.write_text("[]")
    assert not bench.after(0, ready=False, served=False)


def test_a_run_that_serves_no_model_gets_none(bench: Bench) -> None:
    bench.view = VIEW._replace(served_names=())
    assert not bench.after(0)


def test_a_disk_that_refuses_is_counted_and_asked_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(target_file.files, "write_atomic", full)
        assert not bench.after(0)
        assert not bench.after(0.1)
        assert (bench.file.faults.count, bench.file.faults.last) == (1, "prometheus target: No space left on device")
        assert not bench.after(CHECK_S + 0.1)
        assert bench.file.faults.count == 2
    assert bench.after(CHECK_S + 0.1)


def targets() -> list[str]:
    try:
        return sorted(os.listdir(paths.prometheus_targets()))
    except FileNotFoundError:
        return []


def test_a_sweep_takes_what_belongs_to_no_live_run() -> None:
    folder = Path(paths.prometheus_targets())
    assert sweep(()) == 0, "no folder, nothing to sweep"
    folder.mkdir(parents=True)
    for name in (
        f"{ID}.json",
        "000000000043.json",
        "000000000044.json.7.9.tmp",
        "000000000045.json.7.9.tmp",
        "mine.json",
    ):
        (folder / name).write_text("[]")
    os.utime(folder / "000000000044.json.7.9.tmp", (0, 0))
    assert sweep({ID}) == 2
    assert targets() == [f"{ID}.json", "000000000045.json.7.9.tmp", "mine.json"]


def test_the_file_of_a_real_run_comes_and_goes() -> None:
    run_id, port = kit.start_server("--ready-after", "0.3")
    assert targets() == []
    wait_for(lambda: targets() == [f"{run_id}.json"], what="the target of the ready server")
    assert listing.load(run_id).ready
    (found,) = json.loads(Path(paths.RunPaths.of(run_id).prometheus_target()).read_text())
    assert found["targets"] == [f"127.0.0.1:{port}"] and found["labels"]["model"] == "tiny"
    control.terminate(run_id)
    wait_for(lambda: targets() == [], what="the target to be gone")
    wait_for(lambda: kit.ended(run_id))


def test_a_server_that_ends_by_itself_takes_its_target_along() -> None:
    run_id, _ = kit.start_server("--exit-after", "0.5")
    wait_for(lambda: targets() == [f"{run_id}.json"])
    wait_for(lambda: kit.ended(run_id))
    wait_for(lambda: targets() == [])


def test_a_killed_supervisor_leaves_it_and_the_next_one_keeps_it_true() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: targets() == [f"{run_id}.json"])
    os.kill(kit.supervisor(run_id), signal.SIGKILL)
    wait_for(lambda: not listing.supervised(paths.RunPaths.of(run_id)))
    fleet = Fleet()
    fleet.poll()
    assert targets() == [f"{run_id}.json"], "the run lives: its target is true"
    control.terminate(run_id)
    wait_for(lambda: kit.ended(run_id))
    wait_for(lambda: targets() == [])


def test_what_a_dead_run_left_is_swept_by_the_fleet() -> None:
    run_id, _ = kit.start_server()
    wait_for(lambda: targets() == [f"{run_id}.json"])
    os.kill(kit.supervisor(run_id), signal.SIGKILL)
    wait_for(lambda: not listing.supervised(paths.RunPaths.of(run_id)))
    for pid in kit.processes(run_id):
        os.kill(pid, signal.SIGKILL)
    fleet = Fleet()
    wait_for(lambda: fleet.poll().run(run_id) is not None and targets() == [], what="the sweep")
    run = wait_for(lambda: kit.ended(run_id))
    assert run is not None and run.status == "lost"


def test_the_target_of_a_deleted_run_is_swept_by_the_fleet() -> None:
    folder = Path(paths.prometheus_targets())
    folder.mkdir(parents=True)
    (folder / f"{ID}.json").write_text("[]")
    Path(paths.runs_dir()).mkdir()
    Fleet().poll()
    assert targets() == []


def test_an_attached_server_is_a_target_until_it_is_detached() -> None:
    with StandIn(model="tiny") as server:
        run = control.attach(server.url, name="far")
        path = Path(paths.RunPaths.of(run.id).prometheus_target())
        wait_for(path.exists, what="the target of the attached server")
        (found,) = json.loads(path.read_text())
        assert found["targets"] == [f"127.0.0.1:{server.port}"] and found["labels"]["name"] == "far"
        control.delete(run.id)
        wait_for(lambda: targets() == [])


def test_an_attached_server_whose_key_nobody_gave_is_a_target_too() -> None:
    """Its ``/metrics`` is open."""
    with StandIn(model="tiny", api_key="s3cret") as server:
        run = control.attach(server.url)
        path = Path(paths.RunPaths.of(run.id).prometheus_target())
        wait_for(path.exists, what="the target of the attached server")
        labels = json.loads(path.read_text())[0]["labels"]
        assert labels["run"] == run.id and "model" not in labels
        control.delete(run.id)
