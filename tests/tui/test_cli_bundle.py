"""``vdeck bundle`` and the part of ``vdeck diagnose --apply`` that carries a fix out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.logs.diagnosis import Change, Fix
from launcher.runs import control
from launcher.runs.view import RunView
from tui.cli import main
from tui.commands import diagnose_apply

TEXT = "name: small\nrun: ': vllm serve m --max-model-len 8192; exit 3'\n"
LOWER = Fix("Lower it.", (Change("max-model-len", 2048),))
HAND = Fix("Buy a GPU.")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunView]:
    monkeypatch.setenv("VDECK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(TEXT)
    made = control.create(TEXT, file="small.yaml")
    yield control.wait(made.id, "ended", timeout_s=20)
    for run_id in (entry.name for entry in Path(paths.runs_dir()).iterdir()):
        control.wait(run_id, "ended", timeout_s=20)


def test_bundle_says_where_and_what(run: RunView, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", run.id]) == 0
    told = capsys.readouterr()
    path = tmp_path / f"vdeck-{run.id}.tar.gz"
    assert f"into {path}" in told.out and "look through it" in told.err
    assert path.is_file()
    assert main(["bundle", run.id, "-o", "b.tar.gz", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["path"] == str(tmp_path / "b.tar.gz")
    assert f"vdeck-{run.id}/README.txt" in [file["name"] for file in found["files"]]
    assert main(["bundle", run.id, "-o", "b.tar.gz"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["bundle", "nobody"]) == 2


def test_apply_shows_writes_and_starts(run: RunView, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diagnose_apply.apply(run, (HAND, LOWER), yes=True) == 0
    told = capsys.readouterr().out
    for words in ("Lower it.", "-run: ': vllm serve m --max-model-len 8192", "+run: ", "Writes ", "Created '#"):
        assert words in told
    assert "2048" in (tmp_path / "small.yaml").read_text()


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_apply_asks(run: RunView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, done: bool) -> None:
    def ask(question: str) -> str:
        if not answer:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", ask)
    monkeypatch.setattr(diagnose_apply.output, "is_terminal", lambda stream: stream is sys.stdin)
    assert diagnose_apply.apply(run, (LOWER,)) == (0 if done else 1)
    assert ("2048" in (tmp_path / "small.yaml").read_text()) is done
    assert len(list(Path(paths.runs_dir()).iterdir())) == (2 if done else 1)


@pytest.mark.parametrize(
    ("fixes", "given", "says"),
    [
        ((HAND,), {"yes": True}, "no fix of run"),
        ((HAND, LOWER), {"number": 1, "yes": True}, "done by hand"),
        ((LOWER,), {"number": 2, "yes": True}, "there is no fix 2"),
        ((LOWER,), {}, "nobody is there to be asked"),
    ],
)
def test_apply_refuses(run: RunView, tmp_path: Path, fixes: Any, given: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        diagnose_apply.apply(run, fixes, **given)
    assert (tmp_path / "small.yaml").read_text() == TEXT
    assert len(list(Path(paths.runs_dir()).iterdir())) == 1


def test_what_cannot_be_written_says_why(run: RunView) -> None:
    with pytest.raises(VdeckError, match="VLLM_API_KEY"):
        diagnose_apply.apply(run, (Fix("No.", (Change("api-key", "k"),)),), yes=True)
