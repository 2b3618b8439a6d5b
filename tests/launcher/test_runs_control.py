"""What people can do with runs: resolve, create, clone, delete, wait; and what they are told when it cannot be done."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.manifest.overrides import Overrides
from launcher.manifest.problems import ManifestError
from launcher.runs import control, listing, reserve

SLEEP = "name: sleeper\nresources: {gpus: 0}\nrun: sleep 1000\n"


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No vLLM on this machine, whatever is there."""
    monkeypatch.setenv("VDECK_ENGINES", str(tmp_path / "engines"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("sys.executable", "/usr/bin/env")
    from launcher.clusters.local import LocalCluster

    monkeypatch.setattr(LocalCluster, "launch", lambda *_: None)


def test_a_run_is_found_by_id_prefix_and_name() -> None:
    first = control.create(SLEEP)
    second = control.create(SLEEP, overrides=Overrides(name="other"))
    assert control.resolve(first.id) == control.resolve(f"#{first.id}") == first
    assert control.resolve("other").id == second.id
    assert control.resolve(second.id[:-1] + second.id[-1]).id == second.id
    with pytest.raises(UsageError, match="2 runs"):
        control.resolve(first.id[:3])
    for word in ("", "nobody", "999"):
        with pytest.raises(UsageError, match="no run"):
            control.resolve(word)


def test_two_live_runs_of_one_name_are_named_both() -> None:
    runs = [control.create(SLEEP), control.create(SLEEP)]
    with pytest.raises(UsageError) as caught:
        control.resolve("sleeper")
    assert all(run.id in str(caught.value) for run in runs)


def test_a_created_run_is_recorded_byte_for_byte_and_for_its_owner_only(state_folder: Path) -> None:
    text = SLEEP + "# 결과 \r\n"
    run = control.create(text)
    assert control.manifest_text(run.id).encode() == text.encode().replace(b"\r\n", b"\n")
    assert Path(paths.RunPaths.of(run.id).manifest).read_bytes() == text.encode()
    assert state_folder.stat().st_mode & 0o777 == 0o700
    assert Path(run.folder).stat().st_mode & 0o777 == 0o700
    assert len(run.id) == 12 and run.id.isdigit() and run.status == "pending"


def test_a_clone_keeps_the_overrides_and_their_secrets_stay_where_they_belong() -> None:
    given = Overrides(name="mine", env=(("HF_TOKEN", "hf_secretvalue"), ("A", "b")), sets=(("stop.grace", "5s"),))
    run = control.create(SLEEP, overrides=given)
    again = control.clone(run.id)
    assert again.name == "mine" and again.id != run.id
    assert control.overrides(again.id) == given
    assert control.secret_values(again.id) == {"HF_TOKEN": "hf_secretvalue"}
    for name in os.listdir(run.folder):
        if name != "secrets.env":
            assert "hf_secretvalue" not in Path(run.folder, name).read_text(), name


def test_a_wrong_manifest_makes_nothing() -> None:
    with pytest.raises(ManifestError) as caught:
        control.create("name: x\nrum: echo\nports: [abc]\n")
    assert len([p for p in caught.value.problems if p.severity == "error"]) >= 2
    assert listing.run_ids() == []


def test_without_an_engine_the_command_that_makes_one_is_named() -> None:
    with pytest.raises(VdeckError) as caught:
        control.create("name: x\nresources: {gpus: 0}\nvllm: {model: m}\n")
    assert "vdeck engine install" in caught.value.fix
    assert listing.run_ids() == []


def test_gpus_that_are_not_there_are_refused_with_the_way_out() -> None:
    with pytest.raises(VdeckError, match="GPU") as caught:
        control.create("name: x\nresources: {gpus: 2}\nrun: sleep 1\n")
    assert "resources.gpus" in caught.value.fix


def test_a_port_of_a_live_run_is_refused_with_its_name() -> None:
    port = kit.free_port()
    text = SLEEP + f"ports: [{{name: a, type: http, port: {port}}}]\n"
    run = control.create(text)
    with pytest.raises(VdeckError, match=rf"port {port} is taken by the run sleeper \(#{run.id}\)"):
        control.create(text)
    assert len(listing.run_ids()) == 1


def test_a_port_of_a_stranger_is_refused_with_the_process() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(VdeckError, match=rf"port {port} is taken by .*pid {os.getpid()}"):
            control.create(SLEEP + f"ports: [{port}]\n")


def test_a_port_that_is_bound_and_does_not_listen_yet_is_taken() -> None:
    with socket.socket() as loading:
        loading.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        loading.bind(("0.0.0.0", 0))
        with pytest.raises(VdeckError, match="is taken by"):
            control.create(SLEEP + f"ports: [{loading.getsockname()[1]}]\n")


def test_prepare_says_what_would_run_and_makes_nothing() -> None:
    prepared = control.prepare(SLEEP)
    assert prepared.plan is not None and prepared.plan.commands == ("sleep 1000",)
    assert control.prepare("name: [").plan is None
    refused = control.prepare("name: x\nresources: {gpus: 0}\nvllm: {model: m}\n")
    assert refused.plan is None and refused.refusal is not None
    assert listing.run_ids() == []


def test_a_live_run_is_not_deleted() -> None:
    run = control.create(SLEEP)
    with pytest.raises(UsageError, match="is pending"):
        control.delete(run.id)
    assert os.path.isdir(run.folder)


def test_recent_manifests_are_those_started_last(tmp_path: Path) -> None:
    files = []
    for name in ("a.yaml", "b.yaml", "a.yaml"):
        file = tmp_path / name
        file.write_text(SLEEP)
        files.append(str(file))
        control.create(SLEEP, file=str(file))
    assert control.recent_manifests() == (files[2], files[1])
    (tmp_path / "b.yaml").unlink()
    assert control.recent_manifests() == (files[0],)


def test_ids_are_unique_and_rise_with_time() -> None:
    with reserve.lock():
        ids = [reserve.new_id() for _ in range(50)]
    assert len(set(ids)) == 50 and ids == sorted(ids) and all(len(i) == 12 for i in ids)


def test_a_run_that_never_came_up_is_told_apart_from_a_young_one(monkeypatch: pytest.MonkeyPatch) -> None:
    run = control.create(SLEEP)
    assert not listing.needs_supervisor(run), "its supervisor may still be starting"
    monkeypatch.setattr(listing, "START_GRACE_S", -1.0)
    old = listing.load(run.id)
    assert old.status == "lost" and old.reason == "state.json is missing"


def test_a_secret_may_come_from_the_users_file(tmp_path: Path) -> None:
    os.makedirs(paths.config_dir())
    Path(paths.user_secrets()).write_text('# mine\nmy-key="from file"\nbroken\n')
    run = control.create(SLEEP + "env: {WANDB_KEY: {secret: my-key}}\n")
    assert control.secret_values(run.id) == {"WANDB_KEY": "from file"}


def test_waiting_ends_at_its_timeout() -> None:
    run = control.create(SLEEP)
    assert wait_for(lambda: control.wait(run.id, "end", timeout_s=0.05), 5).status == "pending"


def test_a_state_folder_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VDECK_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(VdeckError, match="cannot be written") as caught:
        control.create(SLEEP)
    assert "VDECK_HOME" in caught.value.fix


def test_a_cluster_that_is_not_configured_is_refused_when_asked_for_and_a_note_when_written() -> None:
    with pytest.raises(UsageError, match="no cluster nowhere") as caught:
        control.create(SLEEP, overrides=Overrides(cluster="nowhere"))
    assert "local" in caught.value.fix
    written = SLEEP.replace("{gpus: 0}", "{gpus: 0, cluster: vessl-gcp-oregon}")
    assert control.create(written).cluster == "local"
    assert any(problem.severity == "note" for problem in control.prepare(written).problems)
