"""A real supervisor that watches a server which vdeck did not start: it is told true, and never touched."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import attach_kit as kit
import pytest
import runs_kit
import selfsigned
from standin import StandIn
from waiting import wait_for

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.fleet import Fleet
from launcher.metrics.history import History
from launcher.runs import attach, control, files, listing, record, reserve
from launcher.runs.record import Probe
from launcher.runs.view import to_json
from launcher.serving.client import ChatClient, Delta


def kinds(run_id: str) -> list[str]:
    return [event.kind for event in control.events(run_id)]


def test_what_is_attached_is_watched_and_told() -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(f"{server.url}/v1/", name="prod")
        assert (run.name, run.type, run.status, run.phase, run.pids) == ("prod", "attached", "running", None, ())
        assert (run.url, run.attached, run.served_names) == (server.url, server.url, ("tiny",))
        assert (run.engine, run.model, run.manifest) == ("0.33.0", "tiny", None)
        assert dict(run.facts) == {"max_model_len": "4096"}
        document = to_json(run)
        assert document["attached"] == server.url and document["type"] == "attached" and document["pids"] == []
        history = History(paths.RunPaths(run.folder).metrics)
        wait_for(lambda: history.refresh() and history.latest_ms, what="a recorded sample")
        assert kinds(run.id)[:3] == ["attached", "status", "ready"]
        assert not Path(paths.RunPaths(run.folder).supervisor_log).read_text()


def test_the_name_is_host_and_port_unless_one_is_given() -> None:
    with StandIn(model="tiny") as server:
        assert kit.attach(server.url).name == f"127.0.0.1:{server.port}"


def test_a_run_of_our_own_is_attached_to_nothing() -> None:
    run_id = runs_kit.start(runs_kit.shell("true"))
    assert to_json(listing.load(run_id))["attached"] is None


def test_a_server_goes_and_comes_back_and_its_restart_is_marked() -> None:
    port = runs_kit.free_port()
    with kit.process(port):
        run = control.attach(f"http://127.0.0.1:{port}", check=False)
        first = kit.ready(run.id)
        history = History(paths.RunPaths(run.folder).metrics)
        wait_for(lambda: history.refresh() and history.latest_ms)
    gone = kit.not_ready(run.id, "connection refused")
    assert gone.status == "running" and gone.live
    with kit.process(port, "--served-model-name", "other"):
        back = kit.ready(run.id, restarts=1)
        assert back.served_names == ("other",)
        assert (back.ready_at or 0) > (first.ready_at or 0)
        wait_for(history.refresh)
    window = history.window(0, int(time.time() * 1000))
    marks = [event.ms for event in window.events if event.kind == "restart"]
    assert len(marks) == 1 and kinds(run.id).count("restart") == 1
    assert [ms for ms in window.times if ms < marks[0]] and [ms for ms in window.times if ms > marks[0]]


def test_a_restart_that_nobody_saw_is_told_by_the_next_supervisor() -> None:
    port = runs_kit.free_port()
    with kit.process(port):
        run = control.attach(f"http://127.0.0.1:{port}", check=False)
        state = paths.RunPaths(run.folder).state
        kit.ready(run.id)
        wait_for(lambda: "server_started" in json.loads(Path(state).read_text())["facts"])
        kit.kill_supervisor(run.id)
    with kit.process(port):
        Fleet().poll()
        kit.ready(run.id, restarts=1)


def test_attaching_before_the_server_is_there() -> None:
    port = runs_kit.free_port()
    with pytest.raises(VdeckError):
        control.attach(f"http://127.0.0.1:{port}")
    assert listing.run_ids() == [], "nothing is left of what failed"
    run = control.attach(f"http://127.0.0.1:{port}", check=False)
    kit.not_ready(run.id, "not ready: nothing listens there")
    with StandIn(model="tiny", port=port):
        assert kit.ready(run.id).served_names == ("tiny",)


@pytest.mark.parametrize("order", [control.terminate, control.restart, control.clone])
def test_nothing_stops_what_vdeck_did_not_start(order: object) -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        with pytest.raises(UsageError) as caught:
            order(run.id)  # type: ignore[operator]
        assert "did not start" in caught.value.title and f"vdeck run delete {run.id}" in caught.value.fix
        assert listing.load(run.id).ready


def test_detaching_ends_the_supervisor_and_the_record_and_nothing_else() -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        supervisor = runs_kit.supervisor(run.id)
        control.delete(run.id)
        assert listing.run_ids() == [] and not os.path.exists(run.folder)
        wait_for(lambda: not os.path.exists(f"/proc/{supervisor}"), what="the end of the supervisor")
        kit.attach(server.url)


def test_detaching_needs_no_supervisor() -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        kit.kill_supervisor(run.id)
        control.delete(run.id)
        assert not os.path.exists(run.folder)
        Fleet().poll()
        assert not os.path.exists(run.folder), "nobody brings it back"


def test_a_record_that_was_removed_by_hand_ends_its_supervisor() -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        supervisor = runs_kit.supervisor(run.id)
        os.rename(run.folder, f"{run.folder}.away")
        wait_for(lambda: not os.path.exists(f"/proc/{supervisor}"), what="the end of the supervisor")
        assert not os.path.exists(run.folder)


def test_no_process_of_the_server_is_signalled_whatever_happens_to_it() -> None:
    """A real process, which would end by any of the signals; its engine loses its API server and lives on."""
    port = runs_kit.free_port()
    with kit.process(port, "--children", "1") as server:
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        engine = int(wait_for(lambda: children.read_text().split())[0])
        try:
            run = control.attach(f"http://127.0.0.1:{port}", check=False)
            assert kit.ready(run.id).pids == ()
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            kit.not_ready(run.id)
            control.delete(run.id)
            assert os.path.exists(f"/proc/{engine}"), "not ours to end"
        finally:
            os.kill(engine, signal.SIGKILL)


def test_a_supervisor_that_is_asked_to_end_leaves_the_watch_to_the_next_one() -> None:
    """So ends every supervisor when the machine shuts down."""
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        kit.kill_supervisor(run.id, signal.SIGTERM)
        left = listing.load(run.id)
        assert (left.status, left.ready, left.reason) == ("running", False, "nobody watches it at the moment")
        Fleet().poll()
        kit.ready(run.id)


@pytest.mark.parametrize("damage", ["another boot", "damaged", "missing", "long ago"])
def test_it_is_watched_again_after_whatever_happened_to_its_files(damage: str) -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        kit.kill_supervisor(run.id)
        folder = paths.RunPaths(run.folder)
        state = json.loads(Path(folder.state).read_text())
        made = json.loads(Path(folder.record).read_text())
        if damage == "another boot":
            files.write_json(folder.state, {**state, "boot": "0", "pids": [[1, 1, 1]], "step_process": [1, 1]})
        elif damage == "damaged":
            Path(folder.state).write_text("{")
        elif damage == "missing":
            Path(folder.state).unlink()
        if damage != "another boot":
            files.write_json(folder.record, {**made, "created": made["created"] - 1e6})
        fleet = Fleet()
        wait_for(lambda: fleet.poll().runs[0].supervisor not in (None, run.supervisor), what="the adoption")
        back = kit.ready(run.id)
        assert back.status == "running" and back.pids == ()
        control.delete(run.id)


def test_no_server_is_watched_twice() -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        with pytest.raises(UsageError) as caught:
            control.attach(f"http://localhost:{server.port}/metrics")
        assert f"#{run.id}" in caught.value.title
    own, port = runs_kit.start_server()
    wait_for(lambda: runs_kit.ready(own))
    with pytest.raises(UsageError) as caught:
        control.attach(f"http://127.0.0.1:{port}")
    assert "is the server of the run test" in caught.value.title
    control.terminate(own)


def test_a_port_of_this_machine_is_held_and_one_elsewhere_is_not() -> None:
    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        assert str(reserve.holdings().ports[server.port]) == f"{run.name} (#{run.id})"
    control.attach("http://gpu-box.invalid:8123", check=False)
    assert 8123 not in reserve.holdings().ports


def test_a_key_is_kept_beside_the_record_and_used_for_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_KEY", "sk-right")
    with StandIn(model="tiny", api_key="sk-right") as server:
        with pytest.raises(UsageError, match="NO_SUCH_KEY"):
            control.attach(server.url, key_variable="NO_SUCH_KEY")
        run = kit.attach(server.url, key_variable="TEAM_KEY")
        assert run.served_names == ("tiny",)
        assert control.api_key(run.id) == "sk-right"
        folder = paths.RunPaths(run.folder)
        assert Path(folder.secrets).stat().st_mode & 0o777 == 0o600
        for name in (folder.record, folder.state, folder.events):
            assert "sk-right" not in Path(name).read_text()
        supervisor = runs_kit.supervisor(run.id)
        assert b"sk-right" not in Path(f"/proc/{supervisor}/cmdline").read_bytes()


def test_without_a_key_the_metrics_are_watched_all_the_same() -> None:
    with StandIn(model="tiny", api_key="sk-right") as server:
        run = kit.attach(server.url)
        assert run.served_names == () and "wants an API key" in (run.reason or "")
        history = History(paths.RunPaths(run.folder).metrics)
        wait_for(lambda: history.refresh() and history.latest_ms, what="a recorded sample")
        made, _ = listing.load_record(paths.RunPaths(run.folder))
        assert made is not None and "chat needs it" in made.notes[0]


def test_a_key_that_no_header_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="cannot be sent"):
        attach.attach("http://127.0.0.1:1", api_key="a\nb", check=False)


async def test_below_the_path_of_a_proxy_everything_works() -> None:
    with kit.behind("/team/a", model="tiny") as server:
        run = kit.attach(server.url)
        history = History(paths.RunPaths(run.folder).metrics)
        wait_for(lambda: history.refresh() and history.latest_ms, what="a recorded sample")
        assert run.url is not None and run.url.endswith("/team/a")
        async with ChatClient(run.url) as client:
            parts = [part async for part in client.stream([{"role": "user", "content": "hi"}])]
        assert "You said: hi" in "".join(part.text for part in parts if isinstance(part, Delta))


def test_a_server_of_this_machine_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    with selfsigned.secured(StandIn(model="tiny"), tmp_path) as server:
        assert kit.attach(server.url).insecure


def test_the_certificate_of_a_server_elsewhere_is_verified_all_the_time(tmp_path: Path) -> None:
    with selfsigned.secured(StandIn(model="tiny"), tmp_path) as server:
        run_id = watched_elsewhere(server, verify=True)
        kit.not_ready(run_id, "its certificate is not good")
        assert not listing.load(run_id).insecure
        kit.ready(watched_elsewhere(server, verify=False))


def watched_elsewhere(server: StandIn, *, verify: bool) -> str:
    """The record that a server which is not on this machine would have, with the address of one that is."""
    from launcher.clusters.local import LocalCluster

    with reserve.lock(), reserve.new_folder() as run_id:
        probe = Probe("vllm", "127.0.0.1", (server.port,), scheme="https", verify=verify, foreign=True)
        made = record.RunRecord(run_id, "x", time.time(), type="attached", attached=server.url, probe=probe)
        folder = paths.RunPaths.of(run_id)
        files.write_json(folder.record, record.to_json(made))
        LocalCluster().launch(folder.folder, "start")
    return run_id


def test_what_is_found_leaves_out_our_own_and_what_is_attached(tmp_path: Path) -> None:
    (tmp_path / "vllm").symlink_to(runs_kit.STANDIN)
    port = runs_kit.free_port()
    with kit.process(port, program=str(tmp_path / "vllm")):
        wait_for(lambda: [server for server in control.found_servers() if server.port == port])
        run = kit.attach(f"http://localhost:{port}")
        assert not [server for server in control.found_servers() if server.port == port]
        control.delete(run.id)
        assert [server for server in control.found_servers() if server.port == port]


def test_a_wish_to_restart_it_is_noted_and_left_alone() -> None:
    from launcher.runs import asking, intent

    with StandIn(model="tiny") as server:
        run = kit.attach(server.url)
        assert asking.ask(run, intent.Intent("restart", at=time.time()), answer_s=10)
        wait_for(lambda: "intent" in kinds(run.id))
        assert listing.load(run.id).ready
