"""`vdeck run metrics`: the figures as a table and as a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import ID, NOW, a_run, put, vdeck

from launcher.metrics.figures import Figures
from launcher.metrics.goals import Goal
from launcher.metrics.report import Attained, GpuFigures, Latency, Report
from tui.commands.metrics_table import lines
from tui.commands.run_metrics import document

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
GIB = 2.0**30
FOUND = Report(
    Figures(
        at_ms=int(NOW * 1000), prompt_tps=1234.0, gen_tps=7200.0, running=12.0, waiting=0.0, kv=0.41, ttft_p50=0.1,
        ttft_p95=0.212, ttft_p99=float("nan"), requests_ps=1.5, spark=(1.0, None),
    ),
    window_s=300.0, interval_s=1.0,
    latencies=(
        ("ttft", Latency(0.1, 0.212, float("nan"), 0.12)), ("itl", Latency()), ("tpot", Latency()), ("e2e", Latency()),
    ),
    times=(("queue", 0.004), ("prefill", None), ("decode", 2.5)),
    finished_ps=(("stop", 1.2), ("length", 0.0), ("abort", 0.3)), error_share=0.2, steps_ps=38.0, tokens_per_step=62.3,
)  # fmt: skip


def test_the_table() -> None:
    assert lines(a_run(), FOUND) == [
        f"#{ID} qwen: 5m00s up to 2026-11-18 11:06:40+00:00",
        "",
        "Prompt             1.23k tok/s",
        "Generation         7.2k tok/s",
        "Requests           1.5 req/s (stop 1.2, abort 0.3)",
        "Errors and aborts  20 %",
        "Running            12",
        "Waiting            0",
        "KV cache           41 %",
        "Prefix cache hits  -",
        "Preemptions        -",
        "Engine steps       38 /s",
        "Tokens per step    62.3",
        "",
        "            p50     p95  p99    mean",
        "TTFT     100 ms  212 ms    -  120 ms",
        "ITL           -       -    -       -",
        "TPOT          -       -    -       -",
        "E2E           -       -    -       -",
        "Queue                           4 ms",
        "Prefill                            -",
        "Decode                         2.5 s",
    ]


def test_the_table_of_a_gpu_run_with_goals_and_a_bad_day() -> None:
    gpu = GpuFigures("0", (("VLLM::EngineCore", 70 * GIB),), 0.92, 74 * GIB, 80 * GIB, 612.0, 700.0, 61.0, 1.98e9, None)
    goals = (
        Attained(Goal("ttft", 0.5), 0.8199),
        Attained(Goal("itl", 0.05, 0.999), 1.0),
        Attained(Goal("e2e", 20), None),
    )
    found = FOUND._replace(gpus=(gpu,), goals=goals, accepted=0.71, tokens_per_draft=2.4, interval_s=15.0)
    text = lines(a_run(health="saturated", advice="3 requests wait: raise max-num-seqs"), found)
    assert text[0].endswith(", a sample every 15.0 s")
    assert text[1:4] == ["", "saturated: 3 requests wait: raise max-num-seqs", ""]
    assert "Drafts accepted    71 %" in text
    assert "Tokens per draft   2.4" in text
    assert text[-6:] == [
        "GPU 0  92 %  74 GiB of 80 GiB  612 of 700 W  61 °C  SM 1980 MHz, memory -  VLLM::EngineCore 70 GiB",
        "",
        "Goal   Limit  Wanted  Attained",
        "TTFT  500 ms    95 %    81.9 %  missed",
        "ITL    50 ms  99.9 %     100 %",
        "E2E     20 s    95 %         -",
    ]


def test_the_document_is_strict_json() -> None:
    goals = (Attained(Goal("ttft", 0.5), 0.81),)
    gpu = GpuFigures("0", (("VLLM::EngineCore", 7.0),), 0.92, None, None, None, None, None, None, None)
    run = a_run(missed=("ttft",), health="saturated", advice="raise x")
    text = json.dumps(document(run, FOUND._replace(goals=goals, gpus=(gpu,))), allow_nan=False)
    value = json.loads(text)
    assert value["at"] == "2026-11-18T11:06:40.000Z"
    assert (value["window_s"], value["interval_s"]) == (300, 1)
    assert (value["health"], value["advice"], value["missed"]) == ("saturated", "raise x", ["ttft"])
    figures = value["figures"]
    assert figures["kv"] == 0.41
    assert figures["ttft_p99"] is None
    assert (figures["ttft_mean"], figures["decode_mean"], figures["tpot_p50"]) == (0.12, 2.5, None)
    assert figures["finished_ps"] == {"stop": 1.2, "length": 0.0, "abort": 0.3}
    assert figures["spark"] == [1.0, None]
    assert "at_ms" not in figures
    assert value["goals"] == [{"key": "ttft", "limit_s": 0.5, "share": 0.95, "attained": 0.81}]
    assert value["gpus"][0]["processes"] == [{"name": "VLLM::EngineCore", "memory": 7.0}]
    assert value["gpus"][0]["power"] is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ready": False, "phase": "load"}, " yet: it is not ready (load)"),
        ({}, " yet: nothing was scraped so far"),
        ({"status": "failed", "ready": False}, ": it ended before anything was scraped"),
    ],
)
def test_a_run_without_metrics(
    changes: dict[str, Any], why: str, monkeypatch: Patch, capsys: Capsys, tmp_path: Path
) -> None:
    put(monkeypatch, a_run(folder=str(tmp_path), **changes))
    result = vdeck(capsys, "run", "metrics", ID)
    assert result == (1, "", f"error: run {ID} (qwen) has no metrics{why}.\n")
