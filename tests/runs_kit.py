"""Runs without a manifest: a record written by hand and a real supervisor on it."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from launcher import paths
from launcher.clusters.local import LocalCluster
from launcher.runs import files, listing, record, reserve, secrets, tree
from launcher.runs.record import PortRecord, Probe, RunRecord, StepRecord
from launcher.runs.view import RunView

STANDIN = str(Path(__file__).with_name("standin.py"))


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def shell(command: str, cwd: str = "/tmp") -> StepRecord:
    """A step of ``run:``."""
    return StepRecord(("/bin/bash", "-c", command), cwd, command)


def server_step(port: int, *options: str) -> StepRecord:
    """The stand-in server as vdeck would start ``vllm serve``."""
    argv = (sys.executable, STANDIN, "serve", "tiny", "--port", str(port), "--model", "tiny", *options)
    return StepRecord(argv, "/tmp", "vllm serve tiny", "vllm")


def start(*steps: StepRecord, **fields: Any) -> str:
    """Make a run folder and put a supervisor on it; the id."""
    with reserve.lock():
        run_id = reserve.new_id()
        run = paths.RunPaths.of(run_id)
        secrets.write(run.secrets, fields.pop("secrets", {}))
        made = RunRecord(id=run_id, name=fields.pop("name", "test"), created=time.time(), steps=tuple(steps), **fields)
        files.write_atomic(run.manifest, b"name: test\n")
        files.write_json(run.record, record.to_json(made))
        LocalCluster().launch(run.folder, "start")
    return run_id


def start_server(*options: str, **fields: Any) -> tuple[str, int]:
    """A run of the stand-in server; id and port."""
    port = free_port()
    probe = Probe("vllm", "127.0.0.1", (port,), ("tiny",))
    run_id = start(server_step(port, *options), ports=(PortRecord("vllm", "http", port),), probe=probe, **fields)
    return run_id, port


def processes(run_id: str) -> list[int]:
    """The processes that carry the run's mark, looked for in all of /proc (not by what vdeck says)."""
    return sorted(tree.marked(tree.scan(), paths.RunPaths.of(run_id).folder))


def ended(run_id: str) -> RunView | None:
    """The run once it has ended."""
    run = listing.load(run_id)
    return None if run.live else run


def ready(run_id: str) -> RunView | None:
    """The run once it is ready; an early end fails the test with its reason."""
    run = listing.load(run_id)
    assert run.live, f"{run.status}: {run.reason}\n{output(run_id)}"
    return run if run.ready else None


def output(run_id: str) -> str:
    """The log of a run."""
    try:
        return Path(paths.RunPaths.of(run_id).output).read_text(errors="replace")
    except OSError:
        return ""


def supervisor(run_id: str) -> int:
    """The pid of the run's supervisor."""
    pid = listing.load(run_id).supervisor
    assert pid is not None and os.path.exists(f"/proc/{pid}")
    return pid
