"""The stand-in server itself: others rely on it as a process."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standin import StandIn
from waiting import wait_for

from launcher.logs.phases import Tracker

STANDIN = Path(__file__).parents[1] / "standin.py"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _process(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = _free_port()
    argv = [sys.executable, str(STANDIN), *options, "--port", str(port)]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        yield child, port
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def _get(port: int, path: str) -> tuple[int, bytes] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionError:
        return None
    finally:
        connection.close()


def test_bound_at_once_ready_later_and_gone_on_sigterm() -> None:
    with _process("serve", "some/model", "--ready-after", "0.3", "--max-model-len", "64") as (child, port):
        assert child.stdout is not None
        first = child.stdout.readline()
        assert "version 0.33.0" in first
        with socket.socket() as probe, pytest.raises(OSError):
            probe.bind(("127.0.0.1", port))
        assert _get(port, "/health") is None
        assert wait_for(lambda: _get(port, "/health")) == (200, b"")
        models = _get(port, "/v1/models")
        assert models is not None
        assert json.loads(models[1])["data"][0]["id"] == "some/model"
        child.send_signal(signal.SIGTERM)
        rest = child.stdout.read()
        assert child.wait(5) == 0
    tracker = Tracker()
    changes = [change.phase for line in [first, *rest.split("\n")] if (change := tracker.feed(line)) is not None]
    assert changes == ["config", "engine", "download", "load", "compile", "kv-cache", "graphs", "api", "ready"]
    assert tracker.facts["kv_tokens"] == "262144"
    assert "[shutdown] API server: shutdown triggered" in rest


def test_a_script_that_fails(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"log": ["first {port}", {"sleep": 0.05}, "ValueError: no"], "exit": 3}))
    with _process("--script", str(script)) as (child, port):
        out, _ = child.communicate(timeout=5)
        assert out.split("\n") == [f"first {port}", "ValueError: no", ""]
        assert child.returncode == 3


def test_a_crash_after_ready() -> None:
    with _process("--exit-after", "0.1", "--exit-code", "7") as (child, _):
        assert child.wait(5) == 7


def test_the_port_of_another() -> None:
    with StandIn() as other:
        argv = [sys.executable, str(STANDIN), "--port", str(other.port)]
        found = subprocess.run(argv, capture_output=True, text=True, timeout=5)
    assert found.returncode == 1
    assert "[Errno 98] Address already in use" in found.stdout


def test_metrics_move() -> None:
    with StandIn(replies={"weather": "It rains a lot"}) as server:
        body = json.dumps({"messages": [{"role": "user", "content": "the weather"}]})
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("POST", "/v1/chat/completions", body)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        page = _get(server.port, "/metrics")
    assert answer["choices"][0]["message"]["content"] == "It rains a lot"
    assert page is not None
    text = page[1].decode()
    assert 'vllm:generation_tokens_total{engine="0",model_name="tiny"} 4.0' in text
    assert 'vllm:request_success_total{engine="0",finished_reason="stop",model_name="tiny"} 1.0' in text
    assert 'vllm:time_to_first_token_seconds_count{engine="0",model_name="tiny"} 1.0' in text
    assert 'http_requests_total{handler="/v1/chat/completions",method="POST",status="2xx"} 1.0' in text
