"""Many at the same instant: ids and ports are never given twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher.runs import control, listing

pytestmark = pytest.mark.faults

MANY = 50


def test_fifty_creates_at_once_get_fifty_ids_and_ports(tmp_path: Path) -> None:
    manifest = tmp_path / "many.yaml"
    manifest.write_text(
        "name: many\nresources: {gpus: 0}\nrun: while [ ! -e $RUN_DIR/../../go ]; do sleep 1; done\n"
        "ports: [{name: a, type: tcp, port: auto}]\n"
    )
    go = tmp_path / "start"
    code = (
        "import os, sys, time\nfrom launcher.runs import control\nfrom launcher.manifest import reader\n"
        "while not os.path.exists(sys.argv[2]): time.sleep(0.005)\n"
        "run = control.create(open(sys.argv[1]).read(), file=sys.argv[1])\nprint(run.id, run.endpoints[0].port)"
    )
    root = str(Path(__file__).parents[2])
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(manifest), str(go)], stdout=subprocess.PIPE, text=True, cwd=root,
            env={**os.environ, "PYTHONPATH": root},
        )
        for _ in range(MANY)
    ]  # fmt: skip
    go.touch()
    lines = [child.communicate(timeout=120)[0].split() for child in children]
    assert all(child.returncode == 0 for child in children)
    assert len({line[0] for line in lines}) == MANY
    assert len({line[1] for line in lines}) == MANY
    assert sorted(listing.run_ids()) == sorted(line[0] for line in lines)
    for run_id, _ in lines:
        control.terminate(run_id, force=True)
    for run_id, _ in lines:
        run = wait_for(lambda run_id=run_id: kit.ended(run_id), 60)
        assert run is not None and run.status == "terminated"
        assert kit.processes(run_id) == []
