"""`vdeck prometheus …`, and what `doctor` and `run metrics` say of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from cli_fakes import ID, a_run, vdeck
from prometheus_fake import Answer, Fake, Fields, prometheus, success, vector
from runs_kit import free_port

from launcher import paths
from launcher.errors import VdeckError
from launcher.metrics.recorder import Recorder
from launcher.prometheus import look, service
from launcher.prometheus.choice import Choice
from launcher.prometheus.look import Stand, Target
from launcher.runs import files, record, state
from launcher.runs.record import PortRecord, Probe, RunRecord
from tui.commands import doctor_checks as checks
from tui.commands.prometheus import document, lines

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
STAND = Stand(
    Choice("binary", "/usr/bin/prometheus", "PATH"), a_run(name="prometheus"), "http://127.0.0.1:8100", "2.42.0", True,
    None, 3 * 1024**2, (Target("42", "qwen", "m", "127.0.0.1:8000", "down", "refused"), Target("43", "x", "m", "h:1")),
)  # fmt: skip


def test_the_table() -> None:
    assert lines(STAND) == [
        "Configured    /usr/bin/prometheus (PATH)",
        f"Run           #{ID} running, ready",
        "History from  http://127.0.0.1:8100 (version 2.42.0)",
        "Data          3 MiB",
        "Targets       2",
        "  42  qwen  127.0.0.1:8000  down  refused",
        "  43  x     h:1             -",
    ]
    assert lines(Stand(None, None, None))[:3] == ["Configured    none", "Run           none", "History from  -"]


def test_the_document() -> None:
    value = json.loads(json.dumps(document(STAND), allow_nan=False))
    assert value["configured"] == {"kind": "binary", "value": "/usr/bin/prometheus", "source": "PATH"}
    assert (value["run"], value["ready"], value["reachable"], value["problem"]) == (ID, True, True, None)
    assert value["targets"][1]["health"] is None
    assert document(Stand(None, None, None))["url"] is None


def test_status_of_one_that_does_not_answer_fails(monkeypatch: Patch, capsys: Capsys) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("VDECK_PROMETHEUS", url)
    result = vdeck(capsys, "prometheus", "status", "--json")
    assert result.code == 1 and result.err.startswith(f"error: no Prometheus answers at {url}.")
    value = json.loads(result.out)
    assert value["url"] == url and not value["reachable"] and value["problem"].startswith("no Prometheus answers")


def test_start_and_stop_speak(monkeypatch: Patch, capsys: Capsys) -> None:
    run = a_run(name="prometheus")
    asked: list[object] = []
    monkeypatch.setattr(service, "start", lambda **options: asked.append(options) or run)
    monkeypatch.setattr(service, "wait_ready", lambda run: run)
    result = vdeck(capsys, "prometheus", "start", "--port", "9090", "--retention", "2d")
    assert result == (0, f"Created '#{ID}' (prometheus).\nPrometheus is ready: http://127.0.0.1:8100\n", "")
    assert asked == [{"port": 9090, "retention_s": 2 * 86400.0}]
    monkeypatch.setattr(service, "stop", lambda: run)
    assert vdeck(capsys, "prometheus", "stop").out == f"Prometheus (run #{ID}) has ended.\n"
    monkeypatch.setattr(service, "stop", lambda: None)
    assert vdeck(capsys, "prometheus", "stop") == (0, "No Prometheus of vdeck runs here.\n", "")


@pytest.mark.parametrize("words", [("--port", "0"), ("--port", "70000"), ("--retention", "1s"), ("--retention", "x")])
def test_start_refuses_nonsense(words: tuple[str, str], capsys: Capsys) -> None:
    result = vdeck(capsys, "prometheus", "start", *words)
    assert result.code == 2 and result.err.startswith(f"error: {words[0]}")


def test_ctrl_c_while_waiting_leaves_it_running(monkeypatch: Patch, capsys: Capsys) -> None:
    def interrupted(run: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(service, "start", lambda **_: a_run(name="prometheus"))
    monkeypatch.setattr(service, "wait_ready", interrupted)
    result = vdeck(capsys, "prometheus", "start")
    assert result.code == 130 and "goes on" in result.err


@pytest.mark.parametrize(
    ("stand", "state", "words"),
    [
        (STAND, "ok", f"run {ID} answers at http://127.0.0.1:8100 (version 2.42.0)"),
        (STAND._replace(run=None), "ok", "configured answers"),
        (STAND._replace(url=None, run=None), "ok", "/usr/bin/prometheus (PATH), not started"),
        (Stand(None, None, None), "ok", "none"),
        (STAND._replace(problem=VdeckError("it is gone", fix="look")), "warn", "it is gone"),
    ],
)
def test_doctor(stand: Stand, state: str, words: str, monkeypatch: Patch) -> None:
    monkeypatch.setattr(look, "look", lambda: stand)
    found = checks.prometheus()
    assert found.state == state and words in found.found


def test_doctor_sweeps_nothing(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stale = Path(paths.prometheus_targets(), "000000000042.json")
    stale.parent.mkdir(parents=True)
    stale.write_text("[]")
    assert checks.prometheus().state == "ok" and stale.exists()


def an_attached_run() -> None:
    """A run that is watched since 10 s: record, state, and ten samples."""
    run = paths.RunPaths.of(ID)
    Path(run.folder).mkdir(parents=True)
    now = time.time()
    port = PortRecord("vllm", "http", 8000, "10.0.0.7")
    made = RunRecord(ID, "far", now - 10, "attached", ports=(port,), probe=Probe("vllm", "10.0.0.7", (8000,)),
                     attached="http://10.0.0.7:8000")  # fmt: skip
    stand = state.State()
    stand.status, stand.served_names, stand.ended = "terminated", ["tiny"], now
    files.write_json(run.record, record.to_json(made))
    files.write_json(run.state, stand.to_json())
    recorder = Recorder(run.metrics)
    for second in range(10):
        page = f"# TYPE vllm:generation_tokens_total counter\nvllm:generation_tokens_total {second * 7}\n"
        recorder.record(page.encode(), int((now - 10 + second) * 1000))
    recorder.close()


def test_metrics_over_a_week_come_from_prometheus(monkeypatch: Patch, capsys: Capsys) -> None:
    def answer(fake: Fake, path: str, fields: Fields) -> Answer:
        return vector(60.0 if "count_over_time" in fields["query"] else 123.0)  # one series, whatever is asked

    an_attached_run()
    with prometheus(answer) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        text = vdeck(capsys, "run", "metrics", ID, "--window", "7d")
        value = json.loads(vdeck(capsys, "run", "metrics", ID, "--window", "7d", "--json").out)
        asked = len(fake.asked)
        short = json.loads(vdeck(capsys, "run", "metrics", ID, "--window", "5s", "--json").out)
        assert len(fake.asked) == asked, "our own history covers it"
    assert text.out.splitlines()[-1].startswith(f"Over the window: as {fake.url} has it")
    assert "Generation         123 tok/s" in text.out and text.err == ""
    assert (value["prometheus"], value["figures"]["gen_tps"]) == (fake.url, 123.0)
    assert (short["prometheus"], round(short["figures"]["gen_tps"])) == (None, 7)


def test_metrics_without_an_answer_are_our_own_with_a_note(monkeypatch: Patch, capsys: Capsys) -> None:
    an_attached_run()
    monkeypatch.setenv("VDECK_PROMETHEUS", f"http://127.0.0.1:{free_port()}")
    result = vdeck(capsys, "run", "metrics", ID, "--window", "7d", "--json")
    assert result.code == 0 and json.loads(result.out)["prometheus"] is None
    assert result.err.startswith("Older history was not read: no Prometheus answers at")


def test_status_asks_a_foreign_one_for_its_version_only(monkeypatch: Patch, capsys: Capsys) -> None:
    with prometheus(lambda *_: success({"version": "3.1.0"})) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        monkeypatch.setenv("VDECK_PROMETHEUS_TOKEN", "s3cret")
        result = vdeck(capsys, "prometheus", "status")
        assert [path for path, _, _ in fake.asked] == ["/api/v1/status/buildinfo"]
        assert fake.asked[0][2]["Authorization"] == "Bearer s3cret"
    assert result.code == 0 and f"History from  {fake.url} (version 3.1.0)" in result.out and "s3cret" not in result.out
