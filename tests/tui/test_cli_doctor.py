"""`vdeck doctor`: each check against a machine that is well and one that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import NOW, a_run, vdeck

from launcher.engines import find
from launcher.engines.engine import Engine
from launcher.errors import VdeckError
from launcher.host import driver, nvml
from launcher.host import gpus as host_gpus
from launcher.host.gpus import Gpu
from launcher.runs import listing, tree
from launcher.runs.tree import Proc
from tui.commands import doctor_checks as checks
from tui.commands.doctor import Check, examine, lines

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def test_the_real_machine_in_both_forms(capsys: Capsys) -> None:
    document = json.loads(vdeck(capsys, "doctor", "--json").out)
    assert [check["name"] for check in document["checks"]] == [name for name, _ in checks.CHECKS]
    assert document["ok"] is all(check["state"] != "fail" for check in document["checks"])
    text = vdeck(capsys, "doctor")
    assert text.err == ""
    assert text.code == (0 if document["ok"] else 1)
    assert text.out.splitlines()[-1].startswith(f"{len(checks.CHECKS)} checks, ")


def test_a_check_that_breaks_has_failed_and_the_others_still_run() -> None:
    def broken() -> Check:
        raise ValueError("odd")

    results = examine((("a", broken), ("b", lambda: Check("b", "ok", "fine"))))
    assert results == [Check("a", "fail", "the check broke: ValueError: odd"), Check("b", "ok", "fine")]


def test_a_failed_check_decides_the_exit_code(monkeypatch: Patch, capsys: Capsys) -> None:
    monkeypatch.setattr(checks, "CHECKS", (("x", lambda: Check("x", "fail", "bad\x1b[2J", "mend it")),))
    result = vdeck(capsys, "doctor")
    assert result == (1, "✖ x  bad\n     → mend it\n1 checks, 1 failed, 0 with a warning.\n", "")
    monkeypatch.setattr(checks, "CHECKS", (("x", lambda: Check("x", "warn", "odd")),))
    assert vdeck(capsys, "doctor").code == 0


def test_a_fix_is_shown_only_where_something_is_to_mend() -> None:
    assert lines([Check("a", "ok", "x", "never"), Check("bb", "warn", "y", "do")]) == [
        "✔ a   x", "▲ bb  y", "      → do", "2 checks, 0 failed, 1 with a warning.",
    ]  # fmt: skip


def test_state_folder(state_folder: Path, monkeypatch: Patch, tmp_path: Path) -> None:
    assert checks.state_folder().state == "ok"
    state_folder.mkdir(mode=0o700)
    assert checks.state_folder().found.endswith("(mode 0700)")
    state_folder.chmod(0o755)
    assert checks.state_folder().state == "warn"
    assert checks.state_folder().fix == f"chmod 700 {state_folder}"
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert checks.state_folder().state == "fail"
    monkeypatch.setenv("VDECK_HOME", str(tmp_path / "none"))
    assert checks.state_folder().state == "fail"


@pytest.mark.parametrize(("free", "state"), [(50 * 2**30, "ok"), (2**30, "warn"), (10 * 2**20, "fail")])
def test_disk(free: int, state: str, monkeypatch: Patch) -> None:
    class Usage:
        pass

    Usage.free = free  # type: ignore[attr-defined]
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    assert checks.disk().state == state


def test_gpus(monkeypatch: Patch) -> None:
    monkeypatch.setattr(driver, "nvidia_present", lambda: False)
    assert checks.gpus() == Check("GPUs", "ok", "no NVIDIA driver: runs use the CPU")
    monkeypatch.setattr(driver, "nvidia_present", lambda: True)
    monkeypatch.setattr(host_gpus, "read", lambda processes=True: ())
    assert checks.gpus().state == "warn"
    monkeypatch.setattr(host_gpus, "read", lambda processes=True: (Gpu(0, "NVIDIA H200", "", 0, 141 * 2**30),))
    assert checks.gpus().found.startswith("0 NVIDIA H200 141 GiB (driver ")


def test_engines(monkeypatch: Patch) -> None:
    def none(version: str | None, *, gpu: bool) -> Engine:
        raise VdeckError("no vLLM is installed", fix="Run: vdeck engine install")

    monkeypatch.setattr(find, "choose", none)
    assert checks.engines() == Check("engines", "warn", "no vLLM is installed", "Run: vdeck engine install")
    engine = Engine("0.33.0-cpu", "0.33.0+cpu", "cpu", "/e/bin/vllm", "/e/bin/python", "installed", "/e")
    monkeypatch.setattr(find, "choose", lambda version, gpu: engine)
    monkeypatch.setattr(find, "engines", lambda: (engine,))
    monkeypatch.setattr(find, "unusable", lambda: ())
    assert checks.engines().found == "0.33.0-cpu (vLLM 0.33.0+cpu, cpu); runs take 0.33.0-cpu"


def _runs(monkeypatch: Patch, *runs: Any) -> None:
    monkeypatch.setattr(listing, "load_all", lambda: list(runs))


def test_runs(monkeypatch: Patch) -> None:
    live, lost = a_run("1"), a_run("2", status="lost")
    _runs(monkeypatch, live, lost)
    monkeypatch.setattr(listing, "needs_supervisor", lambda run: False)
    assert checks.runs().state == "warn"
    assert checks.runs().found == "2 runs, 1 live; lost: 2"
    monkeypatch.setattr(listing, "needs_supervisor", lambda run: run.id == "1")
    assert checks.runs().found == "2 runs, 1 live; without a supervisor: 1"
    _runs(monkeypatch)
    assert checks.runs() == Check("runs", "ok", "0 runs, 0 live")


def test_leftover_vllm_processes(monkeypatch: Patch) -> None:
    def proc(pid: int, ppid: int, comm: str) -> Proc:
        return Proc(pid, ppid, pid, 1, comm, "S")

    everything = [proc(1, 0, "init"), proc(10, 1, "vllm"), proc(11, 10, "VLLM::EngineCor")]
    everything.append(proc(20, 1, "VLLM::Worker_TP"))
    monkeypatch.setattr(tree, "scan", lambda: {p.pid: p for p in everything})
    _runs(monkeypatch, a_run("1", pids=(10,)), a_run("2", status="failed", pids=(20,), ended=NOW))
    found = checks.leftovers()
    assert (found.state, found.found) == ("warn", "vLLM processes of no run: 20 (VLLM::Worker_TP)")
    assert found.fix.endswith("kill -9 20")
    _runs(monkeypatch, a_run("1", pids=(10,)), a_run("2", pids=(), supervisor=1))
    assert checks.leftovers().state == "ok"


@pytest.mark.parametrize(
    ("environment", "state", "found"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "ok", "xterm-256color, 16 million colours"),
        ({"TERM": "xterm-256color"}, "ok", "xterm-256color, 256 colours"),
        ({"TERM": "linux"}, "ok", "linux, 16 colours"),
        ({"TERM": "dumb"}, "warn", "TERM is dumb"),
        ({}, "warn", "TERM is not set"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "ok", "xterm, no colours (NO_COLOR)"),
    ],
)
def test_terminal(environment: dict[str, str], state: str, found: str, monkeypatch: Patch) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tui.commands.output.is_terminal", lambda stream: True)
    assert (checks.terminal().state, checks.terminal().found) == (state, found)


def test_the_sensors_of_the_gpus_in_both_forms(monkeypatch: Patch, capsys: Capsys) -> None:
    class Lib:
        """One card with a power sensor and nothing else."""

        def __getattr__(self, name: str) -> Any:
            answers = {"Count": 1, "HandleByIndex": 0, "Name": "NVIDIA H100", "PowerUsage": 612_500}
            key = name.removeprefix("nvmlDeviceGet")

            def ask(*_: object) -> Any:
                return answers[key]

            return ask

    monkeypatch.setattr(nvml, "library", Lib)
    text = vdeck(capsys, "doctor", "--gpus")
    assert text.code == 0
    assert text.out.splitlines()[:2] == ["# GPU 0: NVIDIA H100", 'vdeck:gpu_power_watts{gpu="0"} 612.5']
    assert text.out.splitlines()[-1].startswith("# 1 GPU, 1 series, one look took ")
    document = json.loads(vdeck(capsys, "doctor", "--gpus", "--json").out)
    assert document["series"] == {'vdeck:gpu_power_watts{gpu="0"}': 612.5}


def test_no_gpu_has_no_sensors_and_says_so_with_its_exit_code(monkeypatch: Patch, capsys: Capsys) -> None:
    monkeypatch.setattr(nvml, "library", lambda: None)
    text = vdeck(capsys, "doctor", "--gpus")
    assert (text.code, text.err) == (1, "")
    assert text.out.startswith("# 0 GPUs, 0 series, ")
