"""``vdeck export``: what it prints, what it writes, and what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import cli_fakes as fakes
import pytest
import yaml

from launcher.runs import listing


@pytest.fixture(autouse=True)
def runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "load_all", lambda: [fakes.a_run(), fakes.a_run("2", ready=False)])


def test_grafana_prints_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, "export", "grafana", "--title", "Our servers")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["title"] == "Our servers"


def test_a_dashboard_needs_a_title(capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, "export", "grafana", "--title", " ")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: --title is empty. leave it out for vLLM.\n"


def test_prometheus_points_to_the_files_of_the_runs(capsys: pytest.CaptureFixture[str], state_folder: Path) -> None:
    result = fakes.vdeck(capsys, "export", "prometheus")
    (job,) = yaml.safe_load(result.out)["scrape_configs"]
    assert (result.code, result.err) == (0, "")
    assert job["file_sd_configs"][0]["files"] == [f"{state_folder}/prometheus/targets/*.json"]


def test_file_sd_writes_the_targets(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = fakes.vdeck(capsys, "export", "prometheus", "--file-sd", str(tmp_path))
    (job,) = yaml.safe_load(result.out)["scrape_configs"]
    file = tmp_path / "vdeck.json"
    assert job["file_sd_configs"][0]["files"] == [str(file)]
    assert result.err == f"Wrote 1 target to {file}.\n"
    assert file.stat().st_mode & 0o777 == 0o644, "Prometheus is another user"
    (target,) = json.loads(file.read_text())
    assert target["labels"]["run"] == fakes.ID
    again = fakes.vdeck(capsys, "export", "prometheus", "--json")
    assert json.loads(again.out) == [target]


def test_file_sd_needs_a_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = fakes.vdeck(capsys, "export", "prometheus", "--file-sd", str(tmp_path / "none"))
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: {tmp_path}/none is no folder. make it first: Prometheus must be able to read it.\n"
