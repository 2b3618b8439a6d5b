"""Removing an engine."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from launcher.engines.folder import EngineFolder
from launcher.engines.remove import remove
from launcher.errors import UsageError, VdeckError


@pytest.fixture(autouse=True)
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VDECK_ENGINES", str(tmp_path))
    for name in ("0.32.0-cpu", "0.33.0-cpu", "0.33.0-cuda"):
        (tmp_path / name / "lib").mkdir(parents=True)
        (tmp_path / name / "lib" / "file").touch()
    return tmp_path


def unused(folder: str) -> None:
    return None


def left(engines: Path) -> list[str]:
    return sorted(path.name for path in engines.iterdir() if not path.name.endswith(".lock"))


@pytest.mark.parametrize(
    ("asked", "name"), [("0.32.0-cpu", "0.32.0-cpu"), ("0.32.0", "0.32.0-cpu"), ("0.33.0-cuda", "0.33.0-cuda")]
)
def test_removes(engines: Path, asked: str, name: str) -> None:
    before = left(engines)
    assert remove(asked, in_use=unused) == name
    assert left(engines) == [one for one in before if one != name]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("0.33.0", "ambiguous"),
        ("0.1.0", "not installed"),
        ("path", "not vdeck's own"),
        ("..", "not installed"),
        ("", "not inst"),
    ],
)
def test_wrong_names(engines: Path, asked: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        remove(asked, in_use=unused)
    assert len(left(engines)) == 3


def test_refuses_while_a_run_uses_it(engines: Path) -> None:
    asked: list[str] = []

    def in_use(folder: str) -> str | None:
        asked.append(folder)
        return "run 369367189168"

    with pytest.raises(VdeckError, match="in use by run 369367189168"):
        remove("0.32.0", in_use=in_use)
    assert asked == [str(engines / "0.32.0-cpu")]
    assert len(left(engines)) == 3


def test_refuses_while_it_is_installed(engines: Path) -> None:
    holder = os.open(EngineFolder("0.32.0-cpu").lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        with pytest.raises(VdeckError, match="is working on this engine"):
            remove("0.32.0-cpu", in_use=unused)
    finally:
        os.close(holder)
    assert remove("0.32.0-cpu", in_use=unused) == "0.32.0-cpu"
