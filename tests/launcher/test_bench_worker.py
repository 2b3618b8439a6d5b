"""A worker against the stand-in server and the stand-in client: the whole way from a plan to a kept result."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import urllib.request
from pathlib import Path

import bench_kit as bench
import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.bench import control, marks, store
from launcher.bench.plan import Load, Plan
from launcher.errors import UsageError
from launcher.runs import control as runs
from launcher.runs import listing


def test_two_loads_are_measured_and_kept(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path)
    ended = bench.done(run_id, bench.plan(Load(50.0), Load(None, 2), seed=7, goals=(("ttft", 0.5), ("itl", 0.05))))
    assert (ended.status, ended.reason, ended.client, ended.engine) == (
        "completed",
        None,
        "vllm 0.32.0+cpu",
        "0.32.0-cpu",
    )
    assert ended.goals == (("ttft", 0.5), ("tpot", 0.05)) and ended.model == "tiny" and ended.progress is None
    assert [point.load for point in ended.points] == [Load(50.0), Load(None, 2)]
    assert [point.seed for point in ended.points] == [7, 8], "no load finds the prompts of the last in the cache"
    for number, point in enumerate(ended.points):
        wrote = json.loads(Path(paths.BenchPaths(ended.folder).client_result(number)).read_text())
        assert (point.completed, point.failed, point.error) == (4, 0, None)
        assert point.request_rate == wrote["request_throughput"] and point.goodput == wrote["request_goodput"]
        assert point.ttft.p99 == 0.0125 and point.warnings == ()
        assert ended.created < point.started < point.ended < (ended.ended or 0) + 1
    said = bench.output(ended)
    assert said.count("$ ") == 2 and "--goodput ttft:500 tpot:50" in said
    assert store.list_of(paths.RunPaths.of(run_id).folder) == (ended,) == store.everything()
    assert [event.kind for event in marks.of(ended)] == [
        "bench 50 req/s",
        "bench end",
        "bench 2 at a time",
        "bench end",
    ]


def test_without_a_seed_every_load_has_another_one(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path)
    first, second = (bench.done(run_id, bench.plan(Load(), Load(None, 1), prompts=1)) for _ in range(2))
    seeds = [point.seed for done in (first, second) for point in done.points]
    assert len(set(seeds)) == 4 and None not in seeds


def test_the_benchmark_is_none_of_the_processes_of_the_run(tmp_path: Path) -> None:
    """Else the supervisor would count the client as a part of the server, and stop it with it."""
    run_id = bench.served(tmp_path, "--token-delay", "0.2")
    before = kit.processes(run_id)
    started = control.start(run_id, bench.plan())
    bench.measuring(started)
    assert kit.processes(run_id) == before and set(listing.load(run_id).pids) == set(before)
    control.cancel(started)
    control.wait(started, 20)


def test_a_run_has_one_benchmark_at_a_time(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path, "--token-delay", "0.2")
    first = control.start(run_id, bench.plan())
    with pytest.raises(UsageError, match=first.id):
        control.start(run_id, bench.plan())
    control.cancel(first)
    assert control.wait(first, 20).status == "cancelled"
    assert bench.done(run_id, bench.plan(prompts=1)).status == "completed"


def test_cancelling_keeps_what_was_measured_and_leaves_the_server_alone(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path, "--token-delay", "0.05")
    started = control.start(run_id, bench.plan(Load(), Load(None, 1), prompts=30))
    wait_for(lambda: store.load(started.folder).points, what="the first point")
    bench.measuring(started)
    control.cancel(started)
    ended = control.wait(started, 20)
    assert (ended.status, ended.reason, len(ended.points)) == ("cancelled", "cancelled by request", 1)
    assert listing.load(run_id).ready and _page(run_id, "vllm:num_requests_running") == 0
    control.cancel(ended)
    assert store.load(ended.folder) == ended, "an ended one is left as it is"


def _page(run_id: str, name: str) -> float:
    url = listing.load(run_id).url
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{"))


def test_a_client_that_fails_says_why(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path)
    ended = bench.done(run_id, bench.plan(options={"standin-exit": "3"}))
    assert (ended.status, ended.points) == ("failed", ())
    assert ended.reason == "the client ended with exit code 3: ValueError: no such tokenizer"


def test_requests_that_all_fail_end_it_with_the_first_error(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path)
    ended = bench.done(run_id, bench.plan(Load(), Load(None, 1), options={"standin-prompt": "!flat"}))
    assert ended.status == "failed" and ended.reason is not None
    assert ended.reason.startswith("all 4 requests failed: HTTPError: HTTP Error 4") and len(ended.points) == 1


def test_other_traffic_is_seen(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path, "--token-delay", "0.02")
    url = listing.load(run_id).url
    body = json.dumps({"model": "tiny", "prompt": "a long talk " * 400, "max_tokens": 5000}).encode()

    def ask() -> None:
        request = urllib.request.Request(f"{url}/v1/completions", body, {"content-type": "application/json"})
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()

    threading.Thread(target=ask, daemon=True).start()
    wait_for(lambda: _page(run_id, "vllm:num_requests_running") == 1, what="the other request")
    ended = bench.done(run_id, bench.plan(prompts=2))
    (point,) = ended.points
    assert any(note.startswith("Other traffic: 1 request was already under way") for note in point.warnings), point


def test_the_key_of_the_server_is_in_no_command_line(tmp_path: Path) -> None:
    key = "sk-very-secret-1"
    run_id = bench.served(tmp_path, "--api-key", key, secrets={"VLLM_API_KEY": key})
    ended = bench.done(run_id, bench.plan(prompts=2))
    assert ended.status == "completed", bench.output(ended)
    for path in Path(ended.folder).rglob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes(), path


def test_a_plan_with_faults_makes_nothing(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path)
    with pytest.raises(UsageError, match=r"prompts.*; .*load"):
        control.start(run_id, Plan(prompts=0, loads=()))
    assert store.list_of(paths.RunPaths.of(run_id).folder) == ()


def test_an_ended_run_cannot_be_measured(tmp_path: Path) -> None:
    run_id = bench.served(tmp_path)
    runs.terminate(run_id)
    wait_for(lambda: kit.ended(run_id), what="the end")
    with pytest.raises(UsageError, match="terminated"):
        control.start(run_id, bench.plan())
    assert not os.path.exists(paths.RunPaths.of(run_id).bench)
