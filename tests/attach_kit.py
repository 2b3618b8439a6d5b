"""Servers that vdeck did not start, for tests: the stand-in in this process, behind a prefix, or started anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from runs_kit import STANDIN
from standin import StandIn
from standin_http import Handler
from waiting import wait_for

from launcher import paths
from launcher.runs import control, listing
from launcher.runs.view import RunView


def behind(prefix: str, **options: Any) -> StandIn:
    """The stand-in as a reverse proxy shows it: everything below ``prefix``, nothing beside it."""

    class Prefixed(Handler):
        def parse_request(self) -> bool:
            good = super().parse_request()
            inside = self.path.startswith(prefix + "/")
            self.path = self.path[len(prefix) :] if inside else "/nothing-here"
            return good

    server = StandIn(**options)
    server.server.RequestHandlerClass = Prefixed
    server.url += prefix
    return server


@contextmanager
def process(port: int, *options: str, program: str = STANDIN) -> Iterator[subprocess.Popen[bytes]]:
    """The stand-in as a process that somebody else started: when it is gone, so are its connections."""
    command = [sys.executable, program, "serve", "tiny", "--port", str(port), *options]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def attach(url: str, **options: Any) -> RunView:
    """Attach and wait until it is ready."""
    return ready(control.attach(url, **options).id)


def ready(run_id: str, restarts: int = 0) -> RunView:
    """Wait until a run is ready, and was seen to restart so often."""

    def look() -> RunView | None:
        run = listing.load(run_id)
        return run if run.ready and run.restarts == restarts else None

    run = wait_for(look, what=f"run {run_id} to be ready")
    assert run is not None
    return run


def not_ready(run_id: str, why: str = "not ready") -> RunView:
    """Wait until a run is not ready for this reason."""

    def look() -> RunView | None:
        run = listing.load(run_id)
        return run if not run.ready and why in (run.reason or "") else None

    run = wait_for(look, what=f"run {run_id} not to be ready: {why}")
    assert run is not None
    return run


def kill_supervisor(run_id: str, number: int = signal.SIGKILL) -> None:
    """End the supervisor by a signal, and wait until nobody supervises."""
    pid = listing.load(run_id).supervisor
    assert pid is not None
    os.kill(pid, number)
    wait_for(lambda: not listing.supervised(paths.RunPaths.of(run_id)), what="the lock to be free")
