"""A real vLLM that somebody else started: found, attached, watched, chatted with, detached; alive at the end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import runs_kit as kit
from engine_kit import ROOT, START_S, vdeck, vdeck_json
from waiting import wait_for

from launcher.engines.engine import Engine

pytestmark = pytest.mark.engine


@pytest.fixture
def server(engine: Engine, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """``vllm serve`` as a person types it."""
    port = kit.free_port()
    command = [
        engine.vllm, "serve", str(ROOT / "examples" / "tiny"), "--served-model-name", "tiny", "--port", str(port),
        "--load-format", "dummy", "--max-model-len", "4096", "--kv-cache-memory-bytes", "256M", "--enforce-eager",
    ]  # fmt: skip
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_API_KEY": "sk-of-the-test"}
    with open(tmp_path / "vllm.log", "wb") as log:
        child = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        yield child, port
    finally:
        child.terminate()
        child.wait(30)


def test_a_server_that_runs_already(
    server: tuple[subprocess.Popen[bytes], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    child, port = server
    url = f"http://127.0.0.1:{port}"

    def found() -> list[dict[str, object]]:
        assert child.poll() is None, "the server ended"
        return [entry for entry in vdeck_json("attach") if entry["port"] == port]

    (entry,) = wait_for(found, START_S, "the server to be found")
    assert entry == {"pid": child.pid, "port": port, "url": url, "model": "tiny", "command": f"vdeck attach {url}"}

    monkeypatch.setenv("VLLM_API_KEY", "sk-of-the-test")
    made = vdeck_json("attach", url, "--name", "theirs", "--wait")
    assert made["ready"] and made["attached"] == url and made["served_names"] == ["tiny"] and made["engine"]
    monkeypatch.delenv("VLLM_API_KEY")
    assert [entry for entry in vdeck_json("attach") if entry["port"] == port] == []

    assert len(vdeck("chat", "theirs", "Tell me something.", "--max-tokens", "30").stdout.split()) > 3

    def moved() -> bool:
        return (vdeck_json("run", "metrics", "theirs")["figures"].get("gen_tps") or 0) > 0

    wait_for(moved, 30, "metrics moved by the chat")
    refused = vdeck("run", "terminate", "theirs", check=False)
    assert refused.returncode == 2 and "did not start" in refused.stderr
    assert "is left alone" in vdeck("run", "delete", "theirs").stdout
    assert vdeck_json("run", "list") == [] and child.poll() is None
    assert found(), "and it can be attached again"
