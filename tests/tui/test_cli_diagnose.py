"""`vdeck diagnose`: a log, a run, standard input; what it prints and how it ends."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import cli_fakes as fakes
import pytest

from tests.launcher.logs import healthy

CAUSE = (
    "(EngineCore pid=7) ERROR 11-22 06:00:00 [core.py:1] ValueError: To serve at least one request with the model's "
    "max seq len (4096), (0.02 GiB KV cache is needed, which is larger than the available KV cache memory (0.01 GiB). "
    "Based on the available memory, the estimated maximum model length is 896."
)
WRAPPER = "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above."


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "serve.log"
    file.write_text("\n".join([*healthy.START[:5], CAUSE, WRAPPER, ""]))
    return file


def test_a_log_is_told_with_its_line(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, "diagnose", str(log))
    assert result.code == 0 and not result.err
    assert result.out.startswith("KV cache too small for 4,096 tokens\n")
    assert "Line 6 of the log:" in result.out and ">      6  (EngineCore" in result.out
    assert "1. Lower --max-model-len to 896" in result.out and "--apply" not in result.out


def test_as_json(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(fakes.vdeck(capsys, "diagnose", str(log), "--json").out)
    assert found["id"] is None and found["diagnosis"]["rule"] == "kv-too-small"
    assert found["diagnosis"]["evidence"]["line"] == 6 and found["diagnosis"]["where"] == "EngineCore"
    assert found["diagnosis"]["fixes"][0]["changes"] == [{"flag": "max-model-len", "value": 896, "env": False}]


def test_a_healthy_log(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text("\n".join(healthy.START))
    assert fakes.vdeck(capsys, "diagnose", str(log)) == (0, "No failure found in this log.\n", "")
    assert json.loads(fakes.vdeck(capsys, "diagnose", str(log), "--json").out)["diagnosis"] is None


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    piped = SimpleNamespace(buffer=io.BytesIO(f"{CAUSE}\n{WRAPPER}\n".encode()))
    monkeypatch.setattr(sys, "stdin", piped)
    result = fakes.vdeck(capsys, "diagnose", "-")
    assert result.code == 0 and "KV cache too small" in result.out


def test_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, "diagnose", str(tmp_path / "none.log"))
    assert result.code == 2 and "cannot be read: No such file" in result.err
    result = fakes.vdeck(capsys, "diagnose", str(tmp_path / "none.log"), "--apply")
    assert result.code == 2


def test_secrets_and_escapes_do_not_get_out(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text("\x1b[31mValueError: bad key hf_abcdefghijklmnopqrstuvwxyz \x1b]0;title\x07\x1b[0m\n")
    result = fakes.vdeck(capsys, "diagnose", str(log))
    assert "hf_abcdef" not in result.out and "\x1b" not in result.out and "***" in result.out
