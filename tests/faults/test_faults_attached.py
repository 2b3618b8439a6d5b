"""An attached run survives the death of its supervisor, also in an outage, and its server never notices."""

from __future__ import annotations

import os
import signal
import time

import attach_kit as kit
import pytest
import runs_kit
from waiting import wait_for

from launcher import paths
from launcher.fleet import Fleet
from launcher.metrics.history import History
from launcher.runs import adopt, control, listing
from launcher.runs.view import RunView

pytestmark = pytest.mark.faults


def adopted(run_id: str, old: int | None) -> RunView:
    fleet = Fleet()

    def look() -> RunView | None:
        run = fleet.poll().run(run_id)
        assert run is not None
        return run if run.supervisor != old and listing.supervised(paths.RunPaths(run.folder)) else None

    run = wait_for(look, what="the adoption")
    assert run is not None
    return run


def test_a_killed_supervisor_is_replaced_and_the_recording_goes_on() -> None:
    port = runs_kit.free_port()
    with kit.process(port) as server:
        run = control.attach(f"http://127.0.0.1:{port}", check=False)
        before = kit.ready(run.id)
        history = History(paths.RunPaths(run.folder).metrics)
        wait_for(lambda: history.refresh() and history.latest_ms)
        kit.kill_supervisor(run.id)
        killed_ms = int(time.time() * 1000)
        after = adopted(run.id, before.supervisor)
        assert (after.status, after.started, after.ready_at) == ("running", before.started, before.ready_at)
        assert kit.ready(run.id).served_names == ("tiny",)
        wait_for(lambda: history.refresh() and (history.latest_ms or 0) > killed_ms, what="a sample after the kill")
        assert after.restarts == 0 and server.poll() is None
        control.delete(run.id)
        assert server.poll() is None


def test_a_supervisor_killed_during_an_outage_is_replaced_by_one_that_waits() -> None:
    port = runs_kit.free_port()
    run = control.attach(f"http://127.0.0.1:{port}", check=False)
    before = kit.not_ready(run.id, "connection refused")
    kit.kill_supervisor(run.id)
    assert adopted(run.id, before.supervisor).status == "running"
    with kit.process(port):
        kit.ready(run.id)


def test_many_who_see_it_start_one_supervisor() -> None:
    run = control.attach(f"http://127.0.0.1:{runs_kit.free_port()}", check=False)
    before = kit.not_ready(run.id, "connection refused")
    kit.kill_supervisor(run.id)
    for _ in range(4):
        adopt.adopt(listing.load(run.id))
    adopted(run.id, before.supervisor)
    wait_for(lambda: len(_supervisors(run.folder)) == 1, what="one supervisor to be left")


def test_a_supervisor_that_does_not_answer_is_told_and_nothing_is_half_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    from launcher.errors import VdeckError
    from launcher.runs import asking

    monkeypatch.setattr(asking, "DETACH_S", 0.3)
    run = control.attach(f"http://127.0.0.1:{runs_kit.free_port()}", check=False)
    pid = kit.not_ready(run.id, "connection refused").supervisor
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(VdeckError, match="is busy"):
            control.delete(run.id)
        assert os.path.exists(paths.RunPaths(run.folder).record)
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: listing.load(run.id).status == "terminated")
    control.delete(run.id)
    assert not os.path.exists(run.folder)


def _supervisors(folder: str) -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if folder.encode() in words and b"vdeck-supervisor" in words:
            found.append(pid)
    return found
