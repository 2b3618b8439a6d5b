"""vdeck watches servers: a supervisor each, attached to it, as the benchmarks need them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

LIMIT_S = 120.0
FIRST_FIGURES = rb"server-\d+[^\r\n]{1,80}?\d/\d"
"""Running and waiting requests of a server whose name is painted: vdeck and vllmstat both write them so."""


@contextmanager
def attached(ports: Sequence[int]) -> Iterator[list[int]]:
    """Supervisors for the servers on these ports, named server-0, server-1, …; their pids. Detached at the end."""
    from launcher.runs import control

    ids: list[str] = []
    pids: list[int] = []
    try:
        for number, port in enumerate(ports):
            ids.append(control.attach(f"http://127.0.0.1:{port}", name=f"server-{number}", check=False).id)
        deadline = time.monotonic() + LIMIT_S
        for run_id in ids:
            while (pid := control.read(run_id).supervisor) is None:
                assert time.monotonic() < deadline, "not every supervisor came up"
                time.sleep(0.1)
            pids.append(pid)
        yield pids
    finally:
        for run_id in ids:
            control.delete(run_id)
