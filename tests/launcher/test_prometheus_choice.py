"""Which Prometheus is meant: the environment, the settings, the PATH."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher import paths
from launcher.errors import UsageError
from launcher.prometheus import choice
from launcher.prometheus.choice import Choice

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def binary(tmp_path: Path, monkeypatch: Patch) -> Path:
    """A program that could be started; nothing on the PATH."""
    program = tmp_path / "bin" / "prometheus"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return program


def set_setting(value: object) -> None:
    Path(paths.settings()).parent.mkdir(parents=True, exist_ok=True)
    Path(paths.settings()).write_text(json.dumps({"theme": "x", "prometheus": value}))


def test_nobody_names_one() -> None:
    assert choice.choose() is None


def test_environment_then_settings_then_path(binary: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("PATH", str(binary.parent))
    assert choice.choose() == Choice("binary", str(binary), "PATH")
    set_setting("https://prom.example.org/base/")
    assert choice.choose() == Choice("url", "https://prom.example.org/base", "settings.json")
    monkeypatch.setenv("VDECK_PROMETHEUS", str(binary))
    assert choice.choose() == Choice("binary", str(binary), "VDECK_PROMETHEUS")


def test_a_bare_name_is_looked_for_on_the_path(binary: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("PATH", str(binary.parent))
    monkeypatch.setenv("VDECK_PROMETHEUS", "prometheus")
    assert choice.choose() == Choice("binary", str(binary), "VDECK_PROMETHEUS")


def test_what_is_no_program_is_said_with_its_source() -> None:
    set_setting("/nowhere/prometheus")
    with pytest.raises(UsageError, match=r"settings\.json names /nowhere/prometheus") as caught:
        choice.choose()
    assert "VDECK_PROMETHEUS" in caught.value.fix


@pytest.mark.parametrize("word", ["ftp://host", "http://", "http://host:port", "http://[::1"])
def test_what_is_no_url_is_said(word: str, monkeypatch: Patch) -> None:
    monkeypatch.setenv("VDECK_PROMETHEUS", word)
    with pytest.raises(UsageError, match="no URL of a Prometheus"):
        choice.choose()


@pytest.mark.parametrize("word", ["http://me:hunter2@host:9090", "http://host:9090/?token=hunter2"])
def test_a_password_in_the_url_is_refused_and_not_shown(word: str, monkeypatch: Patch) -> None:
    monkeypatch.setenv("VDECK_PROMETHEUS", word)
    with pytest.raises(UsageError) as caught:
        choice.choose()
    assert "VDECK_PROMETHEUS_TOKEN" in caught.value.sentence() and "hunter2" not in caught.value.sentence()


@pytest.mark.parametrize("value", [3, None, ["x"], ""])
def test_a_setting_of_a_wrong_shape_is_none(value: object) -> None:
    set_setting(value)
    assert choice.choose() is None
