"""Planted secrets of a real run folder, and every way in which the command line and the screen show it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher import paths
from launcher.logs.rows import Rows
from launcher.runs import events, files, listing, record, secrets, state
from launcher.runs.record import RunRecord, StepRecord
from tui.cli import main
from tui.detail.sources import LiveSources

RUN = "369367189101"
API_KEY, ARGV, HF, PASSWORD = "planted-Key-1", "planted-argv-3", "hf_" + "PlantedToken" * 2, "planted-pass-2"
PLANTED = (API_KEY, ARGV, HF, PASSWORD)
LOG = (
    f"INFO args: {{'model': 'm', 'api_key': ['{API_KEY}'], 'hf_token': '{HF}'}}\n"
    f"RuntimeError: {ARGV} at https://me:{PASSWORD}@host/x\n"
    f"\x1b[31m{API_KEY[:6]}\x1b[0m{API_KEY[6:]}\n" + "x" * (64 * 1024 - 6) + API_KEY + "y" * 50 + "\n"
    f"unfinished {ARGV[:9]}"
)
PARTS = (API_KEY[6:], ARGV[:9], PASSWORD[:9], HF[:12], "Key-1")


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> paths.RunPaths:
    monkeypatch.setenv("VDECK_HOME", str(tmp_path / "home"))
    made = paths.RunPaths.of(RUN)
    files.make_private(made.folder)
    env_text = f"env:\n  PROXY: https://me:{PASSWORD}@proxy\n  VLLM_API_KEY: {API_KEY}\n"
    text = f"name: x\n{env_text}run: vllm serve m --api-key {ARGV}\n"
    Path(made.manifest).write_text(text)
    secrets.write(made.secrets, {"VLLM_API_KEY": API_KEY, "HF_TOKEN": HF})
    step = StepRecord(("/bin/sh", "-c", f"vllm serve m --api-key {ARGV}"), "/tmp", "vllm serve m --api-key ***")
    env = {"PROXY": f"https://me:{PASSWORD}@proxy"}
    files.write_json(made.record, record.to_json(RunRecord(RUN, "x", 1.0, steps=(step,), env=env)))
    stand = state.State()
    stand.status, stand.ended = "failed", 2.0
    files.write_json(made.state, stand.to_json())
    events.append(made.events, events.Event(1.0, "problem", f"it said {ARGV}"))
    Path(made.output).write_text(LOG)
    return made


def hides(text: str) -> None:
    for part in (*PLANTED, *PARTS):
        assert part not in text, part


@pytest.mark.parametrize(
    "words",
    [
        ["run", "logs", RUN], ["run", "logs", RUN, "--tail", "all"], ["run", "logs", RUN, "--since", "100000d"],
        ["run", "logs", RUN, "-f"], ["run", "read", RUN], ["run", "read", RUN, "--json"], ["run", "events", RUN],
        ["run", "events", RUN, "--json"], ["run", "list"], ["run", "list", "--json"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_the_command_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    told = capsys.readouterr()
    hides(told.out + told.err)
    if words[1] == "logs":
        assert "'model': 'm'" in told.out and told.out.count("***") >= 6


def test_a_dry_run(tmp_path: Path, run: paths.RunPaths, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--json"]):
        assert main(["run", "create", "-f", run.manifest, "--dry-run", *more]) == 0
        told = capsys.readouterr()
        hides(told.out + told.err)
        assert json.loads(told.out)["plan"]["env"] if more else "PROXY=" in told.out


def test_what_the_screen_gets() -> None:
    sources, view = LiveSources(None), listing.load(RUN)
    particulars = sources.particulars(view)
    hides(repr(particulars) + repr(view.commands) + repr(sources.events(view)))
    assert particulars.last_lines
    mask = sources.redactor(view)
    log = sources.open_log(view)
    log.refresh()
    shown = [mask(line.raw) for line in Rows(log).lines(0, 100)]
    assert shown
    hides("\n".join(shown))
