"""Readiness of servers that answer badly, slowly, or not at all."""

from __future__ import annotations

import socket
import time

from standin import StandIn

from launcher.runs import readiness
from launcher.runs.record import Probe


def test_ports_that_keep_silent_neither_hide_the_server_nor_hold_the_supervisor_up() -> None:
    with (
        StandIn(model="tiny") as server,
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        silent = (one.getsockname()[1], two.getsockname()[1])
        began = time.monotonic()
        answer = readiness.ask(Probe("vllm", ports=(*silent, server.port)), api_key=None, timeout_s=0.6)
        assert answer.ready and answer.port == server.port
        assert not readiness.ask(Probe("http", ports=silent), api_key=None, timeout_s=0.6).ready
        assert time.monotonic() - began < 2 * 0.6 + 0.5
