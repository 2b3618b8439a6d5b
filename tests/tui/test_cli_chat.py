"""`vdeck chat` against the stand-in server."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli_fakes import ID, FakeControl, a_run, put, vdeck
from standin import StandIn

from launcher.runs.view import Endpoint
from launcher.serving.stats import ChatStats
from tui.commands.chat_run import summary

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn(model="tiny") as running:
        yield running


@pytest.fixture
def control(server: StandIn, monkeypatch: Patch) -> FakeControl:
    endpoint = Endpoint("vllm", "http", server.url, server.port)
    return put(monkeypatch, a_run(endpoints=(endpoint,), served_names=("tiny",)))


def test_the_answer_and_nothing_else(control: FakeControl, capsys: Capsys) -> None:
    assert vdeck(capsys, "chat", "qwen", "Why so blue?") == (0, "You said: Why so blue?\n", "")


def test_options_reach_the_server(control: FakeControl, server: StandIn, capsys: Capsys) -> None:
    result = vdeck(
        capsys, "chat", ID, "Why?", "--model", "tiny", "--system", "Be brief.", "--max-tokens", "2",
        "--temperature", "0.5", "--seed", "7",
    )  # fmt: skip
    assert result.out == "You said:\n"
    body = server.server.bodies[-1]
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("tiny", 2, 0.5, 7)


def test_every_option_of_the_table_is_one_of_the_command(control: FakeControl, server: StandIn, capsys: Capsys) -> None:
    words = [
        "--top-p", "0.9", "--top-k", "5", "--min-p", "0.1", "--presence-penalty=-1", "--frequency-penalty", "0.5",
        "--repetition-penalty", "1.1", "--stop", "END ###", "--reasoning-effort", "low", "--thinking", "off", "--set",
        '{"n": 1}', "--seed=-3",
    ]  # fmt: skip
    assert vdeck(capsys, "chat", ID, "Why?", *words).code == 0
    body = server.server.bodies[-1]
    wanted = {
        "top_p": 0.9, "top_k": 5, "min_p": 0.1, "presence_penalty": -1.0, "frequency_penalty": 0.5, "seed": -3,
        "repetition_penalty": 1.1, "stop": ["END", "###"], "reasoning_effort": "low", "n": 1,
        "chat_template_kwargs": {"enable_thinking": False},
    }  # fmt: skip
    assert {name: body[name] for name in wanted} == wanted


@pytest.mark.parametrize("words", [("--max-tokens", "0"), ("--top-p", "2"), ("--thinking", "maybe"), ("--set", "[]"),
                                   ("--seed", "x"), ("--completions", "--system", "x"),
                                   ("--completions", "--image", "x.png"), ("--completions", "--thinking", "off"),
                                   ("--completions", "--reasoning-effort", "low")])  # fmt: skip
def test_wrong_options_send_nothing(
    words: tuple[str, ...], control: FakeControl, server: StandIn, capsys: Capsys
) -> None:
    result = vdeck(capsys, "chat", ID, "Why?", *words)
    assert result.code == 2 and result.err.startswith("error: --") and server.server.bodies == []


def test_the_text_as_it_is(control: FakeControl, server: StandIn, capsys: Capsys) -> None:
    assert vdeck(capsys, "chat", ID, "Once upon", "--completions").out == "You said: Once upon\n"
    assert server.server.bodies[-1]["prompt"] == "Once upon"


def test_a_picture_goes_along(control: FakeControl, server: StandIn, capsys: Capsys, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    refused = vdeck(capsys, "chat", ID, "What?", "--image", str(path))
    assert refused.code == 1 and "not a multimodal model" in refused.err and "without pictures" in refused.err
    server.server.options.multimodal = True
    assert vdeck(capsys, "chat", ID, "What?", "--image", str(path), "--image", "https://x/y.png").code == 0
    parts = server.server.bodies[-1]["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["image_url", "image_url", "text"]
    missing = vdeck(capsys, "chat", ID, "What?", "--image", str(tmp_path / "none.png"))
    assert missing.code == 1 and "cannot read the picture" in missing.err


def test_standard_input_is_the_prompt(control: FakeControl, capsys: Capsys, monkeypatch: Patch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"from a pipe"), isatty=lambda: False))
    assert vdeck(capsys, "chat", ID).out == "You said: from a pipe\n"


def test_an_empty_prompt(control: FakeControl, server: StandIn, capsys: Capsys, monkeypatch: Patch) -> None:
    result = vdeck(capsys, "chat", ID, "  ")
    assert result == (2, "", "error: the prompt is empty. vdeck chat ID 'your question'.\n")
    assert server.server.bodies == []


def test_json_has_everything(control: FakeControl, capsys: Capsys) -> None:
    result = vdeck(capsys, "chat", ID, "!reasoning", "--json")
    document = json.loads(result.out)
    assert (document["id"], document["model"]) == (ID, "tiny")
    assert (document["content"], document["reasoning"]) == ("The answer.", "Let me think.")
    assert document["stats"]["completion_tokens"] == 4
    assert document["stats"]["finish_reason"] == "stop"
    assert result.err == ""


def test_reasoning_stays_out_of_a_pipe(control: FakeControl, capsys: Capsys, monkeypatch: Patch) -> None:
    assert vdeck(capsys, "chat", ID, "!reasoning") == (0, "The answer.\n", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    result = vdeck(capsys, "chat", ID, "!reasoning")
    assert result.out == "The answer.\n"
    assert result.err.startswith("Let me think.\n\nTTFT ")


def test_tool_calls(control: FakeControl, capsys: Capsys) -> None:
    result = vdeck(capsys, "chat", ID, "!tool")
    assert result.out == 'weather({"place": "Seoul"})\nclock({"place": "Rome"})\n'
    calls = json.loads(vdeck(capsys, "chat", ID, "!tool", "--json").out)["tool_calls"]
    assert calls[0] == {"name": "weather", "arguments": '{"place": "Seoul"}'}


def test_a_terminal_gets_no_control_characters(
    server: StandIn, control: FakeControl, capsys: Capsys, monkeypatch: Patch
) -> None:
    server.server.options.replies = {"evil": "a\x1b]0;x\x07b\x1b[2Jc"}
    assert vdeck(capsys, "chat", ID, "evil").out == "a\x1b]0;x\x07b\x1b[2Jc\n", "a pipe gets what was said"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert vdeck(capsys, "chat", ID, "evil").out == "abc\n"


@pytest.mark.parametrize("order", ["!busy", "!nested", "!html", "!empty"])
def test_an_error_of_the_server_is_one_sentence(order: str, control: FakeControl, capsys: Capsys) -> None:
    result = vdeck(capsys, "chat", ID, order)
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in result.err


@pytest.mark.parametrize("order", ["!late x y z", "!cut x y z"])
def test_what_came_before_the_error_stays(order: str, control: FakeControl, capsys: Capsys) -> None:
    result = vdeck(capsys, "chat", ID, order)
    assert result.code == 1
    assert result.out == "You said:\n"
    assert result.err.splitlines()[-1].startswith("error: ")


def test_json_has_what_came_before_the_error(control: FakeControl, capsys: Capsys) -> None:
    result = vdeck(capsys, "chat", ID, "!late x y z", "--json")
    document = json.loads(result.out)
    assert result.code == 1 and document["content"] == "You said:"
    assert result.err == f"error: {document['error']}\n"
    assert vdeck(capsys, "chat", ID, "!nested", "--json").out == "", "nothing came"
    assert json.loads(vdeck(capsys, "chat", ID, "x", "--json").out)["error"] is None


def test_a_base_model_names_the_option_that_helps(control: FakeControl, server: StandIn, capsys: Capsys) -> None:
    server.server.options.no_template = True
    result = vdeck(capsys, "chat", ID, "Once upon")
    assert result.code == 1 and result.err.endswith("ask again with --completions.\n")
    assert vdeck(capsys, "chat", ID, "Once upon", "--completions").out == "You said: Once upon\n"


def test_the_first_model_is_asked_for_when_nobody_knows_it(
    control: FakeControl, server: StandIn, capsys: Capsys
) -> None:
    control.runs[ID] = control.runs[ID]._replace(served_names=())
    assert vdeck(capsys, "chat", ID, "x").code == 0
    assert server.server.bodies[-1]["model"] == "tiny"


def test_the_key_of_the_run_is_used(monkeypatch: Patch, capsys: Capsys) -> None:
    with StandIn(model="tiny", api_key="correct-horse") as server:
        run = a_run(endpoints=(Endpoint("vllm", "http", server.url, server.port),), served_names=("tiny",))
        control = put(monkeypatch, run)
        assert vdeck(capsys, "chat", ID, "x").code == 1
        control.secrets = {"VLLM_API_KEY": "correct-horse"}
        assert vdeck(capsys, "chat", ID, "x") == (0, "You said: x\n", "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ready": False, "phase": "load", "progress": "43 %"}, f"run {ID} (qwen) is not ready (load 43 %)"),
        ({"ready": False, "phase": None, "status": "pending"}, f"run {ID} (qwen) is not ready (pending)"),
        ({"status": "failed", "ready": False}, f"run {ID} (qwen) is failed"),
        ({"endpoints": ()}, f"run {ID} (qwen) has no port"),
    ],
)
def test_a_run_that_cannot_answer(changes: dict[str, Any], said: str, monkeypatch: Patch, capsys: Capsys) -> None:
    put(monkeypatch, a_run(**changes))
    result = vdeck(capsys, "chat", ID, "x")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: {said}. ")


@pytest.mark.parametrize(
    ("stats", "said"),
    [
        (ChatStats(), "TTFT -, -, - tokens in -"),
        (ChatStats(0.212, 3.1, 45.0, 9, 128, None, "stop"), "TTFT 212 ms, 45 tok/s, 128 tokens in 3.1 s"),
        (ChatStats(1.0, 2.0, None, 9, 1, None, "length"), "TTFT 1 s, -, 1 tokens in 2.0 s, cut at the token limit"),
    ],
)
def test_summary(stats: ChatStats, said: str) -> None:
    assert summary(stats) == said
