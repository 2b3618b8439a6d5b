"""`vdeck run list` over run folders as the core leaves them."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cli_fakes as fakes
import pytest

from launcher.paths import RunPaths
from launcher.runs import adopt, files, record
from launcher.runs.state import State
from launcher.runs.view import STATUSES
from tui.commands.run_list import chosen, moment, row

CREATED = 1_707_192_996.25  # 2024-02-06 04:16:36 UTC
HEADER = "ID            Name    Type   Status      Created                    Description"


def make_run(
    run_id: str, name: str = "qwen", status: str = "completed", *, description: str = "", created: float = CREATED
) -> None:
    at = RunPaths.of(run_id)
    files.make_private(at.folder)
    files.write_json(at.record, record.to_json(record.RunRecord(run_id, name, created, description=description)))
    state = State()
    state.status = status
    files.write_json(at.state, state.to_json())


def test_columns_of_vessl(capsys: pytest.CaptureFixture[str]) -> None:
    make_run("369367189168", "server", "terminated", description="first try")
    make_run("369367189170", "qwen", "failed")
    result = fakes.vdeck(capsys, "run", "list")
    assert result.err == ""
    assert result.out.splitlines() == [
        HEADER,
        "369367189170  qwen    batch  failed      2024-02-06 04:16:36+00:00",
        "369367189168  server  batch  terminated  2024-02-06 04:16:36+00:00  first try",
    ]


def test_options_narrow_the_list(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopt.Adopter, "look", lambda self, runs: [])
    make_run("100000000001", "qwen-a", "completed")
    make_run("100000000002", "qwen-b", "running", created=time.time())
    make_run("100000000003", "llama", "failed")

    def ids(*words: str) -> list[str]:
        return [line.split()[0] for line in fakes.vdeck(capsys, "run", "list", *words).out.splitlines()[1:]]

    assert ids() == ["100000000003", "100000000002", "100000000001"]
    assert ids("--live") == ["100000000002"]
    assert ids("--status", "failed") == ["100000000003"]
    assert ids("--status=failed", "--status=completed") == ["100000000003", "100000000001"]
    assert ids("--name", "qwen*") == ["100000000002", "100000000001"]
    assert ids("--name", "Qwen*") == []
    assert ids("--name", "qwen*", "--live") == ["100000000002"]


def test_an_unknown_status_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, "run", "list", "--status", "runing")
    assert result == (2, "", "error: --status cannot be 'runing'. did you mean running.\n")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    make_run("369367189168", "sérveur\x1b[31m", "terminated")
    result = fakes.vdeck(capsys, "run", "list", "--json")
    (document,) = json.loads(result.out)
    assert document["id"] == "369367189168"
    assert document["name"] == "sérveur\x1b[31m"
    assert document["created"] == "2024-02-06T04:16:36.250Z"
    assert document["started"] is None
    assert "\x1b" not in result.out


def test_hostile_names_and_damaged_runs(capsys: pytest.CaptureFixture[str], state_folder: Path) -> None:
    make_run("100000000001", "a\x1b]0;evil\x07b\nc", "completed", description="\u202etxt", created=1e300)
    (state_folder / "runs" / "100000000002").mkdir()
    (state_folder / "runs" / "100000000003").mkdir()
    (state_folder / "runs" / "100000000003" / "run.json").write_text("{")
    (state_folder / "runs" / "not-a-run").mkdir()
    lines = fakes.vdeck(capsys, "run", "list").out.splitlines()
    assert lines[1:] == [
        "100000000003  -     batch  lost       -",
        "100000000002  -     batch  lost       -",
        "100000000001  ab c  batch  completed  -        txt",
    ]


def test_a_live_run_without_supervisor_is_adopted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(adopt.Adopter, "look", lambda self, runs: looked.extend(run.id for run in runs))
    make_run("100000000001", status="running")
    make_run("100000000002", status="failed")
    make_run("100000000003", status="lost")
    assert fakes.vdeck(capsys, "run", "list").code == 0
    assert looked == ["100000000001"]


def test_the_description_fits_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    make_run("369367189168", description="a very long description of this run " * 9)
    monkeypatch.setattr("tui.commands.output.terminal_width", lambda: 90)
    lines = fakes.vdeck(capsys, "run", "list").out.splitlines()
    assert len(lines[1]) == 90
    assert lines[1].endswith("…")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.0, "1970-01-01 00:00:00+00:00"), (CREATED, "2024-02-06 04:16:36+00:00"), (float("nan"), "-"),
     (1e300, "-")],
)  # fmt: skip
def test_moment(seconds: float | None, text: str) -> None:
    assert moment(seconds) == text


@pytest.mark.parametrize("status", STATUSES)
def test_live_is_what_has_not_ended(status: str) -> None:
    run = fakes.a_run(status=status)
    assert (run in chosen([run], live=True)) is (status not in ("completed", "failed", "terminated", "lost"))
    assert row(run)[3] == status


def test_the_quick_path_stays_light() -> None:
    """What `vdeck run list` may not import, asked in an interpreter of its own."""
    import subprocess

    code = (
        "import sys; from tui.cli import main; main(['run', 'list']); "
        "print(' '.join(sorted(sys.modules)), file=sys.stderr)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    loaded = set(done.stderr.split())
    heavy = {
        "textual", "rich", "asyncio", "httpx", "dataclasses", "pathlib", "argparse", "subprocess", "socket", "yaml",
        "inspect", "logging", "shutil", "tempfile", "difflib", "traceback", "launcher.runs.control",
    }  # fmt: skip
    assert loaded & heavy == set()
    assert "launcher.runs.listing" in loaded
