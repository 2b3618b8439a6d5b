"""`vdeck` and `vdeck tui`: what the screen is opened with."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cli_fakes import put, vdeck

from launcher.fleet import Fleet
from tui.commands import output

Capsys = pytest.CaptureFixture[str]


class FakeApp:
    """Stands for the screen: opened, closed, with this exit code."""

    opened: ClassVar[list[dict[str, Any]]] = []
    return_code: int | None = 0

    def __init__(self, **given: Any) -> None:
        self.given = given

    def run(self) -> None:
        FakeApp.opened.append(self.given)


@pytest.fixture(autouse=True)
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("tui.app")
    module.VdeckApp = FakeApp  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui.app", module)
    monkeypatch.setattr(output, "is_terminal", lambda stream: True)
    monkeypatch.setattr(FakeApp, "opened", [])


@pytest.mark.parametrize("words", [[], ["tui"]])
def test_the_screen_gets_fleet_and_control(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    control = put(monkeypatch)
    assert vdeck(capsys, *words) == (0, "", "")
    (given,) = FakeApp.opened
    assert isinstance(given["fleet"], Fleet)
    assert given["control"] is control
    assert given["manifests"] == ()


def test_manifests_are_handed_on(monkeypatch: pytest.MonkeyPatch, capsys: Capsys, tmp_path: Path) -> None:
    put(monkeypatch)
    path = tmp_path / "a.yaml"
    path.write_text("name: a\n")
    assert vdeck(capsys, "tui", str(path)).code == 0
    assert FakeApp.opened[0]["manifests"] == (str(path),)
    result = vdeck(capsys, "tui", "/nowhere.yaml")
    assert result == (2, "", "error: there is no file /nowhere.yaml. give the path of a manifest.\n")
    assert len(FakeApp.opened) == 1


def test_a_screen_that_failed_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    put(monkeypatch)
    monkeypatch.setattr(FakeApp, "return_code", 1)
    assert vdeck(capsys).code == 1
