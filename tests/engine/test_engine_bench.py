"""Benchmarks of a real vLLM by its own client: what is kept is what the client wrote, and cancelling leaves nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from engine_kit import ROOT, ended, vdeck, vdeck_json
from waiting import wait_for

from launcher import paths
from launcher.bench import control, store
from launcher.bench.plan import Load, Plan
from launcher.runs import tree

pytestmark = pytest.mark.engine

SHAREGPT = ROOT / "examples" / "sharegpt-small.json"


def test_the_benchmarks_of_a_real_server(tiny: Path) -> None:
    """One server for all: a start costs more than everything that is measured here."""
    run_id = vdeck_json("run", "create", "-f", str(tiny), "--wait=ready", "--set", "goals.ttft=30s")["id"]
    sweep = vdeck_json("bench", run_id, "-n", "12", "--request-rate", "4,inf", "--input-len", "300", "--output-len",
                       "16", "--seed", "7")  # fmt: skip
    it_is_what_the_client_wrote(sweep)
    two_loads(sweep)
    the_same_command_by_hand_counts_the_same(sweep)
    sharegpt_at_rate_3(run_id)
    our_own_client_counts_the_same(run_id, sweep)
    a_seed_that_was_used_before_is_told(run_id, sweep["id"])
    cancelling_leaves_nothing(run_id)
    listed = vdeck("result", "list", run_id).stdout
    assert listed.count("completed") == 4 and listed.count("cancelled") == 1
    vdeck("run", "terminate", run_id, "--wait")
    ended(run_id, 30)


def our_own_client_counts_the_same(run_id: str, theirs: dict[str, Any]) -> None:
    """The same loads of the same lengths by the client of vdeck: every count is equal, every figure is there."""
    words = ("-n", "12", "--request-rate", "4,inf", "--input-len", "300", "--output-len", "16")
    ours = vdeck_json("bench", run_id, *words, "--client", "vdeck")
    assert ours["client"].startswith("vdeck ") and ours["status"] == "completed"
    for mine, other in zip(ours["points"], theirs["points"], strict=True):
        assert all(mine[key] == other[key] for key in ("completed", "failed", "input_tokens", "output_tokens"))
        assert all(mine[key]["p99"] > 0 for key in ("ttft", "tpot", "itl", "e2e")) and mine["goodput"] > 0


def client_files(bench: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads((Path(bench["folder"]) / "points" / point["file"]).read_text()) for point in bench["points"]]


def it_is_what_the_client_wrote(bench: dict[str, Any]) -> None:
    assert bench["status"] == "completed" and bench["client"].startswith("vllm ")
    for point, wrote in zip(bench["points"], client_files(bench), strict=True):
        assert (point["completed"], point["failed"]) == (wrote["completed"], wrote["failed"]) == (12, 0)
        assert point["input_tokens"] == wrote["total_input_tokens"]
        assert point["output_tokens"] == wrote["total_output_tokens"] == 12 * 16
        assert (
            point["request_rate"] == wrote["request_throughput"] and point["output_rate"] == wrote["output_throughput"]
        )
        for ours, theirs in (("ttft", "ttft"), ("tpot", "tpot"), ("itl", "itl"), ("e2e", "e2el")):
            for part in ("mean", "p50", "p90", "p95", "p99", "std"):
                assert point[ours][part] == pytest.approx(wrote[f"{part}_{theirs}_ms"] / 1000, rel=1e-12)
        assert point["goodput"] == wrote["request_goodput"] == pytest.approx(wrote["request_throughput"])


def two_loads(bench: dict[str, Any]) -> None:
    assert [point["load"]["rate"] for point in bench["points"]] == [4.0, None]
    assert [point["seed"] for point in bench["points"]] == [7, 8]
    assert [note for point in bench["points"] for note in point["warnings"]] == []


def the_same_command_by_hand_counts_the_same(bench: dict[str, Any]) -> None:
    """The command line is in the log of the benchmark: run it as a person would."""
    folder = Path(bench["folder"])
    first = next(line for line in (folder / "output.log").read_text().splitlines() if line.startswith("$ "))
    by_hand = folder / "by-hand.json"
    place = r"--result-dir \S+ --result-filename \S+"
    command = re.sub(place, f"--result-dir {folder} --result-filename {by_hand.name}", first[2:])
    env = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, shell=True, check=True, env=env, capture_output=True, timeout=300)
    wrote, kept = json.loads(by_hand.read_text()), client_files(bench)[0]
    for key in ("completed", "failed", "total_input_tokens", "total_output_tokens", "input_lens", "output_lens"):
        assert wrote[key] == kept[key], key
    assert wrote["generated_texts"] and len(wrote["generated_texts"]) == 12


def sharegpt_at_rate_3(run_id: str) -> None:
    """The benchmark of VESSL's example, by one command."""
    shown = vdeck("bench", run_id, "--dataset", "sharegpt", "--dataset-path", str(SHAREGPT), "--request-rate", "3",
                  "-n", "15", "--label", "seed")  # fmt: skip
    assert "3 req/s" in shown.stdout and "goals hold" in shown.stdout
    newest = store.list_of(paths.RunPaths.of(run_id).folder)[0]
    (point,) = newest.points
    assert (newest.status, newest.plan.label, point.completed, point.failed) == ("completed", "seed", 15, 0)


def a_seed_that_was_used_before_is_told(run_id: str, before: str) -> None:
    again = vdeck_json("bench", run_id, "-n", "12", "--request-rate", "4", "--input-len", "300", "--output-len", "16",
                       "--seed", "7")  # fmt: skip
    (point,) = again["points"]
    assert any("prefix cache" in note and f"same seed as benchmark {before}" in note for note in point["warnings"])


def running(url: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        page = answer.read().decode()
    found = re.findall(r"^vllm:num_requests_(?:running|waiting)\{[^}]*\} (\S+)", page, re.MULTILINE)
    assert found
    return sum(map(float, found))


def cancelling_leaves_nothing(run_id: str) -> None:
    url = vdeck_json("run", "read", run_id)["endpoints"][0]["url"]
    plan = Plan(prompts=8, input_len=32, output_len=3000, loads=(Load(),))
    bench = control.start(run_id, plan)
    wait_for(lambda: running(url) > 0, 120, "the requests of the benchmark")
    worker = json.loads((Path(bench.folder) / "state.json").read_text())["worker"]
    clients = [proc.pid for proc in tree.scan().values() if proc.ppid == worker]
    assert clients
    vdeck("result", "cancel", bench.id)
    assert store.load(bench.folder).status == "cancelled"
    assert running(url) == 0
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in [worker, *clients]), what="the end of all")
    assert vdeck_json("run", "read", run_id)["ready"], "the server itself was left alone"
