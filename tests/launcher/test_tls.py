"""A server with `ssl-keyfile` and `ssl-certfile`: readiness, metrics and chat by https, unsigned."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import selfsigned
from standin import StandIn

from launcher import paths
from launcher.metrics import http
from launcher.metrics.scrape import Scraper
from launcher.runs import listing, readiness, state
from launcher.runs.record import PortRecord, Probe, RunRecord
from launcher.serving.client import ChatClient, ChatParams, Delta


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StandIn]:
    with selfsigned.secured(StandIn(model="tiny", api_key="a-key"), tmp_path) as found:
        yield found


def test_a_page_comes_by_https_and_the_connection_is_kept(server: StandIn) -> None:
    scraper = Scraper("127.0.0.1", server.port, scheme="https")
    assert all(b"vllm:num_requests_running" in scraper.get() for _ in range(3))
    scraper.close()
    assert http.get("127.0.0.1", server.port, "/health", scheme="https").status == 200


def test_plain_http_to_a_tls_server_is_an_error_and_no_answer(server: StandIn) -> None:
    with pytest.raises(OSError):
        http.get("127.0.0.1", server.port, "/health", timeout_s=5)


def test_https_to_a_plain_server_is_an_error_and_no_answer() -> None:
    with StandIn() as plain, pytest.raises(OSError):
        http.get("127.0.0.1", plain.port, "/health", timeout_s=5, scheme="https")


def test_a_server_that_never_shakes_hands_costs_the_timeout_and_no_more() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            http.get("127.0.0.1", silent.getsockname()[1], "/health", timeout_s=0.2, scheme="https")
        assert time.monotonic() - began < 3


def test_readiness_follows_the_scheme_of_the_probe(server: StandIn) -> None:
    probe = Probe("vllm", "127.0.0.1", (server.port,), ("tiny",), "https")
    assert readiness.ask(probe, api_key="a-key").ready
    assert readiness.healthy(probe, server.port) is None
    assert not readiness.ask(probe._replace(scheme="http"), api_key="a-key").ready


async def test_the_chat_accepts_the_certificate_of_this_machine(server: StandIn) -> None:
    async with ChatClient(server.url, api_key="a-key") as client:
        assert [model.id for model in await client.models()] == ["tiny"]
        parts = [part async for part in client.stream([{"role": "user", "content": "hi"}], ChatParams())]
    assert "You said: hi" in "".join(part.text for part in parts if isinstance(part, Delta))


def test_only_the_server_has_an_https_address_not_what_runs_beside_it() -> None:
    ports = (PortRecord("vllm", "http", 8100), PortRecord("prometheus", "http", 9090), PortRecord("x", "tcp", 7))
    made = RunRecord("1", "x", 0.0, ports=ports, probe=Probe("vllm", "127.0.0.1", (8100, 9090), scheme="https"))
    shown = listing.view(made, state.State(), paths.RunPaths("/runs/1"))
    assert [endpoint.url for endpoint in shown.endpoints] == [
        "https://127.0.0.1:8100", "http://127.0.0.1:9090", "tcp://127.0.0.1:7",
    ]  # fmt: skip
    answered = state.State()
    answered.server_port = 9090
    assert listing.view(made, answered, paths.RunPaths("/runs/1")).url == "https://127.0.0.1:9090"


def test_a_supervisor_without_tls_does_not_load_it() -> None:
    code = "import sys; from launcher.runs import supervisor; sys.exit('ssl' in sys.modules)"
    root = str(Path(__file__).parents[2])
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60).returncode == 0
