"""`vdeck bench` against the stand-ins: options, progress, table, JSON, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import bench_kit as kit
import pytest
import runs_kit
from cli_fakes import vdeck
from waiting import wait_for

from launcher import paths
from launcher.bench import store
from launcher.bench.plan import Load, Plan
from launcher.errors import UsageError
from tui.commands.bench import TABLE
from tui.commands.bench_plan import plan_of
from tui.commands.parser import parse

Capsys = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]


def plan(*words: str) -> Plan:
    values = parse(TABLE, ["qwen", *words])
    assert values is not None
    return plan_of(values)


def test_without_options_it_is_the_plan_of_all_defaults() -> None:
    assert plan() == Plan()


def test_every_option_is_in_the_plan() -> None:
    found = plan(
        "--dataset", "random", "-n", "7", "--input-len", "10", "--output-len", "20", "--prefix-len", "5",
        "--range-ratio", "0.5", "--request-rate", "1..4", "--burstiness", "2", "--seed", "9", "--client", "vllm",
        "--chat", "--model", "m", "--tokenizer", "t", "--temperature", "0", "--warmups", "3", "--label", "mine",
        "--goal", "ttft=500ms", "--goal", "ITL=0.05", "--option", "top-p=0.9", "--option", "--disable-shuffle",
    )  # fmt: skip
    assert found == Plan(
        dataset="random", prompts=7, input_len=10, output_len=20, prefix_len=5, range_ratio=0.5,
        loads=(Load(1.0), Load(2.0), Load(4.0)), burstiness=2.0, seed=9, client="vllm", route="chat", model="m",
        tokenizer="t", temperature=0.0, warmups=3, label="mine", goals=(("ttft", 0.5), ("itl", 0.05)),
        options={"top-p": "0.9", "disable-shuffle": ""},
    )  # fmt: skip


def test_the_name_of_the_file_tells_the_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert plan("--dataset-path", "a.jsonl").dataset == "custom"
    found = plan("--dataset-path", "a.json", "--max-concurrency", "1,8")
    assert (found.dataset, found.path, found.output_len) == ("sharegpt", str(tmp_path / "a.json"), None)
    assert found.loads == (Load(None, 1), Load(None, 8))


@pytest.mark.parametrize("words", [["--goal", "ttft"], ["--goal", "ttft=fast"], ["--request-rate", "0"]])
def test_wrong_words_are_usage_errors(words: list[str]) -> None:
    with pytest.raises(UsageError):
        plan(*words)


def test_all_problems_are_told_and_nothing_is_asked(capsys: Capsys) -> None:
    result = vdeck(capsys, "bench", "nobody", "--dataset", "sharegpt", "-n", "0")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "- the number of prompts must be from 1 to 10,000,000, not 0",
        "error: the data set sharegpt needs a file. see vdeck bench --help.",
    ]


def test_a_benchmark_from_the_command_line(tmp_path: Path, capsys: Capsys) -> None:
    run_id = kit.served(tmp_path)
    shown = vdeck(
        capsys, "bench", run_id, "-n", "3", "--request-rate", "50,inf", "--goal", "ttft=1s", "--label", "mine"
    )
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    assert lines[0].split()[:3] == ["load", "req/s", "tok/s"]
    assert lines[1].startswith("50 req/s") and lines[2].startswith("all at once") and "12.5/12.5" in lines[1]
    assert lines[3] == "Latencies: p50/p99 in ms."
    assert "The goals hold at the highest load measured, all at once" in lines[4] and len(lines) == 5
    (kept,) = store.everything()
    assert f"Kept as benchmark {kept.id}" in shown.err and "load 1 of 2 (50 req/s)" in shown.err
    assert kept.plan.label == "mine" and kept.goals == (("ttft", 1.0),)

    document = json.loads(vdeck(capsys, "bench", run_id, "-n", "2", "--json").out)
    assert document["status"] == "completed" and document["points"][0]["completed"] == 2
    assert document["points"][0]["ttft"]["p99"] == 0.0125


def test_the_exact_command_is_shown_and_nothing_started(tmp_path: Path, capsys: Capsys) -> None:
    run_id = kit.served(tmp_path)
    shown = vdeck(capsys, "bench", run_id, "--request-rate", "3", "--dry-run")
    assert (
        shown.code == 0
        and " bench serve --base-url http://127.0.0.1:" in shown.out
        and "--request-rate 3 " in shown.out
    )
    assert store.everything() == ()


def test_a_failure_is_one_line_and_exit_code_1(tmp_path: Path, capsys: Capsys) -> None:
    run_id = kit.served(tmp_path)
    shown = vdeck(capsys, "bench", run_id, "-n", "2", "--option", "standin-exit=3")
    assert shown.code == 1 and shown.out == ""
    error = shown.err.splitlines()[-1]
    assert error.startswith("error: benchmark ") and "ValueError: no such tokenizer" in error


def test_detached_it_goes_on_by_itself(tmp_path: Path, capsys: Capsys) -> None:
    run_id = kit.served(tmp_path)
    shown = vdeck(capsys, "bench", run_id, "-n", "2", "--detach", "--json")
    document = json.loads(shown.out)
    assert document["status"] in ("starting", "running")
    folder = document["folder"]
    wait_for(lambda: store.load(folder).status == "completed", what="its end")


def test_ctrl_c_cancels_and_leaves_nothing(tmp_path: Path) -> None:
    run_id = kit.served(tmp_path, "--token-delay", "0.2")
    command = [sys.executable, "-m", "tui.cli", "bench", run_id, "-n", "20"]
    child = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    (bench,) = wait_for(store.everything, what="the benchmark")
    kit.measuring(bench)
    pids = kit.processes(bench)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 130 and out == b"" and b"is being cancelled" in err and b"Traceback" not in err
    assert store.load(bench.folder).status == "cancelled"
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), what="the end of all processes")


def test_a_run_that_is_not_ready_is_refused(tmp_path: Path, capsys: Capsys) -> None:
    run_id, _ = runs_kit.start_server("--ready-after", "60", engine_bin=kit.engine(tmp_path / "e"))
    wait_for(lambda: runs_kit.processes(run_id), what="the server to start")  # else it would start behind the test
    result = vdeck(capsys, "bench", run_id)
    assert result.code == 2 and "is not ready" in result.err
    assert not os.path.exists(paths.RunPaths.of(run_id).bench)
