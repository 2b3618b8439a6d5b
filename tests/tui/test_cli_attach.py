"""`vdeck attach`, and what the other commands say to an attached run; against a control that lives in memory."""

from __future__ import annotations

import json

import cli_fakes as fakes
import pytest
from cli_fakes import ID, a_run, put, vdeck

from launcher.errors import UsageError, VdeckError
from launcher.host.servers import Server
from launcher.runs.view import Endpoint
from tui.commands import attach_run

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
URL = "http://gpu-box:8000/team"
ATTACHED = a_run(
    name="prod", type="attached", attached=URL, endpoints=(Endpoint("vllm", "http", URL, 8000),), pids=(), phases=()
)


def control(monkeypatch: Patch, *servers: Server) -> fakes.FakeControl:
    fake = put(monkeypatch, ATTACHED)
    fake.servers = servers
    return fake


def test_a_url_is_attached_and_told(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = control(monkeypatch)
    result = vdeck(capsys, "attach", URL, "--name", "prod", "--wait")
    assert result.code == 0
    assert result.out.splitlines() == [
        f"Attached '#{ID}' (prod): {URL}", f"Check it at: vdeck run read {ID}", "Ready: qwen3",
    ]  # fmt: skip
    assert fake.asked == [("attach", URL, {"name": "prod", "key_variable": None, "insecure": False, "check": True})]


def test_the_options_arrive(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = control(monkeypatch)
    vdeck(capsys, "attach", URL, "--api-key-env", "TEAM_KEY", "--insecure", "--no-check")
    assert fake.asked[0][2] == {"name": None, "key_variable": "TEAM_KEY", "insecure": True, "check": False}


def test_json_prints_the_run_and_nothing_else(monkeypatch: Patch, capsys: Capsys) -> None:
    control(monkeypatch)
    document = json.loads(vdeck(capsys, "attach", URL, "--json").out)
    assert (document["id"], document["attached"], document["type"]) == (ID, URL, "attached")


def test_an_error_is_one_line(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = control(monkeypatch)
    fake.error = VdeckError("what answers there is no vLLM server", fix="check the port")
    result = vdeck(capsys, "attach", URL)
    assert (result.code, result.out) == (1, "")
    assert result.err == "error: what answers there is no vLLM server. check the port.\n"


def test_without_a_url_the_servers_of_this_machine_are_listed(monkeypatch: Patch, capsys: Capsys) -> None:
    found = (
        Server(4711, 8000, "http://127.0.0.1:8000", "Qwen/Qwen3-0.6B"),
        Server(4712, 8001, None, "lla\x1b[31mma"),
        Server(4713, 9000, "https://10.0.0.7:9000"),
    )
    control(monkeypatch, *found)
    lines = vdeck(capsys, "attach").out.splitlines()
    assert lines[0].split() == ["Port", "PID", "Model", "Attach", "it", "with"]
    assert lines[1].split() == ["8000", "4711", "Qwen/Qwen3-0.6B", "vdeck", "attach", "http://127.0.0.1:8000"]
    assert "in a container" in lines[2] and "\x1b" not in lines[2] and "llama" in lines[2]
    assert lines[3].endswith("-                vdeck attach https://10.0.0.7:9000")
    documents = json.loads(vdeck(capsys, "attach", "--json").out)
    assert documents[0] == {
        "pid": 4711, "port": 8000, "url": "http://127.0.0.1:8000", "model": "Qwen/Qwen3-0.6B",
        "command": "vdeck attach http://127.0.0.1:8000",
    }  # fmt: skip
    assert documents[1]["command"] is None


def test_a_machine_without_servers_says_so(monkeypatch: Patch, capsys: Capsys) -> None:
    control(monkeypatch)
    assert "No vLLM server was found" in vdeck(capsys, "attach").out
    assert json.loads(vdeck(capsys, "attach", "--json").out) == []


def test_delete_detaches_a_live_one(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = control(monkeypatch)
    result = vdeck(capsys, "run", "delete", "prod")
    assert (result.code, result.out) == (0, f"Detached #{ID}: {URL} is left alone.\n")
    assert fake.asked == [("delete", ID)]


def test_a_live_run_of_our_own_still_keeps_all_from_being_deleted(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = put(monkeypatch, ATTACHED, a_run("369367189111", "own"))
    assert vdeck(capsys, "run", "delete", "prod", "own").code == 2
    assert fake.asked == []


def test_terminate_shows_the_refusal(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = control(monkeypatch)
    fake.error = UsageError("it watches a server that vdeck did not start", fix="do it there")
    result = vdeck(capsys, "run", "terminate", "prod")
    assert result.code == 2 and "did not start" in result.err


@pytest.mark.parametrize("words", [("run", "logs", "prod"), ("run", "logs", "prod", "-f")])
def test_there_is_no_log(monkeypatch: Patch, capsys: Capsys, words: tuple[str, ...]) -> None:
    control(monkeypatch)
    result = vdeck(capsys, *words)
    assert result.code == 1 and "vdeck did not start its server" in result.err


def test_read_and_list_show_it(monkeypatch: Patch, capsys: Capsys) -> None:
    control(monkeypatch)
    assert f"Attached to             {URL}\n" in vdeck(capsys, "run", "read", "prod").out


def test_chat_says_why_it_cannot(monkeypatch: Patch, capsys: Capsys) -> None:
    down = ATTACHED._replace(ready=False, reason="not ready: nothing listens there")
    put(monkeypatch, down)
    result = vdeck(capsys, "chat", "prod", "hi")
    assert (result.code, result.err) == (
        1, f"error: run {ID} (prod) is not ready: nothing listens there. check {URL}.\n",
    )  # fmt: skip


def test_the_command_of_a_server_is_safe_in_a_shell() -> None:
    assert attach_run.command(Server(1, 1, "http://h/a$b")) == "vdeck attach 'http://h/a$b'"
