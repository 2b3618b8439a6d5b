"""One look at an address: a vLLM server, or one sentence that says what is wrong and what to do."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attach_kit
import pytest
import runs_kit as kit
import selfsigned
from standin import StandIn

from launcher.errors import VdeckError
from launcher.runs import inspect
from launcher.runs.target import parse


def refused(url: str, *, api_key: str | None = None, verify: bool = True) -> str:
    with pytest.raises(VdeckError) as caught:
        inspect.look(parse(url), api_key=api_key, verify=verify)
    assert caught.value.fix
    return caught.value.sentence()


@contextmanager
def other_server(status: int, body: bytes = b"<html>hello</html>", location: str = "") -> Iterator[str]:
    """A web server that is no vLLM."""

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_server_tells_its_names() -> None:
    with StandIn(model="tiny", lora=["extra"]) as server:
        assert inspect.look(parse(server.url)) == inspect.Seen(("tiny", "extra"))


def test_below_the_path_of_a_proxy_and_not_beside_it() -> None:
    with attach_kit.behind("/team/a", model="tiny") as server:
        assert inspect.look(parse(server.url)).names == ("tiny",)
        said = refused(server.url.removesuffix("/team/a"))
        assert "is no vLLM server" in said and "/health says 404" in said and "the path" in said


def test_nobody_there() -> None:
    said = refused(f"http://127.0.0.1:{kit.free_port()}")
    assert "connection refused" in said and "--no-check" in said


def test_a_host_that_does_not_exist() -> None:
    assert "there is no host of that name" in refused("http://no-such-host.invalid:8000")


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_of_another_kind(status: int) -> None:
    with other_server(status) as url:
        assert "is no vLLM server" in refused(url)


def test_a_server_that_points_elsewhere() -> None:
    with other_server(308, b"", "https://elsewhere.example/") as url:
        assert "points elsewhere (HTTP 308)" in refused(url)


def test_something_that_speaks_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert "no answer from" in refused(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


def test_without_a_key_the_metrics_are_enough_and_a_wrong_key_is_told() -> None:
    with StandIn(model="tiny", api_key="right") as server:
        assert inspect.look(parse(server.url)) == inspect.Seen((), wants_key=True)
        assert inspect.look(parse(server.url), api_key="right").names == ("tiny",)
        assert "refuses the API key" in refused(server.url, api_key="wrong")


def test_a_certificate_is_verified_unless_told_otherwise(tmp_path: Path) -> None:
    with selfsigned.secured(StandIn(model="tiny"), tmp_path) as server:
        said = refused(server.url)
        assert "certificate" in said and "self-signed" in said.replace("self signed", "self-signed")
        assert f"vdeck attach {server.url} --insecure" in said
        assert inspect.look(parse(server.url), verify=False).names == ("tiny",)


def test_http_and_https_mixed_up(tmp_path: Path) -> None:
    with StandIn(model="tiny") as plain:
        assert "no TLS there" in refused(plain.url.replace("http:", "https:"))
    with selfsigned.secured(StandIn(model="tiny"), tmp_path) as secured:
        assert "http or https" in refused(secured.url.replace("https:", "http:"))
