"""`vdeck run create`: what it asks of the core, what it says, how it waits."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli_fakes import ID, NOW, FakeControl, a_run, put, vdeck

from launcher.errors import VdeckError
from launcher.manifest.overrides import Overrides
from launcher.manifest.reader import read_text
from launcher.runs.control import Prepared
from launcher.runs.plan import Plan
from launcher.runs.record import PortRecord, RunRecord, StepRecord

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
GOOD = "name: toy\nresources: {gpus: 0}\nrun:\n  - echo hello\n"
BAD = "name: toy\nrun:\n  - echo hello\nprots: [8000]\n"
ENDED: dict[str, Any] = {
    "status": "failed", "phase": "load", "ready": False, "reason": "out of memory", "ended": NOW + 60,
}  # fmt: skip


class Creating(FakeControl):
    """Keeps what was asked to be created."""

    text, file = "", ""
    overrides: Overrides | None = None
    prepared: Any = None

    def create(self, text: str, *, file: str = "", overrides: Overrides | None = None) -> Any:
        self.text, self.file, self.overrides = text, file, overrides
        self._do("create")
        return self.runs[ID]

    def prepare(self, text: str, *, file: str = "", overrides: Overrides | None = None) -> Any:
        self.text, self.file, self.overrides = text, file, overrides
        self._do("prepare")
        return self.prepared


@pytest.fixture
def control(monkeypatch: Patch) -> Creating:
    put(monkeypatch)
    fake = Creating(a_run(ready=False, status="pending", phases=(), ready_at=None))
    monkeypatch.setitem(sys.modules, "launcher.runs.control", fake)
    monkeypatch.setattr("launcher.runs.control", fake)
    return fake


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    path = tmp_path / "toy.yaml"
    path.write_text(GOOD)
    return str(path)


def test_says_the_id_and_how_to_look_at_it(control: Creating, manifest: str, capsys: Capsys) -> None:
    result = vdeck(capsys, "run", "create", "-f", manifest)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"Created '#{ID}' (qwen).",
        "Endpoint vllm: http://127.0.0.1:8100",
        f"Check your Run at: vdeck run logs {ID} -f",
    ]
    assert (control.text, control.file) == (GOOD, manifest)


def test_json_is_the_document_of_read(control: Creating, manifest: str, capsys: Capsys) -> None:
    created = vdeck(capsys, "run", "create", "-f", manifest, "--json")
    read = vdeck(capsys, "run", "read", ID, "--json")
    assert json.loads(created.out) == json.loads(read.out)


def test_options_become_overrides(control: Creating, manifest: str, capsys: Capsys, monkeypatch: Patch) -> None:
    monkeypatch.setenv("FROM_HERE", "a secret")
    result = vdeck(
        capsys, "run", "create", "--file", manifest, "--name", "n", "--env", "A=1=2", "--env=B=", "--env", "FROM_HERE",
        "--set", "resources.gpus=0", "--set", "description=a=b",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert control.overrides == Overrides(
        name="n",
        env=(("A", "1=2"), ("B", ""), ("FROM_HERE", "a secret")),
        sets=(("resources.gpus", "0"), ("description", "a=b")),
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--env", "NOT_THERE"], "error: --env NOT_THERE: there is no such variable here. give it as"),
        (["--env", "=x"], "error: --env cannot be '=x'"),
        (["--set", "x"], "error: --set cannot be 'x'"),
        (["--set", "=x"], "error: --set cannot be '=x'"),
        (["--watch", "--json"], "error: --watch goes neither with --json nor with --wait"),
        (["-w", "--wait"], "error: --watch goes neither with --json nor with --wait"),
        (["--wait=soon"], "error: --wait cannot be 'soon'"),
    ],
)
def test_wrong_usage_creates_nothing(
    words: list[str], said: str, control: Creating, manifest: str, capsys: Capsys
) -> None:
    result = vdeck(capsys, "run", "create", "-f", manifest, *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(said)
    assert control.asked == []


def test_problems_stand_at_their_lines_before_the_error(control: Creating, tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    result = vdeck(capsys, "run", "create", "-f", str(path))
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()
    assert any(line.startswith(f"{path}:4:1: ") and "prots" in line for line in lines[:-1])
    assert lines[-1].startswith("error: ")
    assert control.asked == []


def test_warnings_are_said_and_the_run_goes_on(control: Creating, tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "warned.yaml"
    path.write_text(GOOD + "env:\n  HF_TOKEN: HF_TOKEN\n")
    result = vdeck(capsys, "run", "create", "-f", str(path), "--json")
    assert result.code == 0
    assert f"{path}:6:" in result.err
    assert "HF_TOKEN" in result.err
    assert json.loads(result.out)["id"] == ID
    assert control.asked == [("create",)]


def test_standard_input(control: Creating, capsys: Capsys, monkeypatch: Patch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(GOOD.encode())))
    assert vdeck(capsys, "run", "create", "-f", "-").code == 0
    assert (control.text, control.file) == (GOOD, "")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(BAD.encode())))
    result = vdeck(capsys, "run", "create", "-f-")
    assert result.code == 2
    assert "stdin:4:1: " in result.err
    assert result.err.splitlines()[-1].startswith("error: stdin has ")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "cannot read {}: No such file or directory."),
        (lambda path: path.mkdir(), "cannot read {}: Is a directory."),
        (lambda path: path.write_bytes(b"name: x\nrun: \xff\n"), "{} is not UTF-8 text (line 2)."),
    ],
)
def test_a_file_that_cannot_be_read(make: Any, said: str, control: Creating, tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "x.yaml"
    make(path)
    result = vdeck(capsys, "run", "create", "-f", str(path))
    assert result.code == 2
    assert result.err.startswith(f"error: {said.format(path)}")


def test_wait_until_ready(control: Creating, manifest: str, capsys: Capsys) -> None:
    control.next[ID] = [a_run(ready=False), a_run()]
    result = vdeck(capsys, "run", "create", "-f", manifest, "--wait")
    assert result.code == 0
    assert result.out.splitlines()[-1] == "Ready after 24.5 s: http://127.0.0.1:8100"


def test_wait_with_json_prints_the_run_as_it_is_then(control: Creating, manifest: str, capsys: Capsys) -> None:
    control.next[ID] = [a_run(ready=False), a_run()]
    result = vdeck(capsys, "run", "create", "-f", manifest, "--wait=ready", "--json")
    assert json.loads(result.out)["ready"] is True


def test_a_run_that_ends_first_is_a_failure_with_its_reason(control: Creating, manifest: str, capsys: Capsys) -> None:
    control.next[ID] = [a_run(ready=False), a_run(**ENDED)]
    result = vdeck(capsys, "run", "create", "-f", manifest, "--wait", "--json")
    assert result.code == 1
    assert json.loads(result.out)["status"] == "failed"
    assert result.err == f"error: run {ID} (qwen) failed before it was ready: out of memory. see vdeck diagnose {ID}.\n"


@pytest.mark.parametrize(("status", "code"), [("completed", 0), ("failed", 1), ("terminated", 1), ("lost", 1)])
def test_wait_for_the_end(status: str, code: int, control: Creating, manifest: str, capsys: Capsys) -> None:
    control.next[ID] = [a_run(), a_run(**(ENDED | {"status": status}))]
    assert vdeck(capsys, "run", "create", "-f", manifest, "--wait=end").code == code


def test_ctrl_c_leaves_the_run_alive_and_says_so(control: Creating, manifest: str, capsys: Capsys) -> None:
    control.next[ID] = [a_run(ready=False)]
    result = vdeck(capsys, "run", "create", "-f", manifest, "--wait")
    assert result.code == 130
    assert result.err.startswith(f"Interrupted. Run #{ID} goes on")
    assert control.asked == [("create",)]


def test_watch_prints_the_log_until_the_end(control: Creating, manifest: str, capsys: Capsys, tmp_path: Path) -> None:
    (tmp_path / "output.log").write_text("one\ntwo")
    control.runs[ID] = a_run(folder=str(tmp_path))
    control.next[ID] = [a_run(folder=str(tmp_path), **(ENDED | {"status": "completed"}))] * 3
    result = vdeck(capsys, "run", "create", "-f", manifest, "-w")
    assert result.code == 0
    assert result.out.splitlines()[-2:] == ["one", "two"]


def test_a_refusal_of_the_core(control: Creating, manifest: str, capsys: Capsys) -> None:
    control.error = VdeckError("port 8000 is taken by the run qwen (#1)", fix="write `port: auto`")
    result = vdeck(capsys, "run", "create", "-f", manifest)
    assert result == (1, "", "error: port 8000 is taken by the run qwen (#1). write `port: auto`.\n")


def _plan() -> Plan:
    record = RunRecord(
        ID, "toy", NOW, env={"A": "1"}, secret_names=("HF_TOKEN",), ports=(PortRecord("vllm", "http", 8100),),
        gpus=(0,), engine="path", steps=(StepRecord(("sh", "-c", "echo"), "/tmp", "echo hello\necho you"),),
    )  # fmt: skip
    return Plan(record, {"HF_TOKEN": "hf_verysecretvalue"}, ("a note",))


def test_dry_run_shows_everything_but_secrets(control: Creating, manifest: str, capsys: Capsys) -> None:
    control.prepared = Prepared(read_text(GOOD).manifest, (), _plan())
    result = vdeck(capsys, "run", "create", "-f", manifest, "--dry-run")
    assert (result.code, result.err) == (0, "Nothing was started.\n")
    assert "Start commands         echo hello\n                       echo you\n" in result.out
    assert "Environment variables  A=1\n                       HF_TOKEN=********\n" in result.out
    document = vdeck(capsys, "run", "create", "-f", manifest, "--dry-run", "--json")
    plan = json.loads(document.out)["plan"]
    assert plan["ports"] == [{"name": "vllm", "type": "http", "port": 8100}]
    assert plan["secrets"] == ["HF_TOKEN"]
    assert "verysecret" not in result.out + document.out
    assert control.asked == [("prepare",)] * 2


def test_dry_run_of_what_cannot_run(control: Creating, manifest: str, capsys: Capsys) -> None:
    refusal = VdeckError("no vLLM is installed", fix="Run: vdeck engine install")
    control.prepared = Prepared(read_text(GOOD).manifest, (), None, refusal)
    result = vdeck(capsys, "run", "create", "-f", manifest, "--dry-run")
    assert result == (1, "", "error: no vLLM is installed. Run: vdeck engine install.\n")
    document = vdeck(capsys, "run", "create", "-f", manifest, "--dry-run", "--json")
    assert json.loads(document.out)["refusal"] == "no vLLM is installed. Run: vdeck engine install."
    assert document.code == 1


def test_dry_run_of_a_wrong_manifest(control: Creating, manifest: str, capsys: Capsys) -> None:
    control.prepared = Prepared(None, read_text(BAD, file="toy.yaml").problems, None)
    result = vdeck(capsys, "run", "create", "-f", manifest, "--dry-run")
    assert result.code == 2
    assert "toy.yaml:4:1: " in result.err
    assert "prots" in result.err
