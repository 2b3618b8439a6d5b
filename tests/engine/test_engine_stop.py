"""Stopping a real vLLM at every stage, and what dies by itself: nothing may be left, and the reason must be right."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest
import runs_kit as kit
from engine_kit import START_S, ended, ready
from waiting import wait_for

from launcher import paths
from launcher.fleet import Fleet
from launcher.host import ports
from launcher.runs import control, listing
from launcher.runs.view import RunView

pytestmark = [pytest.mark.engine, pytest.mark.faults]

GRACE_S = 10.0


def create(tiny: Path) -> RunView:
    text = tiny.read_text() + f"stop: {{grace: {GRACE_S:g}s}}\n"
    return control.create(text, file=str(tiny))


def reached(run_id: str, phase: str) -> RunView:
    def look() -> RunView | None:
        run = listing.load(run_id)
        assert run.live, f"{run.status}: {run.reason}\n{kit.output(run_id)}"
        return run if phase in [mark.name for mark in run.phases] else None

    run = wait_for(look, START_S, f"phase {phase}")
    assert run is not None
    return run


@pytest.mark.parametrize("phase", ["imports", "engine", "load"])
@pytest.mark.parametrize("force", [False, True])
def test_a_start_can_be_stopped_at_every_stage(tiny: Path, phase: str, force: bool) -> None:
    run = create(tiny)
    reached(run.id, phase)
    began = time.monotonic()
    control.terminate(run.id, force=force)
    assert ended(run.id, 5 if force else GRACE_S + 5).status == "terminated"
    assert time.monotonic() - began < (5 if force else GRACE_S + 5)
    assert ports.is_free(run.endpoints[0].port)


def stream(url: str, chunks: list[str], done: threading.Event) -> None:
    body = {"model": "tiny", "messages": [{"role": "user", "content": "go"}], "stream": True, "max_tokens": 3500,
            "ignore_eos": True}  # fmt: skip
    try:
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=60, trust_env=False) as answer:
            for line in answer.iter_lines():
                chunks.append(line)
    except httpx.HTTPError as error:
        chunks.append(str(error))
    finally:
        done.set()


def test_a_server_that_streams_is_stopped_in_time(tiny: Path) -> None:
    run = ready(create(tiny).id)
    assert run.url is not None
    chunks: list[str] = []
    done = threading.Event()
    threading.Thread(target=stream, args=(run.url, chunks, done), daemon=True).start()
    wait_for(lambda: len(chunks) > 20, 30, "a running stream")
    began = time.monotonic()
    control.terminate(run.id)
    assert ended(run.id, GRACE_S + 5).status == "terminated"
    assert time.monotonic() - began < GRACE_S + 5
    assert done.wait(10), "the client is let go"


def test_a_killed_api_server_takes_its_engine_with_it(tiny: Path) -> None:
    run = ready(create(tiny).id)
    engines = [pid for pid in kit.processes(run.id) + list(run.pids) if is_engine(pid)]
    assert engines
    server = [pid for pid in run.pids if Path(f"/proc/{pid}/comm").read_text().strip() == "vllm"]
    assert len(server) == 1
    began = time.monotonic()
    os.kill(server[0], signal.SIGKILL)
    found = ended(run.id, 10)
    assert time.monotonic() - began < 10
    assert found.status == "failed" and found.exit_code == -9 and "SIGKILL" in (found.reason or "")
    assert not any(is_engine(pid) for pid in engines)


def is_engine(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("VLLM::")
    except OSError:
        return False


def test_a_killed_engine_fails_the_run_although_its_server_exits_with_0(tiny: Path) -> None:
    run = ready(create(tiny).id)
    engines = [pid for pid in run.pids if is_engine(pid)]
    os.kill(engines[0], signal.SIGKILL)
    found = ended(run.id, 20)
    assert found.status == "failed" and found.reason


def test_a_killed_supervisor_is_replaced_while_a_real_server_serves(tiny: Path) -> None:
    run = ready(create(tiny).id)
    os.kill(kit.supervisor(run.id), signal.SIGKILL)
    where = paths.RunPaths(run.folder)
    wait_for(lambda: not listing.supervised(where))
    assert run.url and httpx.get(f"{run.url}/health", trust_env=False).status_code == 200
    fleet = Fleet()
    wait_for(lambda: fleet.poll() and listing.supervised(where), what="the adoption")
    again = ready(run.id)
    assert again.ready_at == run.ready_at and again.started == run.started
    control.terminate(run.id)
    assert ended(run.id, GRACE_S + 5).status == "terminated"
