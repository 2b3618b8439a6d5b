"""`vdeck engine list | install | remove`: what is said and what is handed on. No installation takes place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import a_run, vdeck

from launcher.engines import find, install, remove
from launcher.engines.engine import Engine
from launcher.engines.find import Unusable
from launcher.engines.progress import Progress
from launcher.errors import VdeckError
from launcher.runs import listing

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
ENGINE = Engine("0.33.0-cpu", "0.33.0+cpu", "cpu", "/e/bin/vllm", "/e/bin/python", "installed", "/e")


def test_list(monkeypatch: Patch, capsys: Capsys) -> None:
    broken = Unusable("0.32.0-cpu", "/f", "its installation was not finished", "vdeck engine install goes on with it")
    monkeypatch.setattr(find, "engines", lambda: (ENGINE,))
    monkeypatch.setattr(find, "unusable", lambda: (broken,))
    result = vdeck(capsys, "engine", "list")
    assert result.out.splitlines() == [
        "Name        Version     Variant  Source     Command",
        "0.33.0-cpu  0.33.0+cpu  cpu      installed  /e/bin/vllm",
    ]
    assert result.err.startswith("0.32.0-cpu cannot be used: its installation was not finished; ")
    assert json.loads(vdeck(capsys, "engine", "list", "--json").out)[0]["variant"] == "cpu"


def test_list_of_nothing_says_what_to_do(monkeypatch: Patch, capsys: Capsys) -> None:
    monkeypatch.setattr(find, "engines", lambda: ())
    monkeypatch.setattr(find, "unusable", lambda: ())
    result = vdeck(capsys, "engine", "list")
    assert result.code == 0
    assert result.err == "No vLLM was found. Install one with: vdeck engine install\n"


class Installing:
    """Plays an installation."""

    def __init__(self, error: Exception | None = None) -> None:
        self.given: dict[str, Any] = {}
        self.error = error

    def __call__(
        self, version: str | None = None, *, variant: str = "auto", report: Callable[[Progress], None],
        extra_pip_args: Sequence[str] = (),
    ) -> Engine:  # fmt: skip
        self.given = {"version": version, "variant": variant, "pip": tuple(extra_pip_args)}
        report(Progress("download", 1, 147, "torch"))
        report(Progress("download", 2, 147, "numpy"))
        report(Progress("check", 0, 0, ""))
        if self.error is not None:
            raise self.error
        return ENGINE


def test_install(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = Installing()
    monkeypatch.setattr(install, "install", fake)
    result = vdeck(capsys, "engine", "install", "0.33.0", "--variant", "cpu", "--", "--no-cache-dir", "-v")
    assert result == (0, "Installed 0.33.0-cpu: vLLM 0.33.0+cpu for cpu.\n", "download\ncheck\n")
    assert fake.given == {"version": "0.33.0", "variant": "cpu", "pip": ("--no-cache-dir", "-v")}


def test_install_without_anything(monkeypatch: Patch, capsys: Capsys) -> None:
    fake = Installing()
    monkeypatch.setattr(install, "install", fake)
    assert json.loads(vdeck(capsys, "engine", "install", "--json").out)["name"] == "0.33.0-cpu"
    assert fake.given == {"version": None, "variant": "auto", "pip": ()}


def test_install_that_fails(monkeypatch: Patch, capsys: Capsys) -> None:
    error = VdeckError("pip found no vllm 9", detail="ERROR: No matching distribution", fix="choose another version")
    monkeypatch.setattr(install, "install", Installing(error))
    result = vdeck(capsys, "engine", "install", "9")
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines()[-2:] == [
        "ERROR: No matching distribution", "error: pip found no vllm 9. choose another version.",
    ]  # fmt: skip


def test_an_unknown_variant(capsys: Capsys) -> None:
    result = vdeck(capsys, "engine", "install", "--variant", "rocm")
    assert result == (2, "", "error: --variant cannot be 'rocm'. it is one of: auto, cuda, cpu.\n")


def test_remove_asks_who_uses_it(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    folder = str(tmp_path / "0.33.0-cpu")
    answers = []

    def fake(name: str, *, in_use: Callable[[str], str | None]) -> str:
        answers.append(in_use(folder))
        return name

    monkeypatch.setattr(remove, "remove", fake)
    monkeypatch.setattr(listing, "load_all", lambda: [a_run("1", engine="0.33.0-cpu")])
    assert vdeck(capsys, "engine", "remove", "0.33.0-cpu") == (0, "Removed 0.33.0-cpu.\n", "")
    others = [a_run("1", engine="0.33.0-cpu", status="failed"), a_run("2", engine="path")]
    monkeypatch.setattr(listing, "load_all", lambda: others)
    vdeck(capsys, "engine", "remove", "0.33.0-cpu")
    assert answers == ["run 1 (qwen)", None]


def test_remove_of_an_unknown_engine(capsys: Capsys, monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setenv("VDECK_ENGINES", str(tmp_path))
    result = vdeck(capsys, "engine", "remove", "9.9.9-cpu")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].startswith("error: engine 9.9.9-cpu is not installed")
