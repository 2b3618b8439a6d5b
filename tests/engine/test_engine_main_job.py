"""The main job on a real vLLM, from the command line: manifest in, served, watched, chatted with, stopped."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from engine_kit import ended, ready, vdeck, vdeck_json
from waiting import wait_for

from launcher.host import ports
from launcher.logs.phases import PHASES

pytestmark = pytest.mark.engine


def test_from_a_manifest_to_a_stopped_server(tiny: Path) -> None:
    goals = ("--set", "goals.ttft=1ms", "--set", "goals.itl=60s", "--set", "goals.notify=bell")
    made = vdeck_json("run", "create", "-f", str(tiny), "--wait=ready", *goals)
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

    misses_its_goal(run_id, made["endpoints"][0]["url"])
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


def misses_its_goal(run_id: str, url: str) -> None:
    """A first token within a millisecond is more than any server can do; a token within a minute is nothing."""
    for number in range(25):
        body = {"model": "tiny", "prompt": f"Word {number}", "max_tokens": 8}
        assert httpx.post(f"{url}/v1/completions", json=body, trust_env=False, timeout=60).status_code == 200
    run = wait_for(lambda: (r := vdeck_json("run", "read", run_id))["missed"] and r, 30, "a missed goal")
    assert (run["missed"], run["health"]) == (["ttft"], None)
    said = [event["text"] for event in vdeck_json("run", "events", run_id) if event["kind"] == "goal"]
    assert len(said) == 1 and said[0].startswith("TTFT goal missed: ") and said[0].endswith("wanted 95 %")
    ttft, itl = vdeck_json("run", "goals", run_id)["goals"]
    assert ttft["missed"] and ttft["attained"] < 0.95
    assert not itl["missed"] and itl["attained"] == 1
    figures = vdeck_json("run", "metrics", run_id, "--window", "5m")["figures"]
    for name in ("ttft_mean", "itl_mean", "tpot_mean", "e2e_mean", "queue_mean", "prefill_mean", "decode_mean",
                 "tokens_per_step", "steps_ps"):  # fmt: skip
        assert figures[name] is not None and figures[name] >= 0, name
    assert figures["finished_ps"]["length"] > 0 and figures["error_share"] == 0
    assert figures["decode_mean"] <= figures["e2e_mean"]


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
