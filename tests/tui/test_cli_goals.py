"""`vdeck run goals`: goals are shown, set, changed and forgotten; wrong ones change nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import runs_kit as kit
from cli_fakes import ID, a_run, put, vdeck
from waiting import wait_for

from launcher import paths
from launcher.metrics.goals import Goal, Goals
from launcher.metrics.recorder import Recorder
from launcher.runs import control, goal_file, listing

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
BOTH = Goals((Goal("ttft", 0.5, 0.9), Goal("e2e", 20.0, 0.99)), "bell")


@pytest.fixture
def fake(monkeypatch: Patch, tmp_path: Path) -> Any:
    return put(monkeypatch, a_run(folder=str(tmp_path), missed=("ttft",)))


def test_a_run_without_goals_says_how_to_set_one(fake: Any, capsys: Capsys) -> None:
    result = vdeck(capsys, "run", "goals", ID)
    assert result == (0, f"#{ID} qwen has no goals (vdeck run goals {ID} --ttft 500ms sets one)\n", "")
    assert fake.asked == []


def test_goals_are_shown(fake: Any, capsys: Capsys) -> None:
    fake.goal_set = BOTH
    assert vdeck(capsys, "run", "goals", ID).out.splitlines() == [
        f"#{ID} qwen: the last 5 minutes, notify bell",
        "",
        "Goal   Limit  Wanted  Attained",
        "TTFT  500 ms    90 %         -",
        "E2E     20 s    99 %         -",
    ]
    document = json.loads(vdeck(capsys, "run", "goals", ID, "--json").out)
    assert document["notify"] == "bell"
    assert document["goals"] == [
        {"key": "ttft", "limit_s": 0.5, "share": 0.9, "attained": None, "missed": True},
        {"key": "e2e", "limit_s": 20.0, "share": 0.99, "attained": None, "missed": False},
    ]
    assert fake.asked == []


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--ttft", "300ms"), Goals((Goal("ttft", 0.3, 0.9), Goal("e2e", 20.0, 0.99)), "bell")),
        (("--itl", "50ms"), Goals((Goal("ttft", 0.5, 0.9), Goal("itl", 0.05, 0.95), Goal("e2e", 20.0, 0.99)), "bell")),
        (("--share", "80%"), Goals((Goal("ttft", 0.5, 0.8), Goal("e2e", 20.0, 0.8)), "bell")),
        (("--ttft", "1s", "--share", "0.5"), Goals((Goal("ttft", 1.0, 0.5), Goal("e2e", 20.0, 0.99)), "bell")),
        (("--notify", "desktop"), BOTH._replace(notify="desktop")),
        (("--clear",), Goals()),
        (("--clear", "--e2e", "9", "--notify", "off"), Goals((Goal("e2e", 9.0, 0.95),))),
    ],
)
def test_options_change_what_they_name(words: tuple[str, ...], wanted: Goals, fake: Any, capsys: Capsys) -> None:
    fake.goal_set = BOTH
    assert vdeck(capsys, "run", "goals", ID, *words).code == 0
    assert fake.asked == [("set_goals", ID, wanted)]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--ttft", "0"), "--ttft cannot be '0'. It is a time above 0"),
        (("--ttft", "9d"), "--ttft cannot be '9d'"),
        (("--ttft", "quick"), "--ttft cannot be 'quick'"),
        (("--share", "200%"), "--share cannot be '200%'"),
        (("--notify", "mail"), "--notify cannot be 'mail'"),
        (("--clear", "--share", "90%"), "there is no goal that --share could be for"),
    ],
)
def test_wrong_options_change_nothing(words: tuple[str, ...], what: str, fake: Any, capsys: Capsys) -> None:
    fake.goal_set = BOTH
    result = vdeck(capsys, "run", "goals", ID, *words)
    assert result.code == 2
    assert what.partition(". ")[0] in result.err
    assert fake.asked == []


def test_a_supervisor_takes_what_the_command_line_sets(capsys: Capsys) -> None:
    run_id = kit.start(kit.shell("sleep 1000"))
    wait_for(lambda: listing.load(run_id).status == "running")
    assert vdeck(capsys, "run", "goals", run_id, "--ttft", "300ms", "--share", "99%", "--notify", "bell").code == 0
    wait_for(lambda: [e.text for e in control.events(run_id) if e.kind == "goal"] == ["goals set: TTFT 300 ms (99 %)"])
    wait_for(lambda: listing.load(run_id).notify == "bell")
    assert control.goals(run_id) == Goals((Goal("ttft", 0.3, 0.99),), "bell")
    control.terminate(run_id)
    wait_for(lambda: kit.ended(run_id))
    result = vdeck(capsys, "run", "goals", run_id, "--ttft", "1s")
    assert result.code == 2
    assert "has ended" in result.err


def test_a_damaged_file_is_said_and_can_be_mended(capsys: Capsys) -> None:
    run_id = kit.start(kit.shell("sleep 1000"))
    run = paths.RunPaths.of(run_id)
    recorder = Recorder(run.metrics)
    recorder.record(b"vllm:num_requests_running 3\n", 1_795_000_000_000)
    recorder.close()
    Path(run.goals).write_text("{")
    result = vdeck(capsys, "run", "goals", run_id)
    assert (result.code, "goals.json is damaged" in result.err) == (1, True)
    result = vdeck(capsys, "run", "metrics", run_id)  # the figures are there all the same
    assert (result.code, "goals.json is damaged" in result.err, "Running" in result.out) == (0, True, True)
    assert vdeck(capsys, "run", "goals", run_id, "--clear", "--itl", "50ms").code == 0
    assert goal_file.read(run.goals)[0] == Goals((Goal("itl", 0.05),))
    control.terminate(run_id, force=True)
    wait_for(lambda: kit.ended(run_id))
