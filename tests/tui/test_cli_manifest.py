"""`vdeck manifest check | schema | new` over real files."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_fakes import vdeck

from launcher.manifest.reader import read_text

Capsys = pytest.CaptureFixture[str]
GOOD = "name: toy\nresources: {gpus: 0}\nrun:\n  - echo hello\n"
BAD = "name: toy\nrun:\n  - echo hello\nprots: [8000]\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    for name, text in (("good.yaml", GOOD), ("bad.yaml", BAD)):
        (tmp_path / name).write_text(text)
    return str(tmp_path / "good.yaml"), str(tmp_path / "bad.yaml")


def test_check_of_a_good_file(files: tuple[str, str], capsys: Capsys) -> None:
    result = vdeck(capsys, "manifest", "check", files[0])
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1].startswith(f"{files[0]}: ok")


def test_check_of_several_files_says_all_and_exits_2(files: tuple[str, str], capsys: Capsys) -> None:
    result = vdeck(capsys, "manifest", "check", *files)
    assert result.code == 2
    assert f"{files[0]}: ok" in result.out
    assert any(line.startswith(f"{files[1]}:4:1: ") for line in result.out.splitlines())


def test_check_of_a_file_that_is_not_there(capsys: Capsys) -> None:
    result = vdeck(capsys, "manifest", "check", "/nowhere/x.yaml")
    assert result.code == 2
    assert "cannot read the file: No such file or directory" in result.out


def test_check_json(files: tuple[str, str], capsys: Capsys) -> None:
    result = vdeck(capsys, "manifest", "check", "--json", *files)
    good, bad = json.loads(result.out)
    assert result.code == 2
    assert (good["file"], good["ok"], good["name"], good["type"]) == (files[0], True, "toy", "batch")
    assert bad["ok"] is False
    assert bad["name"] is None
    assert {"severity", "file", "line", "column", "what", "fix"} == set(bad["problems"][0])


def test_check_of_standard_input(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(BAD.encode())))
    result = vdeck(capsys, "manifest", "check", "-")
    assert result.code == 2
    assert result.out.startswith("stdin:4:1: ")


def test_hostile_text_does_not_reach_the_terminal(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "evil.yaml"
    path.write_text(GOOD + '"\\e]0;evil\\a\\u202e": 1\n')
    result = vdeck(capsys, "manifest", "check", str(path))
    assert result.code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(result.out)


def test_schema_is_json(capsys: Capsys) -> None:
    schema = json.loads(vdeck(capsys, "manifest", "schema").out)
    assert "properties" in schema


@pytest.mark.parametrize("words", [[], ["Qwen/Qwen3-0.6B"]])
def test_new_prints_a_manifest_that_passes_the_check(words: list[str], capsys: Capsys) -> None:
    result = vdeck(capsys, "manifest", "new", *words)
    reading = read_text(result.out)
    assert reading.ok, reading.problems
    for word in words:
        assert word in result.out


def test_new_writes_a_file_once(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "new.yaml"
    result = vdeck(capsys, "manifest", "new", "-o", str(path))
    assert (result.code, result.out) == (0, "")
    assert result.err == f"Wrote {path}. Start it with: vdeck run create -f {path}\n"
    assert read_text(path.read_text()).ok
    path.write_text("mine")
    again = vdeck(capsys, "manifest", "new", "-o", str(path))
    assert (again.code, again.out) == (2, "")
    assert again.err.startswith(f"error: {path} is there already.")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("words", [("manifest", "check", "-"), ("run", "create", "-f", "-")])
def test_a_closed_standard_input_is_an_empty_manifest(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # what Python makes of `<&-`
    result = vdeck(capsys, *words)
    assert result.code == 2 and "the file is empty" in result.out + result.err
