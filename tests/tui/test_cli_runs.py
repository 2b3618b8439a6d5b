"""read, events, terminate, restart, clone, delete of the command line, against a control that lives in memory."""

from __future__ import annotations

import json
import sys
from typing import Any

import cli_fakes as fakes
import pytest
from cli_fakes import ID, NOW, a_run, put, vdeck

from launcher.errors import UsageError, VdeckError
from launcher.manifest.model import EnvVar, Manifest, Resources
from launcher.runs.events import Event
from launcher.runs.view import PhaseMark
from tui.commands import run_read, waiting

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
ENDED: dict[str, Any] = {
    "status": "failed", "phase": None, "ready": False, "reason": "out of memory", "ended": NOW + 60,
}  # fmt: skip


def test_read_shows_the_fields_of_vessl_and_our_own(monkeypatch: Patch, capsys: Capsys) -> None:
    put(monkeypatch, a_run())
    result = vdeck(capsys, "run", "read", "3693")
    assert (result.code, result.err) == (0, "")
    names = [line.split("  ")[0] for line in result.out.splitlines() if not line.startswith(" ")]
    for name in ("ID", "Name", "Description", "Status", "Status reason", "Created", "Cluster", "Resource", "Image",
                 "Start commands", "Interactive", "Environment variables", "Ports", "Service account",
                 "Termination protection", "Phase", "Ready", "Phases"):  # fmt: skip
        assert name in names
    assert "Created                 2026-11-18 11:06:40+00:00\n" in result.out
    assert "8100/http vllm http://127.0.0.1:8100" in result.out
    assert "imports     2.5 s\n" in result.out


def test_read_json(monkeypatch: Patch, capsys: Capsys) -> None:
    put(monkeypatch, a_run())
    document = json.loads(vdeck(capsys, "run", "read", ID, "--json").out)
    assert document["id"] == ID
    assert document["endpoints"] == [{"name": "vllm", "type": "http", "url": "http://127.0.0.1:8100", "port": 8100}]
    assert document["phases"][0]["name"] == "imports"


def test_read_masks_secrets_and_cleans_text() -> None:
    manifest = Manifest(
        "qwen", image="quay.io/x", resources=Resources(preset="gpu-l4", memory="8Gi"),
        env=(
            EnvVar("A", "1"), EnvVar("HF_TOKEN", "hf_secretvalue", sensitive=True), EnvVar("W", secret="wandb"),
            EnvVar("X", placeholder=True),
        ),
    )  # fmt: skip
    found = dict(run_read.fields(a_run(gpus=(0, 1), commands=("a \\\nb", "c")), manifest, now=NOW))
    assert found["Environment variables"] == [
        "A=1", "HF_TOKEN=********", "W=(secret wandb)", "X=(placeholder, not passed on)",
    ]  # fmt: skip
    assert found["Resource"] == "GPU 0, 1, preset gpu-l4, memory 8Gi"
    assert found["Image"] == "quay.io/x"
    assert run_read.lines([("A", "x"), ("Commands", ("a \\\nb\n", "c"))]) == [
        "A         x", "Commands  a \\", "          b", "          c",
    ]  # fmt: skip


def test_a_phase_that_lasts_counts_up_and_stops_with_the_run() -> None:
    mark = PhaseMark("load", NOW, None)
    assert run_read.phase_line(a_run(phases=(mark,)), 0, NOW + 21) == "load        21.0 s  (now)"
    ended = a_run(phases=(mark,), status="failed", ended=NOW + 9)
    assert run_read.phase_line(ended, 0, NOW + 500) == "load        9.0 s"
    assert run_read.phase_line(a_run(phases=(mark,), status="lost", ended=None), 0, NOW) == "load        -"


def test_an_unknown_run(monkeypatch: Patch, capsys: Capsys) -> None:
    put(monkeypatch)
    for words in (["read", "9"], ["logs", "9"], ["events", "9"], ["terminate", "9"], ["restart", "9"], ["clone", "9"]):
        result = vdeck(capsys, "run", *words)
        assert result == (2, "", "error: there is no run 9. `vdeck run list` shows all runs.\n")


def test_events(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    control.happened = (Event(NOW, "status", "running"), Event(NOW + 1, "note", "two\nlines\x1b[2J"))
    assert vdeck(capsys, "run", "events", ID).out.splitlines() == [
        "2026-11-18 11:06:40+00:00  status      running",
        "2026-11-18 11:06:41+00:00  note        two lines",
    ]
    assert json.loads(vdeck(capsys, "run", "events", ID, "--json").out)[0] == {
        "time": "2026-11-18T11:06:40.000Z", "kind": "status", "text": "running",
    }  # fmt: skip


def test_events_are_followed_until_the_end(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    control.next[ID] = [a_run(), a_run(), a_run(**ENDED)]
    texts = iter(["one", "two", "three", "four"])
    seen: list[Event] = []

    def events(run_id: str) -> tuple[Event, ...]:
        seen.append(Event(NOW, "note", next(texts)))
        return tuple(seen)

    monkeypatch.setattr(control, "events", events)
    monkeypatch.setattr("tui.commands.output.pause", lambda seconds: None)
    result = vdeck(capsys, "run", "events", "-f", ID)
    assert [line.split()[-1] for line in result.out.splitlines()] == ["one", "two", "three"]


def test_following_and_json_exclude_each_other(monkeypatch: Patch, capsys: Capsys) -> None:
    put(monkeypatch, a_run())
    result = vdeck(capsys, "run", "events", ID, "-f", "--json")
    assert result.code == 2
    assert result.err.startswith("error: --json prints one document")


def test_terminate_says_it_as_vessl(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run(), a_run("111", "other"))
    assert vdeck(capsys, "run", "terminate", ID, "other", "--force") == (
        0, f"Terminated '#{ID}'.\nTerminated '#111'.\n", "",
    )  # fmt: skip
    assert control.asked == [("terminate", ID, True), ("terminate", "111", True)]


def test_terminate_asks_each_run_once(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    vdeck(capsys, "run", "terminate", ID, "qwen")
    assert control.asked == [("terminate", ID, False)]


def test_terminate_touches_nothing_when_one_word_is_wrong(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    assert vdeck(capsys, "run", "terminate", ID, "nobody").code == 2
    assert control.asked == []


def test_terminate_of_an_ended_run_is_no_failure(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run(**ENDED))
    assert vdeck(capsys, "run", "terminate", ID) == (0, "", f"Run #{ID} has ended already (failed).\n")
    assert control.asked == []


def test_terminate_of_a_lost_run_is_one(monkeypatch: Patch, capsys: Capsys) -> None:
    put(monkeypatch, a_run(status="lost", reason="run.json is damaged"), a_run("111", "other"))
    result = vdeck(capsys, "run", "terminate", ID, "111")
    assert result.code == 1
    assert result.out == "Terminated '#111'.\n", "the others are still done"
    assert result.err == f"error: run {ID} (qwen) was lost: run.json is damaged. see vdeck run logs {ID}.\n"


def test_terminate_waits_until_nothing_is_left(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    control.next[ID] = [a_run(status="stopping", ready=False), a_run(**(ENDED | {"status": "terminated"}))]
    assert vdeck(capsys, "run", "terminate", ID, "--wait") == (0, f"Terminated '#{ID}'.\n", "")
    assert control.next[ID] == []


def test_ctrl_c_while_terminate_waits(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    control.next[ID] = [a_run(status="stopping", ready=False)]
    result = vdeck(capsys, "run", "terminate", ID, "--wait")
    assert (result.code, result.out) == (130, "")
    assert result.err.startswith("Interrupted. The runs go on stopping")


def test_terminate_that_fails(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    control.error = VdeckError("run 1 cannot be told: No space left on device", fix="free space")
    result = vdeck(capsys, "run", "terminate", ID)
    assert result == (1, "", "error: run 1 cannot be told: No space left on device. free space.\n")


def test_restart_and_clone(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    assert vdeck(capsys, "run", "restart", "qwen") == (0, f"Restarted '#{ID}'.\n", "")
    result = vdeck(capsys, "run", "clone", "qwen")
    assert result.out.splitlines()[0] == "Created '#369367189999' (qwen)."
    assert json.loads(vdeck(capsys, "run", "clone", "qwen", "--json").out)["id"] == "369367189999"
    assert control.asked == [("restart", ID), ("clone", ID), ("clone", ID)]


def test_delete_refuses_while_one_is_live(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run(), a_run("111", "old", **ENDED))
    result = vdeck(capsys, "run", "delete", "111", ID)
    assert result == (
        2, "", f"error: {ID} is live, nothing was deleted. first: vdeck run terminate {ID} --wait.\n",
    )  # fmt: skip
    assert control.asked == []


def test_delete_goes_on_after_a_failure(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run(**ENDED), a_run("111", "old", **ENDED))

    def delete(run_id: str) -> None:
        if run_id == ID:
            raise UsageError("no")

    monkeypatch.setattr(control, "delete", delete)
    assert vdeck(capsys, "run", "delete", ID, "111") == (2, "Deleted #111.\n", "error: no.\n")


@pytest.mark.parametrize(
    ("changes", "when", "said"),
    [
        ({"status": "failed", "reason": "boom"}, " before it was ready", "failed before it was ready: boom"),
        ({"status": "terminated", "reason": None}, "", "was terminated"),
        ({"status": "completed", "reason": None}, " before it was ready", "completed before it was ready"),
    ],
)
def test_how_an_end_is_told(changes: dict[str, Any], when: str, said: str) -> None:
    assert waiting.ended_error(a_run(**changes), when).title == f"run {ID} (qwen) {said}"


def test_phases_are_told_on_a_terminal(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run())
    imports, load = PhaseMark("imports", NOW, NOW + 2.5), PhaseMark("load", NOW + 2.5, None)
    starting: dict[str, Any] = {"ready": False, "phase": "load"}
    control.next[ID] = [
        a_run(status="pending", ready=False, phases=()),
        a_run(**starting, phases=(imports._replace(ended=None),)),
        a_run(**starting, phases=(imports, load), progress="43 %"),
        a_run(phases=(imports, load._replace(ended=NOW + 24))),
    ]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run = waiting.wait_for(ID, "ready")
    told = capsys.readouterr().err
    assert run.ready
    plain = told.replace("\x1b[K", "").replace("\r", "\n").split("\n")
    assert [line for line in plain if line.startswith("✔")] == ["✔ imports    2.5 s", "✔ load       21.5 s"]
    assert any(line.startswith("◐ load 43 % ") for line in plain)
    assert "◌ pending" in plain


def test_nothing_is_told_elsewhere(monkeypatch: Patch, capsys: Capsys) -> None:
    control = put(monkeypatch, a_run(ready=False))
    control.next[ID] = [a_run(ready=False), a_run()]
    assert waiting.wait_for(ID, "ready").ready
    assert capsys.readouterr() == ("", "")


def test_the_fake_has_what_the_real_control_has() -> None:
    """A fake that knows more than the real thing would let wrong calls pass."""
    import inspect

    from launcher.runs import control

    for name, function in vars(fakes.FakeControl).items():
        if name.startswith("_"):
            continue
        real = inspect.signature(getattr(control, name))
        ours = inspect.signature(function)
        assert list(real.parameters) == list(ours.parameters)[1:], name
