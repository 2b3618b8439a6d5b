"""`vdeck result …`: over files on the disk, without any server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from bench_kit import a_point
from cli_fakes import Result, vdeck

from launcher import paths
from launcher.bench import plan_json, result_json
from launcher.bench.plan import Load, Plan
from launcher.bench.result import Latency, Point
from launcher.runs import files, record, secrets, state
from launcher.runs.record import RunRecord

Capsys = pytest.CaptureFixture[str]
RUN = "369367189168"
FIRST, SECOND = "179500000001", "179600000002"
SECRET = "s3cr3t-value-of-a-key"


@pytest.fixture(autouse=True)
def two_results() -> None:
    """A run that has ended, and two benchmarks of it."""
    run = paths.RunPaths.of(RUN)
    os.makedirs(run.folder)
    files.write_json(run.record, record.to_json(RunRecord(RUN, "qwen", 1_795_000_000.0)))
    ended = state.State()
    ended.status = "terminated"
    files.write_json(run.state, ended.to_json())
    secrets.write(run.secrets, {"VLLM_API_KEY": SECRET})
    keep(FIRST, a_point(Load(2.0), goodput=9.9), a_point(Load(4.0), warnings=("Other traffic: much.",)), label="old")
    keep(SECOND, a_point(Load(2.0), ttft=Latency(p50=0.02, p99=0.2), error=f"1 failed: {SECRET}"))


def keep(bench_id: str, *points: Point, label: str = "", **status: Any) -> None:
    at = paths.RunPaths.of(RUN).bench_of(bench_id)
    os.makedirs(at.points)
    plan = Plan(loads=tuple(point.load for point in points), label=label)
    made = {"run_name": "qwen", "created": 1_795_000_000.0, "model": "qwen3", "engine": "0.33.0",
            "client": "vllm 0.33.0", "goals": [["ttft", 0.5]], "plan": plan_json.to_json(plan)}  # fmt: skip
    files.write_json(at.record, made)
    files.write_json(at.state, {"status": "completed", "ended": 1_795_000_060.0, **status})
    for number, point in enumerate(points):
        files.write_json(at.point(number), result_json.point_to_json(point))


def result(capsys: Capsys, *words: str) -> Result:
    found = vdeck(capsys, "result", *words)
    assert SECRET not in found.out + found.err
    return found


def test_the_list_is_newest_first(capsys: Capsys) -> None:
    shown = result(capsys, "list")
    rows = [line.split() for line in shown.out.splitlines()]
    assert [row[0] for row in rows] == ["ID", SECOND, FIRST] and rows[2][-1] == "old"
    assert shown.out == result(capsys, "list", "qwen").out
    document = json.loads(result(capsys, "list", "--json").out)
    assert [one["id"] for one in document] == [SECOND, FIRST] and document[1]["created"] == "2026-11-18T11:06:40.000Z"


def test_an_empty_list_says_how_to_begin(capsys: Capsys) -> None:
    result(capsys, "delete", FIRST, SECOND)
    shown = result(capsys, "list")
    assert shown.code == 0 and "vdeck bench ID" in shown.err


def test_read_shows_figures_goals_and_warnings(capsys: Capsys) -> None:
    shown = result(capsys, "read", "1795")
    assert shown.code == 0
    assert "✔ completed" in shown.out and "256 tokens" in shown.out
    assert "40.0/90.0" in shown.out and "! 4 req/s: Other traffic: much." in shown.out
    assert "The goals hold at the highest load measured, 2 req/s (9.9 req/s good, 99 % of the requests)." in shown.out
    assert json.loads(result(capsys, "read", FIRST, "--json").out)["points"][0]["goodput"] == 9.9


def test_what_is_masked(capsys: Capsys) -> None:
    assert "1 failed: ***" in result(capsys, "read", SECOND).out
    for form in ("csv", "md", "json"):
        assert "***" in result(capsys, "export", SECOND, "--format", form).out


def test_compare_says_better_and_worse(capsys: Capsys) -> None:
    shown = result(capsys, "compare", "1795", "1796")
    rows = {line.split("  ")[0]: line for line in shown.out.splitlines()}
    assert "-50.0 %" in rows["TTFT p50, ms"] and "▲ better" in rows["TTFT p50, ms"]
    assert "▼ worse" in rows["TTFT p99, ms"] and "· same" in rows["requests, req/s"]
    assert "Only A measured: 4 req/s." in shown.out and rows["loads"].split()[1:3] == ["2", "req/s,"]
    document = json.loads(result(capsys, "compare", FIRST, SECOND, "--json").out)
    row = next(row for row in document["rows"] if row["metric"] == "ttft_p50")
    assert (row["a"], row["b"], row["change"], row["verdict"]) == (0.04, 0.02, -0.5, "better")


def test_export_to_a_new_file(tmp_path: Path, capsys: Capsys) -> None:
    file = tmp_path / "sweep.csv"
    assert result(capsys, "export", FIRST, SECOND, "-o", str(file)).code == 0
    lines = file.read_text().splitlines()
    assert len(lines) == 4 and lines[0].startswith("benchmark,run_id,")
    again = result(capsys, "export", FIRST, "-o", str(file))
    assert again.code == 2 and "is there already" in again.err and len(file.read_text().splitlines()) == 4
    assert result(capsys, "export", FIRST).out.startswith("## old of qwen3")
    assert json.loads(result(capsys, "export", FIRST, "--json").out)[0]["id"] == FIRST
    nowhere = result(capsys, "export", FIRST, "-o", str(tmp_path / "no" / "x.md"))
    assert nowhere.code == 1 and nowhere.err.startswith("error: ")


def test_delete_and_cancel_of_what_has_ended(capsys: Capsys) -> None:
    assert "has ended already (completed)" in result(capsys, "cancel", FIRST).err
    gone = result(capsys, "delete", FIRST)
    assert (gone.code, gone.out) == (0, f"Deleted benchmark {FIRST}.\n")
    assert not os.path.exists(paths.RunPaths.of(RUN).bench_of(FIRST).folder)
    assert json.loads(result(capsys, "delete", SECOND, "--json").out) == [SECOND]


@pytest.mark.parametrize("words", [["read", "999"], ["read", "17"], ["read", ""], ["compare", "1795", "x"]])
def test_a_word_that_means_no_single_one_is_a_usage_error(capsys: Capsys, words: list[str]) -> None:
    shown = result(capsys, *words)
    assert shown.code == 2 and shown.err.startswith("error: ") and len(shown.err.splitlines()) == 1


def test_one_whose_worker_is_gone_is_lost_and_says_so(capsys: Capsys) -> None:
    keep("179700000003", status="running", progress={"load": 0, "step": "measuring", "done": 1, "total": 2})
    assert "? lost: its worker was killed" in result(capsys, "read", "1797").out
    assert result(capsys, "delete", "1797").code == 0
