"""Readiness of servers that answer badly, slowly, or not at all."""

from __future__ import annotations

import os
import socket
import time

import runs_kit as kit
from standin import StandIn
from waiting import wait_for

from launcher.runs import control, listing, readiness
from launcher.runs.record import PortRecord, Probe


def test_ports_that_keep_silent_neither_hide_the_server_nor_hold_the_supervisor_up() -> None:
    with (
        StandIn(model="tiny") as server,
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        silent = (one.getsockname()[1], two.getsockname()[1])
        began = time.monotonic()
        answer = readiness.ask(Probe("vllm", ports=(*silent, server.port)), api_key=None, timeout_s=1.5)
        assert answer.ready and answer.port == server.port
        assert not readiness.ask(Probe("http", ports=silent), api_key=None, timeout_s=1.5).ready
        assert time.monotonic() - began < 2 * 1.5 + 0.5


def test_a_server_that_wants_another_key_or_serves_another_model_is_told_apart_from_a_silent_one() -> None:
    with StandIn(model="tiny", api_key="right") as server:
        locked = readiness.ask(Probe("vllm", ports=(server.port,)), api_key="wrong")
        assert not locked.ready and locked.heard and "VLLM_API_KEY" in (locked.why or "")
        assert readiness.ask(Probe("vllm", ports=(server.port,)), api_key="right").ready
        other = readiness.ask(Probe("vllm", ports=(server.port,), names=("llama",)), api_key="right")
        assert not other.ready and other.heard and "not llama" in (other.why or "")
    silent = readiness.ask(Probe("vllm", ports=(server.port,)), api_key=None)
    assert not silent.ready and not silent.heard


def test_a_run_that_answers_and_is_not_ready_says_why() -> None:
    run_id, _ = kit.start_server("--api-key", "right")
    run = wait_for(lambda: (r := listing.load(run_id)).reason and r)
    assert run and not run.ready and run.live and "an API key is needed" in (run.reason or "")
    control.terminate(run_id)
    ended = wait_for(lambda: kit.ended(run_id))
    assert ended is not None and ended.status == "terminated"


def test_another_server_that_answers_on_our_port_is_not_ours() -> None:
    port = kit.free_port()
    with StandIn(model="tiny", port=port):
        probe = Probe("vllm", "127.0.0.1", (port,), ("tiny",))
        run_id = kit.start(kit.shell("sleep 1000"), ports=(PortRecord("vllm", "http", port),), probe=probe)
        run = wait_for(lambda: (r := listing.load(run_id)).reason and r)
        assert run and not run.ready
        assert f"port {port} is answered by" in (run.reason or "") and f"pid {os.getpid()}" in (run.reason or "")
        control.terminate(run_id)
        ended = wait_for(lambda: kit.ended(run_id))
        assert ended is not None and ended.status == "terminated"
