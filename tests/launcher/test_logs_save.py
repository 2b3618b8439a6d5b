"""launcher.logs.save: lines into a new file, never over one."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.errors import VdeckError
from launcher.logs.save import free_path, save


def test_lines_are_written_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    assert save(str(path), iter(["one", "zwei ü", "\udce4"])) == 3
    assert path.read_text(encoding="utf-8") == "one\nzwei ü\n?\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("mine")
    with pytest.raises(VdeckError):
        save(str(path), ["x"])
    with pytest.raises(VdeckError, match="exists"):
        free_path(str(path))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(VdeckError, match="exists"):
        free_path(str(tmp_path / "dangling"))
    assert path.read_text() == "mine" and not (tmp_path / "nowhere").exists()


def test_what_was_begun_is_taken_away_when_it_fails(tmp_path: Path) -> None:
    def lines() -> Iterator[str]:
        yield "one"
        raise VdeckError("stopped")

    with pytest.raises(VdeckError, match="stopped"):
        save(str(tmp_path / "a.log"), lines())
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told() -> None:
    with pytest.raises(VdeckError, match="cannot"):
        save("/dev/full", ["x"])


@pytest.mark.parametrize("typed", ["", "  ", "a\x00b", "/no/such/folder/a.log"])
def test_names_that_cannot_be(typed: str) -> None:
    with pytest.raises(VdeckError):
        free_path(typed)


def test_a_home_folder_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert free_path("~/a.log") == str(tmp_path / "a.log")
    monkeypatch.chdir(tmp_path)
    assert free_path(" b.log ") == str(tmp_path / "b.log")
