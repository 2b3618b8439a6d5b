"""Which processes of this machine are vLLM servers, and where they answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attach_kit
import pytest
import runs_kit as kit
from waiting import wait_for

from launcher.host import servers
from launcher.host.servers import Asked, Socket


@pytest.mark.parametrize(
    "line, asked",
    [
        ("/venv/bin/python /venv/bin/vllm serve Qwen/Qwen3-0.6B --port 8100", Asked(8100, "Qwen/Qwen3-0.6B")),
        ("vllm serve /models/llama --served-model-name llama-8b other --port=9000", Asked(9000, "llama-8b")),
        ("python -u -m vllm.entrypoints.openai.api_server --model meta/llama --port 8001", Asked(8001, "meta/llama")),
        ("python3 /x/vllm/entrypoints/openai/api_server.py --model=m", Asked(None, "m")),
        ("python -m vllm.entrypoints.cli.main serve m --ssl_keyfile k --ssl-certfile c", Asked(None, "m", True)),
        ("python -m vllm.entrypoints.api_server --port x", Asked(None, None)),
        ("VLLM::APIServer_0", Asked()),
        ("vllm serve", Asked()),
        ("vllm bench serve --port 8000", None),
        ("vllm chat --url http://x", None),
        ("VLLM::EngineCore", None),
        ("VLLM::Worker_TP0", None),
        ("tail -f /var/log/vllm", None),
        ("", None),
    ],
)
def test_a_command_line(line: str, asked: Asked | None) -> None:
    assert servers.of_command(line.split()) == asked


def test_a_shell_that_starts_a_server_is_none() -> None:
    assert servers.of_command(["bash", "-c", "vllm serve x --port 8000"]) is None


TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
   2: 0100007F:1F42 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
   broken
"""
TCP6 = """\
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F43 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 444 1
   1: 00000000000000000000000001000000:1F44 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 555 1
   2: 0000000000000000FFFF00000100007F:1F45 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 666 1
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the tables below are of a little endian machine")
def test_the_tables_of_the_kernel() -> None:
    assert servers.listening(TCP) == {"111": Socket("0.0.0.0", 8000), "222": Socket("127.0.0.1", 8001)}
    assert servers.listening(TCP6) == {
        "444": Socket("::", 8003), "555": Socket("::1", 8004), "666": Socket("127.0.0.1", 8005),
    }  # fmt: skip


def test_the_url_is_one_that_can_be_asked() -> None:
    assert servers.url_of(Socket("0.0.0.0", 8000), tls=False) == "http://127.0.0.1:8000"
    assert servers.url_of(Socket("::", 8000), tls=True) == "https://127.0.0.1:8000"
    assert servers.url_of(Socket("::1", 8000), tls=False) == "http://[::1]:8000"
    assert servers.url_of(Socket("10.1.2.3", 8000), tls=False) == "http://10.1.2.3:8000"


def test_the_ports_that_docker_publishes() -> None:
    def proxy(host: str, outside: int, inside: int) -> list[str]:
        line = f"/usr/bin/docker-proxy -proto tcp -host-ip {host} -host-port {outside} -container-ip 172.17.0.2"
        return [*line.split(), "-container-port", str(inside)]

    both = [proxy("0.0.0.0", 18000, 8000), proxy("::", 18000, 8000), ["bash"], []]
    assert servers.published(both) == {8000: Socket("0.0.0.0", 18000)}
    assert servers.published([*both, proxy("0.0.0.0", 18001, 8000)]) == {}, "whose port it is cannot be told"


def test_a_running_server_is_found(tmp_path: Path) -> None:
    (tmp_path / "vllm").symlink_to(kit.STANDIN)
    port = kit.free_port()
    with attach_kit.process(port, program=str(tmp_path / "vllm")) as child:
        seen = wait_for(lambda: [server for server in servers.find() if server.pid == child.pid])
        url = f"http://127.0.0.1:{port}"
        assert [(server.port, server.url, server.model) for server in seen] == [(port, url, "tiny")]
    assert not [server for server in servers.find() if server.port == port]


def test_a_port_that_is_bound_only_is_no_server(tmp_path: Path) -> None:
    """As vLLM does while it loads: what cannot be asked is not offered."""
    (tmp_path / "vllm").symlink_to(kit.STANDIN)
    script = tmp_path / "script.json"
    script.write_text('{"log": ["up", {"sleep": 1000}]}')
    command = [sys.executable, str(tmp_path / "vllm"), "serve", "m", "--port", str(kit.free_port())]
    child = subprocess.Popen([*command, "--script", str(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None and child.stdout.readline() == "up\n"
        assert not [server for server in servers.find() if server.pid == child.pid]
    finally:
        child.kill()
        child.wait()
