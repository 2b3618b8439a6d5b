"""A bundle holds what a report needs and no secret, whatever the run folder looks like."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.logs.diagnosis import Change, Diagnosis, Evidence, Fix
from launcher.runs import bundle, bundle_parts, diagnose, events, files, record, secrets, state
from launcher.runs.record import RunRecord, StepRecord

RUN = "369367189101"
API_KEY, HF, PASSWORD = "planted-Key-1", "hf_" + "PlantedToken" * 2, "planted-pass-2"
ARGV, SHORT, PEM, OVERRIDE = "planted-argv-3", "s3cr1", "PEMLINEONE\nPEMLINETWO", "planted-over-4"
PLANTED = (API_KEY, HF, PASSWORD, ARGV, SHORT, "PEMLINEONE", "PEMLINETWO", OVERRIDE)
MANIFEST = f"""name: x
env:
  VLLM_API_KEY: {API_KEY}
  DB_PASSWORD: "{SHORT}"
  PROXY: https://me:{PASSWORD}@proxy:3128
  PEM_KEY: |
    PEMLINEONE
    PEMLINETWO
  HF_TOKEN: {{secret: HF_TOKEN}}
run: |
  vllm serve m --api-key {ARGV} --max-model-len 8192
"""
LOG = f"""INFO args: {{'model': 'm', 'api_key': ['{API_KEY}'], 'hf_token': '{HF}'}}
{{"api_key": "{API_KEY}", "url": "https://me:{PASSWORD}@host/x"}}
the key was {ARGV} and \x1b[31m{API_KEY[:6]}\x1b[0m{API_KEY[6:]}
PEMLINEONE
HF_TOKEN={HF} {OVERRIDE}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> paths.RunPaths:
    monkeypatch.setenv("VDECK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    made = paths.RunPaths.of(RUN)
    files.make_private(made.folder)
    Path(made.manifest).write_text(MANIFEST)
    given = {"env": [["MY_TOKEN", OVERRIDE]], "sets": []}
    secrets.write(made.secrets, {
        "VLLM_API_KEY": API_KEY, "PEM_KEY": PEM, "HF_TOKEN": HF, secrets.OVERRIDES: json.dumps(given),
    })  # fmt: skip
    step = StepRecord(("/bin/bash", "-c", f"vllm serve m --api-key {ARGV}"), "/tmp", "vllm serve m --api-key ***")
    env = {"PROXY": f"https://me:{PASSWORD}@proxy:3128", "DB_PASSWORD": SHORT, "PLAIN": "kept"}
    files.write_json(made.record, record.to_json(RunRecord(RUN, "x", 1.0, steps=(step,), env=env, notes=(ARGV,))))
    stand = state.State()
    stand.status, stand.reason = "failed", f"it said {API_KEY}"
    files.write_json(made.state, stand.to_json())
    events.append(made.events, events.Event(1.0, "problem", f"it said {ARGV}"))
    Path(made.output).write_text(LOG)
    Path(made.supervisor_log).write_text(f"RuntimeError: {PASSWORD}\n")
    found = Diagnosis(
        "bad-key", f"The key {API_KEY} is bad", f"It printed {ARGV}.", Evidence(3, f"key was {ARGV}"),
        (Fix(f"Do not use {API_KEY}.", (Change("x", 1),)),), "server",
    )  # fmt: skip
    monkeypatch.setattr(diagnose, "diagnose_run", lambda run_id: found)
    return made


def unpacked(path: str) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        assert all(member.isfile() and member.mode == 0o600 for member in archive.getmembers())
        contents = {}
        for member in archive.getmembers():
            opened = archive.extractfile(member)
            assert opened is not None
            contents[member.name] = opened.read()
        return contents


def texts(path: str) -> dict[str, str]:
    return {name.partition("/")[2]: data.decode() for name, data in unpacked(path).items()}


def test_no_planted_secret_is_in_any_byte(run: paths.RunPaths) -> None:
    contents = unpacked(bundle.pack(RUN))
    for name, data in contents.items():
        for secret in PLANTED:
            assert secret.encode() not in data, (name, secret)
            assert json.dumps(secret)[1:-1].encode() not in data, (name, secret)


def test_what_a_report_needs_is_in_it(run: paths.RunPaths) -> None:
    found = texts(bundle.pack(RUN))
    assert set(found) == {
        "README.txt", "diagnosis.txt", "diagnosis.json", "manifest.yaml", "run.json", "state.json", "events.jsonl",
        "output.log", "supervisor.log", "environment.txt", "metrics.json", "gpus.json", "versions.json",
    }  # fmt: skip
    assert "--max-model-len 8192" in found["manifest.yaml"]
    assert "HF_TOKEN: {secret: HF_TOKEN}" in found["manifest.yaml"] or "HF_TOKEN: ***" in found["manifest.yaml"]
    assert "PLAIN=kept" in found["environment.txt"]
    assert "What to do:" in found["diagnosis.txt"] and '"rule": "bad-key"' in found["diagnosis.json"]
    assert "'model': 'm'" in found["output.log"]
    assert json.loads(found["versions.json"])["python"]
    assert json.loads(found["gpus.json"])["gpus"] >= 0
    assert json.loads(found["state.json"])["status"] == "failed"
    for name in found:
        assert name in found["README.txt"] or name == "README.txt"


def test_a_long_log_has_its_beginning_and_its_end(run: paths.RunPaths) -> None:
    with open(run.output, "w") as file:
        file.write("the cause\n")
        for number in range(60_000):
            file.write(f"line {number} of the log, nothing to see here, the key is {API_KEY}\n")
        file.write("the end\n")
    found = texts(bundle.pack(RUN))
    assert "output.log" not in found
    first, last = found["output-first.log"], found["output-last.log"]
    assert first.startswith("the cause\n") and last.endswith("the end\n")
    assert len(first) <= bundle_parts.FIRST_BYTES and len(last) <= bundle_parts.LAST_BYTES
    assert API_KEY not in first + last
    assert all(line.startswith(("line ", "the end")) for line in last.splitlines())


def test_links_out_of_the_folder_are_not_followed(run: paths.RunPaths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("not of this run")
    for path in (run.output, run.manifest, run.record, run.state, run.events, run.supervisor_log):
        os.unlink(path)
        os.symlink(outside, path)
    os.mkdir(tmp_path / "m")
    os.symlink(tmp_path / "m", run.metrics)
    for name, data in unpacked(bundle.pack(RUN)).items():
        assert b"not of this run" not in data, name


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b"\xff\x00\xfe" * 50, b"[" * 5000])
def test_a_damaged_run_is_packed_too(run: paths.RunPaths, damage: bytes) -> None:
    for path in (run.record, run.state, run.events, run.manifest):
        Path(path).write_bytes(damage)
    found = unpacked(bundle.pack(RUN))
    assert len(found) == 13
    assert not any(secret.encode() in data for data in found.values() for secret in (API_KEY, HF))


def test_an_empty_folder_is_packed_too(run: paths.RunPaths) -> None:
    for name in os.listdir(run.folder):
        os.unlink(os.path.join(run.folder, name))
    assert "(empty)" in texts(bundle.pack(RUN))["README.txt"]


def test_pipes_and_folders_in_the_place_of_files_do_no_harm(run: paths.RunPaths) -> None:
    os.unlink(run.output)
    os.mkfifo(run.output)
    os.unlink(run.events)
    os.mkdir(run.events)
    assert texts(bundle.pack(RUN))["output.log"] == ""


def test_a_part_that_breaks_costs_only_itself(run: paths.RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run_id: str) -> Any:
        raise RuntimeError(f"token={HF}")

    monkeypatch.setattr(diagnose, "diagnose_run", broken)
    found = texts(bundle.pack(RUN))
    assert "could not be had: RuntimeError" in found["diagnosis.txt"] and HF not in found["diagnosis.txt"]
    assert "'model'" in found["output.log"]


def test_nothing_is_ever_replaced(run: paths.RunPaths, tmp_path: Path) -> None:
    first = bundle.pack(RUN)
    assert first == str(tmp_path / f"vdeck-{RUN}.tar.gz")
    assert bundle.pack(RUN) == str(tmp_path / f"vdeck-{RUN}-2.tar.gz")
    mine = tmp_path / "mine.tar.gz"
    mine.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        bundle.pack(RUN, str(mine))
    assert mine.read_text() == "mine"
    link = tmp_path / "link.tar.gz"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(VdeckError):
        bundle.pack(RUN, str(link))
    assert not (tmp_path / "target").exists()
    assert os.stat(first).st_mode & 0o777 == 0o600


def test_into_a_folder_and_into_none(run: paths.RunPaths, tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    assert bundle.pack(RUN, "reports") == str(tmp_path / "reports" / f"vdeck-{RUN}.tar.gz")
    with pytest.raises(VdeckError, match="No such file"):
        bundle.pack(RUN, str(tmp_path / "no" / "x.tar.gz"))


def test_packing_changes_nothing_in_the_run(run: paths.RunPaths) -> None:
    before = {name: Path(run.folder, name).read_bytes() for name in os.listdir(run.folder)}
    bundle.pack(RUN)
    assert {name: Path(run.folder, name).read_bytes() for name in os.listdir(run.folder)} == before
