"""What all tests share: a state folder of their own, and nothing of the user's environment that could matter."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

for _name in (
    "HF_TOKEN",
    "VLLM_API_KEY",
    "VLLM_PORT",
    "PROMETHEUS_MULTIPROC_DIR",
    "NO_COLOR",
    "VDECK_RUN_DIR",
    "VDECK_PROMETHEUS",
    "VDECK_PROMETHEUS_TOKEN",
):
    os.environ.pop(_name, None)


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test has a VDECK_HOME and a VDECK_CONFIG of its own; whatever runs in there is killed at its end."""
    home = tmp_path / "vdeck-home"
    monkeypatch.setenv("VDECK_HOME", str(home))
    monkeypatch.setenv("VDECK_CONFIG", str(tmp_path / "vdeck-config"))
    yield home
    if (home / "runs").is_dir():
        _kill_all(home)


def _kill_all(home: Path) -> None:
    from launcher import paths
    from launcher.runs import listing, tree

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        processes = tree.scan()
        left = set()
        for folder in (home / "runs").iterdir():
            left |= tree.marked(processes, str(folder))
            state = listing.load(folder.name).supervisor if folder.name.isdigit() else None
            if state is not None and listing.supervised(paths.RunPaths(str(folder))):
                left.add(state)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if not left:
            return
        time.sleep(0.05)
