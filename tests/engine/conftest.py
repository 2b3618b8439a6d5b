"""Tests against a real vLLM. Without one on this machine the CPU engine is installed first (minutes, gigabytes,
once)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_kit import ROOT

from launcher.engines import find
from launcher.engines.engine import Engine
from launcher.errors import VdeckError


@pytest.fixture(scope="session")
def engine() -> Engine:
    """A real CPU engine."""
    try:
        return find.choose(None, gpu=False)
    except VdeckError:
        done = subprocess.run([sys.executable, "-m", "tui.cli", "engine", "install", "--variant", "cpu"], cwd=ROOT)
        assert done.returncode == 0, "the CPU engine could not be installed"
        return find.choose(None, gpu=False)


@pytest.fixture
def tiny(tmp_path: Path, engine: Engine) -> Iterator[Path]:
    """The example manifest of a tiny model, in a folder of the test's own."""
    (tmp_path / "tiny").symlink_to(ROOT / "examples" / "tiny")
    file = tmp_path / "tiny.yaml"
    file.write_text((ROOT / "examples" / "tiny.yaml").read_text())
    yield file
