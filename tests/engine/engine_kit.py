"""What the tests against a real vLLM share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import runs_kit as kit
from waiting import wait_for

from launcher.runs.view import RunView

START_S = 180.0
"""A start takes 15 s on a quiet machine with two cores and over a minute on a busy one."""
ROOT = Path(__file__).parents[2]


def vdeck(*words: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command line as a user has it."""
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", *words], capture_output=True, text=True, cwd=ROOT, env=dict(os.environ),
        input=stdin, timeout=START_S + 60,
    )  # fmt: skip
    assert not check or done.returncode == 0, (
        f"vdeck {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def vdeck_json(*words: str) -> Any:
    """The one JSON document that a command prints."""
    return json.loads(vdeck(*words, "--json").stdout)


def ready(run_id: str) -> RunView:
    """Wait until a run is ready."""
    run = wait_for(lambda: kit.ready(run_id), START_S, "ready")
    assert run is not None
    return run


def ended(run_id: str, timeout_s: float) -> RunView:
    """Wait for the end of a run, and see with our own eyes that no process is left."""
    run = wait_for(lambda: kit.ended(run_id), timeout_s, "the end of the run")
    assert run is not None
    assert kit.processes(run_id) == []
    assert not [pid for pid in run.pids if Path(f"/proc/{pid}").exists()]
    return run
