"""The main job on a real vLLM, from the command line: manifest in, served, watched, chatted with, stopped."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from engine_kit import ended, ready, vdeck, vdeck_json
from waiting import wait_for

from launcher.host import ports
from launcher.logs.phases import PHASES

pytestmark = pytest.mark.engine


def test_from_a_manifest_to_a_stopped_server(tiny: Path) -> None:
    made = vdeck_json("run", "create", "-f", str(tiny), "--wait=ready")
    run_id = made["id"]
    assert made["ready"] and made["status"] == "running" and made["served_names"] == ["tiny"]
    seen = [phase["name"] for phase in made["phases"]]
    assert seen == [name for name in PHASES if name in seen] and {"imports", "engine", "load", "api", "ready"} <= set(
        seen
    )

    answer = vdeck("chat", run_id, "Tell me something.", "--max-tokens", "40", "--seed", "1")
    assert len(answer.stdout.split()) > 3
    told = vdeck_json("chat", run_id, "Tell me more.", "--max-tokens", "24")
    assert 1 < told["stats"]["completion_tokens"] <= 24 and told["stats"]["ttft_s"] > 0

    def moved() -> dict[str, float] | None:
        figures = vdeck_json("run", "metrics", run_id, "--window", "1m")["figures"]
        return figures if (figures.get("gen_tps") or 0) > 0 and figures.get("ttft_p50") else None

    figures = wait_for(moved, 30, "metrics moved by the chat")
    assert figures is not None and figures["running"] == 0

    log = vdeck("run", "logs", run_id, "--tail", "100000").stdout
    assert "Application startup complete" in log and "non-default args" in log
    events = [event["text"] for event in vdeck_json("run", "events", run_id)]
    assert any(text.startswith("ready on port") for text in events)

    port = made["endpoints"][0]["port"]
    vdeck("run", "terminate", run_id, "--wait")
    assert ended(run_id, 5).status == "terminated"
    assert ports.is_free(port)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    followed = vdeck("run", "logs", run_id, "-f", "--tail", "5")
    assert followed.stdout, "following an ended run prints its end and returns"


def test_two_at_once_and_a_third_on_a_taken_port_is_refused(tiny: Path) -> None:
    first = vdeck_json("run", "create", "-f", str(tiny), "--name", "one")
    second = vdeck_json("run", "create", "-f", str(tiny), "--name", "two")
    taken = [run["endpoints"][0]["port"] for run in (first, second)]
    assert taken[0] != taken[1]
    before = vdeck_json("run", "list")
    refused = vdeck("run", "create", "-f", str(tiny), "--set", f"ports.0.port={taken[0]}", check=False)
    assert refused.returncode == 1
    assert f"port {taken[0]} is taken by the run one (#{first['id']})" in refused.stderr
    assert vdeck_json("run", "list") == before or len(vdeck_json("run", "list")) == len(before)
    for run in (first, second):
        assert ready(run["id"]).url == run["endpoints"][0]["url"]
    vdeck("run", "terminate", first["id"], second["id"], "--wait")
    for run in (first, second):
        assert ended(run["id"], 5).status == "terminated"
