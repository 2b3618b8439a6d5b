"""The small HTTP client against servers that answer in every way servers do. Each is a thread with a plain socket."""

import contextlib
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import pytest

from launcher.metrics import http
from launcher.metrics.scrape import Scraper

LONG = b"up 1\n" * 999

Answer = Callable[[socket.socket, int], None]
"""Called with the connection for each request, and how many requests this connection has had before."""


class Server:
    def __init__(self, answer: Answer, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            count, data = 0, b""
            while True:
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65536)
                    if not more:
                        return
                    data += more
                request, _, data = data.partition(b"\r\n\r\n")
                self.requests.append(request)
                self._answer(connection, count)
                count += 1

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answer: Answer | bytes, **options: socket.AddressFamily) -> Server:
        def fixed(connection: socket.socket, _: int) -> None:
            assert isinstance(answer, bytes)
            connection.sendall(answer)

        servers.append(Server(fixed if isinstance(answer, bytes) else answer, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def sized(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def test_a_page_with_a_length(serve: Callable[..., Server]) -> None:
    server = serve(sized(b"up 1\n"))
    assert http.get("127.0.0.1", server.port, "/metrics") == (200, b"up 1\n")
    assert server.requests[0].startswith(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:")


def test_the_connection_is_kept(serve: Callable[..., Server]) -> None:
    server = serve(sized(b"x" * 200_000))
    scraper = Scraper("127.0.0.1", server.port)
    assert [len(scraper.get()) for _ in range(5)] == [200_000] * 5
    assert server.connections == 1
    scraper.close()
    assert len(scraper.get()) == 200_000
    assert server.connections == 2


def test_a_connection_that_the_server_closed_is_opened_again(serve: Callable[..., Server]) -> None:
    def once(connection: socket.socket, _: int) -> None:
        connection.sendall(sized(b"up 1\n"))
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(once)
    scraper = Scraper("127.0.0.1", server.port)
    assert [scraper.get() for _ in range(3)] == [b"up 1\n"] * 3
    assert server.connections == 3


def test_connection_close_is_obeyed(serve: Callable[..., Server]) -> None:
    server = serve(sized(b"up 1\n", "Connection: close"))
    scraper = Scraper("127.0.0.1", server.port)
    assert [scraper.get() for _ in range(2)] == [b"up 1\n"] * 2
    assert server.connections == 2


def test_chunked_in_pieces_that_arrive_apart(serve: Callable[..., Server]) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole += b"3;name=x\r\nup \r\n2\r\n1\n\r\n0\r\nTrailer: y\r\n\r\n"

    def dripping(connection: socket.socket, _: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(whole)):
            connection.sendall(whole[index : index + 1])

    server = serve(dripping)
    scraper = Scraper("127.0.0.1", server.port)
    assert [scraper.get() for _ in range(3)] == [b"up 1\n"] * 3
    assert server.connections == 1


def test_a_body_that_ends_with_the_connection(serve: Callable[..., Server]) -> None:
    def answer(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nup 1\n")
        connection.shutdown(socket.SHUT_RDWR)

    assert http.get("127.0.0.1", serve(answer).port, "/metrics").body == b"up 1\n"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(LONG)), ("deflate", zlib.compress(LONG)), ("identity", LONG)],
)
def test_compressed_by_a_proxy(serve: Callable[..., Server], encoding: str, packed: bytes) -> None:
    server = serve(sized(packed, f"Content-Encoding: {encoding}"))
    assert http.get("127.0.0.1", server.port, "/metrics").body == LONG


def test_status_100_comes_before_the_answer(serve: Callable[..., Server]) -> None:
    server = serve(b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"up 1\n"))
    assert http.get("127.0.0.1", server.port, "/metrics").status == 200


def test_no_content(serve: Callable[..., Server]) -> None:
    assert http.get("127.0.0.1", serve(b"HTTP/1.1 204 No Content\r\n\r\n").port, "/health") == (204, b"")


def test_a_status_is_an_error_for_the_scraper_only(serve: Callable[..., Server]) -> None:
    server = serve(sized(b'{"detail":"Not Found"}', status="404 Not Found"))
    assert http.get("127.0.0.1", server.port, "/health").status == 404
    with pytest.raises(http.HttpError) as caught:
        Scraper("127.0.0.1", server.port).get()
    assert caught.value.status == 404


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="no length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", id="too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad chunk"),
        pytest.param(sized(b"no gzip", "Content-Encoding: gzip"), id="bad gzip"),
        pytest.param(sized(gzip.compress(b"x" * 99)[:-9], "Content-Encoding: gzip"), id="cut off gzip"),
        pytest.param(sized(gzip.compress(bytes(17 << 20)), "Content-Encoding: gzip"), id="gzip bomb"),
        pytest.param(sized(b"?", "Content-Encoding: br"), id="unknown encoding"),
    ],
)
def test_nonsense_is_an_oserror_and_the_next_call_is_fresh(serve: Callable[..., Server], answer: bytes) -> None:
    first = [True]

    def then_good(connection: socket.socket, _: int) -> None:
        bad, first[0] = first[0], False  # before the answer goes out: the next request may be here at once
        connection.sendall(answer if bad else sized(b"up 1\n"))

    scraper = Scraper("127.0.0.1", serve(then_good).port)
    with pytest.raises(OSError, match=" "):
        scraper.get()
    assert scraper.get() == b"up 1\n"


def test_a_connection_that_breaks_in_the_body(serve: Callable[..., Server]) -> None:
    def half(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_RDWR)

    with pytest.raises(OSError, match="middle"):
        http.get("127.0.0.1", serve(half).port, "/metrics")


def test_the_time_out_covers_the_whole_answer(serve: Callable[..., Server]) -> None:
    stop = threading.Event()

    def slow(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    server = serve(slow)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        http.get("127.0.0.1", server.port, "/metrics", 0.2)
    stop.set()
    assert time.monotonic() - begun < 2


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        Scraper("127.0.0.1", port).get()


def test_the_key_goes_into_the_header(serve: Callable[..., Server]) -> None:
    server = serve(sized(b"up 1\n"))
    Scraper("127.0.0.1", server.port, api_key="sk-1").get()
    assert b"Authorization: Bearer sk-1" in server.requests[0]
    with pytest.raises(ValueError, match="line break"):
        Scraper("127.0.0.1", server.port, api_key="sk\r\nX: y")


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6(serve: Callable[..., Server], host: str) -> None:
    try:
        server = serve(sized(b"up 1\n"), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert Scraper(host, server.port).get() == b"up 1\n"
    assert b"Host: [::1]:" in server.requests[0]
