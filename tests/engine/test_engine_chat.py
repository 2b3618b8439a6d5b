"""The chat against a real vLLM: nothing lost on the way, the server free at once, a text as it is."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from engine_kit import ended, vdeck, vdeck_json
from waiting import wait_for

from launcher.serving.client import ChatClient
from launcher.serving.hearing import Hearing
from launcher.serving.listener import Listener
from launcher.serving.parts import ChatParams, Delta

pytestmark = pytest.mark.engine
QUESTION = [{"role": "user", "content": "Tell me a long story."}]
LONG = ChatParams("tiny", max_tokens=600, seed=11, extra={"ignore_eos": True})


def _text(hearing: Hearing) -> str:
    return "".join(part.text for part in hearing.take() if isinstance(part, Delta))


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _running(url: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("vllm:num_requests_running{"))


def test_a_real_chat(tiny: Path) -> None:
    run = vdeck_json("run", "create", "-f", str(tiny), "--wait=ready")
    url = run["endpoints"][0]["url"]
    listener = Listener(lambda: ChatClient(url))
    try:
        assert [model.id for model in listener.models()] == ["tiny"]
        hearing = listener.ask(QUESTION, LONG)
        assert hearing.wait(120) and hearing.error is None
        streamed = _text(hearing)
        whole = _post(f"{url}/v1/chat/completions", {"messages": QUESTION, **LONG.body()})
        assert streamed == whole["choices"][0]["message"]["content"] and len(streamed) > 600
        assert hearing.stats.completion_tokens == whole["usage"]["completion_tokens"] == 600

        cut = listener.ask(QUESTION, ChatParams("tiny", max_tokens=4000, extra={"ignore_eos": True}))
        wait_for(cut.take, 60, "a first token")
        assert _running(url) == 1
        cut.stop()
        wait_for(lambda: _running(url) == 0, 5, "a free server")
        assert cut.wait(5) and cut.error is None and cut.stats.finish_reason == "cancelled"

        text = listener.ask("Once upon a time", ChatParams("tiny", max_tokens=20, seed=1))
        assert text.wait(60) and text.error is None
        asked = {"prompt": "Once upon a time", "model": "tiny", "max_tokens": 20, "seed": 1}
        assert _text(text) == _post(f"{url}/v1/completions", asked)["choices"][0]["text"]
    finally:
        listener.close()
    said = json.loads(vdeck("chat", run["id"], "Hello", "--max-tokens", "20", "--seed", "3", "--json").stdout)
    assert said["content"] and said["stats"]["completion_tokens"] <= 20 and said["stats"]["ttft_s"] > 0
    vdeck("run", "terminate", run["id"], "--wait")
    ended(run["id"], 30)
