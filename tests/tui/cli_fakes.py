"""A control that lives in memory, for tests of the command line: what was asked, and runs that move on when read."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import launcher.runs
from launcher.errors import UsageError
from launcher.logs.redact import Redactor
from launcher.metrics.goals import Goals
from launcher.runs.events import Event
from launcher.runs.view import ENDED, Endpoint, PhaseMark, RunView
from tui.cli import main

NOW = 1_795_000_000.0
ID = "369367189168"


def a_run(run_id: str = ID, name: str = "qwen", **changes: Any) -> RunView:
    """A live run that serves."""
    values: dict[str, Any] = {
        "status": "running", "phase": "ready", "ready": True, "description": "a try",
        "created": NOW, "started": NOW + 1, "ready_at": NOW + 24.5,
        "endpoints": (Endpoint("vllm", "http", "http://127.0.0.1:8100", 8100),),
        "model": "Qwen/Qwen3-0.6B", "served_names": ("qwen3",), "engine": "0.33.0-cpu", "pids": (4321,),
        "phases": (PhaseMark("imports", NOW + 1, NOW + 3.5), PhaseMark("load", NOW + 3.5, NOW + 24)),
    }  # fmt: skip
    return RunView(run_id, name, **(values | changes))


class FakeControl(types.ModuleType):
    """The functions of launcher.runs.control that the command line calls."""

    def __init__(self, *runs: RunView) -> None:
        super().__init__("launcher.runs.control")
        self.runs = {run.id: run for run in runs}
        self.asked: list[tuple[Any, ...]] = []
        self.next: dict[str, list[RunView]] = {}
        """What a run becomes with each further look at it."""
        self.happened: tuple[Event, ...] = ()
        self.secrets: dict[str, str] = {}
        self.manifest = ""
        self.goal_set = Goals()
        self.error: Exception | None = None
        self.servers: tuple[Any, ...] = ()

    def _do(self, *what: Any) -> None:
        self.asked.append(what)
        if self.error is not None:
            raise self.error

    def resolve(self, word: str) -> RunView:
        for run in self.runs.values():
            if run.id.startswith(word) or run.name == word:
                return run
        raise UsageError(f"there is no run {word}", fix="`vdeck run list` shows all runs")

    def read(self, run_id: str) -> RunView:
        if self.next.get(run_id):
            self.runs[run_id] = self.next[run_id].pop(0)
        return self.runs[run_id]

    def wait(
        self, run_id: str, until: str = "ready", timeout_s: float | None = None,
        on_change: Callable[[RunView], None] | None = None,
    ) -> RunView:  # fmt: skip
        while True:
            run = self.read(run_id)
            if on_change is not None:
                on_change(run)
            if run.status in ENDED or (until == "ready" and run.ready):
                return run
            if not self.next.get(run_id):
                raise KeyboardInterrupt

    def attach(
        self, url: str, *, name: str | None = None, key_variable: str | None = None, insecure: bool = False,
        check: bool = True,
    ) -> RunView:  # fmt: skip
        given = {"name": name, "key_variable": key_variable, "insecure": insecure, "check": check}
        self._do("attach", url, given)
        return next(iter(self.runs.values()))

    def found_servers(self) -> tuple[Any, ...]:
        return self.servers

    def terminate(self, run_id: str, *, force: bool = False) -> None:
        self._do("terminate", run_id, force)

    def restart(self, run_id: str) -> None:
        self._do("restart", run_id)

    def clone(self, run_id: str) -> RunView:
        self._do("clone", run_id)
        return self.runs[run_id]._replace(id="369367189999")

    def delete(self, run_id: str) -> None:
        self._do("delete", run_id)

    def goals(self, run_id: str) -> Goals:
        return self.goal_set

    def set_goals(self, run_id: str, wanted: Goals) -> None:
        self._do("set_goals", run_id, wanted)

    def events(self, run_id: str) -> tuple[Event, ...]:
        return self.happened

    def manifest_text(self, run_id: str) -> str:
        return self.manifest

    def secret_values(self, run_id: str) -> dict[str, str]:
        return self.secrets

    def redactor(self, run_id: str) -> Redactor:
        return Redactor(self.secrets.values())

    def api_key(self, run_id: str) -> str | None:
        return self.secrets.get("VLLM_API_KEY")


def put(monkeypatch: pytest.MonkeyPatch, *runs: RunView) -> FakeControl:
    """Put a fake control in the place of the real one."""
    fake = FakeControl(*runs)
    monkeypatch.setitem(sys.modules, "launcher.runs.control", fake)
    monkeypatch.setattr(launcher.runs, "control", fake, raising=False)
    return fake


class Result(NamedTuple):
    code: int
    out: str
    err: str


def vdeck(capsys: pytest.CaptureFixture[str], *words: str) -> Result:
    """Run one command line in this process."""
    capsys.readouterr()
    code = main(words)
    printed = capsys.readouterr()
    return Result(code, printed.out, printed.err)


def folder_with_log(tmp_path: Path, text: str) -> str:
    """A run folder whose log says ``text``."""
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    (folder / "output.log").write_text(text, encoding="utf-8")
    return str(folder)
