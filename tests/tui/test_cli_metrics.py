"""`vdeck run metrics`: the figures as a table and as a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import ID, NOW, a_run, put, vdeck

from launcher.metrics.figures import Figures
from tui.commands.run_metrics import document, lines

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
FOUND = Figures(
    at_ms=int(NOW * 1000), prompt_tps=1234.0, gen_tps=7200.0, running=12.0, waiting=0.0, kv=0.41, ttft_p50=0.1,
    ttft_p95=0.212, ttft_p99=float("nan"), requests_ps=1.5, spark=(1.0, None),
)  # fmt: skip


def test_the_table() -> None:
    assert lines(a_run(), FOUND, 300) == [
        f"#{ID} qwen: 5m00s up to 2026-11-18 11:06:40+00:00",
        "",
        "Prompt             1.23k tok/s",
        "Generation         7.2k tok/s",
        "Requests           1.5 req/s",
        "Running            12",
        "Waiting            0",
        "KV cache           41 %",
        "Prefix cache hits  -",
        "Preemptions        -",
        "",
        "         p50     p95  p99",
        "TTFT  100 ms  212 ms    -",
        "ITL        -       -    -",
        "E2E        -       -    -",
    ]


def test_the_document_is_strict_json() -> None:
    text = json.dumps(document(a_run(), FOUND, 300), allow_nan=False)
    value = json.loads(text)
    assert value["at"] == "2026-11-18T11:06:40.000Z"
    assert value["window_s"] == 300
    assert value["figures"]["kv"] == 0.41
    assert value["figures"]["ttft_p99"] is None
    assert value["figures"]["spark"] == [1.0, None]
    assert "at_ms" not in value["figures"]


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
