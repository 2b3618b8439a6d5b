"""Where the secrets of a run come from, and that nothing that vdeck writes down holds one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import runs_kit
from waiting import wait_for

from launcher import paths
from launcher.runs import control, events, files, masking, record, secrets
from launcher.runs.record import RunRecord, StepRecord

PLANTED = {
    "VLLM_API_KEY": "planted-api-key-1",
    "PEM": "first-line-of-it\nsecond-line-of-it",
}
SCRIPT = "export DB_PASSWORD=planted-password-2\nvllm serve m --api-key planted-argv-3"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> paths.RunPaths:
    monkeypatch.setenv("VDECK_HOME", str(tmp_path))
    made = paths.RunPaths.of("000000000001")
    files.make_private(made.folder)
    given = {"env": [["MY_TOKEN", "planted-override-4"]], "sets": [["vllm.args.hf-token", "planted-set-5"]]}
    secrets.write(made.secrets, {**PLANTED, secrets.OVERRIDES: json.dumps(given)})
    step = StepRecord(("/bin/bash", "-c", SCRIPT), "/tmp", "masked")
    env = {"PROXY": "https://me:planted-url-6@host/", "PLAIN": "plain-value"}
    files.write_json(made.record, record.to_json(RunRecord("000000000001", "x", 1.0, steps=(step,), env=env)))
    return made


@pytest.mark.parametrize(
    "secret",
    [
        "planted-api-key-1", "first-line-of-it", "second-line-of-it", "planted-password-2", "planted-argv-3",
        "planted-override-4", "planted-set-5", "planted-url-6",
    ],
)  # fmt: skip
def test_every_source_of_secrets_is_known(run: paths.RunPaths, secret: str) -> None:
    assert masking.redactor("000000000001")(f"a line with {secret} in it") == "a line with *** in it"


def test_what_is_no_secret_stays(run: paths.RunPaths) -> None:
    assert masking.redactor("000000000001")("plain-value of m on host") == "plain-value of m on host"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe"])
def test_damaged_files_cost_only_what_they_held(run: paths.RunPaths, damage: bytes) -> None:
    Path(run.record).write_bytes(damage)
    assert masking.redactor("000000000001")("planted-api-key-1 hf_abcdefghijklmnopqrst") == "*** ***"
    Path(run.secrets).write_bytes(damage)
    assert masking.redactor("000000000001")("hf_abcdefghijklmnopqrst") == "***"


def test_events_that_an_older_vdeck_wrote_are_masked(run: paths.RunPaths) -> None:
    events.append(run.events, events.Event(1.0, "problem", "it said planted-argv-3"))
    assert [event.text for event in control.events("000000000001")] == ["it said ***"]


def test_a_supervisor_writes_no_secret_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server prints its key in the line that becomes the reason."""
    monkeypatch.setenv("VDECK_HOME", str(tmp_path))
    monkeypatch.setenv("PRINTED", "planted-reason-7")
    command = 'export SOME_API_KEY=planted-reason-7; echo "RuntimeError: bad key $PRINTED"; exit 3'
    run_id = runs_kit.start(runs_kit.shell(command))
    wait_for(lambda: not control.read(run_id).live)
    run = control.read(run_id)
    assert run.reason is not None and "***" in run.reason
    folder = paths.RunPaths.of(run_id)
    for path in (folder.state, folder.events):
        assert "planted-reason-7" not in Path(path).read_text(), path
