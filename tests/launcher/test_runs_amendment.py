"""A fix carried out on real run folders: which file is written, which never, and what the new run is made of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.logs.diagnosis import Change, Fix
from launcher.manifest.overrides import Overrides
from launcher.runs import amendment, control
from launcher.runs.view import RunView

TEXT = "name: small   # mine\nrun: |\n  : vllm serve m --max-model-len 8192 --api-key planted-key-123; exit 3\n"
FIX = Fix("Lower it.", (Change("max-model-len", 2048),))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("VDECK_HOME", str(tmp_path / "home"))
    path = tmp_path / "small.yaml"
    path.write_text(TEXT)
    path.chmod(0o640)
    yield path
    for run_id in os.listdir(paths.runs_dir()):
        control.wait(run_id, "ended", timeout_s=20)


def failed(file: Path | None, **given: object) -> RunView:
    """A run of the manifest that has ended."""
    run = control.create(TEXT, file=str(file) if file else "", overrides=Overrides(**given))  # type: ignore[arg-type]
    return control.wait(run.id, "ended", timeout_s=20)


def test_the_file_is_written_and_a_new_run_started(file: Path) -> None:
    run = failed(file)
    proposal = amendment.propose(run.id, FIX)
    assert (proposal.possible, proposal.file, proposal.note) == (True, str(file), "")
    assert "-  : vllm serve m --max-model-len 8192" in proposal.diff
    assert "planted-key-123" not in proposal.diff
    made = amendment.carry_out(proposal)
    assert made.id != run.id
    assert file.read_text() == TEXT.replace("8192", "2048")
    assert file.stat().st_mode & 0o777 == 0o640
    assert Path(paths.RunPaths(made.folder).manifest).read_text() == file.read_text()
    assert Path(paths.RunPaths(run.folder).manifest).read_text() == TEXT
    assert made.manifest == str(file)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.unlink(), "is not there any more"),
        (lambda path: path.write_text(TEXT + "# more\n"), "is another text by now"),
    ],
)
def test_a_file_that_is_another_is_left_alone(file: Path, spoil: object, says: str) -> None:
    run = failed(file)
    spoil(file)  # type: ignore[operator]
    left = file.read_text() if file.exists() else None
    proposal = amendment.propose(run.id, FIX)
    assert proposal.file == ""
    assert says in proposal.note
    made = amendment.carry_out(proposal)
    assert "2048" in control.manifest_text(made.id)
    assert (file.read_text() if file.exists() else None) == left


def test_a_run_without_a_file_gets_a_new_text_only(file: Path) -> None:
    run = failed(None)
    proposal = amendment.propose(run.id, FIX)
    assert (proposal.file, "no file" in proposal.note) == ("", True)
    made = amendment.carry_out(proposal)
    assert "2048" in control.manifest_text(made.id)
    assert control.manifest_text(run.id) == TEXT


def test_a_file_that_changes_between_the_look_and_the_deed_stops_it(file: Path) -> None:
    run = failed(file)
    proposal = amendment.propose(run.id, FIX)
    file.write_text("name: other\nrun: true\n")
    with pytest.raises(VdeckError, match="changed meanwhile"):
        amendment.carry_out(proposal)
    assert file.read_text() == "name: other\nrun: true\n"
    assert len(os.listdir(paths.runs_dir())) == 1


def test_a_link_stays_a_link(file: Path) -> None:
    link = file.with_name("link.yaml")
    link.symlink_to(file)
    run = failed(link)
    amendment.carry_out(amendment.propose(run.id, FIX))
    assert link.is_symlink()
    assert "2048" in file.read_text()


def test_options_that_would_undo_the_change_are_dropped(file: Path) -> None:
    run = failed(file, env=(("A", "1"), ("B", "2")))
    proposal = amendment.propose(run.id, Fix("Set A.", (Change("A", "3", env=True),)))
    assert proposal.dropped == ("--env A",)
    assert proposal.overrides.env == (("B", "2"),)
    made = amendment.carry_out(proposal)
    assert control.overrides(made.id).env == (("B", "2"),)


def test_what_cannot_be_written_is_refused_and_nothing_happens(file: Path) -> None:
    run = failed(file)
    proposal = amendment.propose(run.id, Fix("No.", (Change("api-key", "x"),)))
    assert (proposal.possible, proposal.diff) == (False, "")
    with pytest.raises(UsageError):
        amendment.carry_out(proposal)
    assert file.read_text() == TEXT


def test_a_live_run_is_not_doubled(file: Path) -> None:
    text = "name: sleeper\nrun: 'vllm() { sleep 60; }; vllm serve m'\n"
    file.write_text(text)
    run = control.create(text, file=str(file))
    try:
        with pytest.raises(UsageError, match="lives"):
            amendment.carry_out(amendment.propose(run.id, FIX))
    finally:
        control.terminate(run.id, force=True)
    assert file.read_text() == text
