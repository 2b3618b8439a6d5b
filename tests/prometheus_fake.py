"""Something that answers in the place of a Prometheus, as a test wants it: data, errors, nonsense, silence."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

Answer = tuple[int, bytes]
Fields = dict[str, str]


def success(data: Any) -> Answer:
    """An answer of the HTTP API."""
    return 200, json.dumps({"status": "success", "data": data}).encode()


def vector(*values: float) -> Answer:
    """The answer to an instant query: one series for each value."""
    return success({"resultType": "vector", "result": [
        {"metric": {"n": str(n)}, "value": [0, str(value)]} for n, value in enumerate(values)
    ]})  # fmt: skip


def matrix(points: dict[int, float]) -> Answer:
    """The answer to a range query: one series, value by time in ms."""
    values = [[at / 1000, repr(value)] for at, value in points.items()]
    return success({"resultType": "matrix", "result": [{"metric": {}, "values": values}] if values else []})


def grid(fields: Fields) -> list[int]:
    """The times in ms that a range query asks for."""
    start, end = (round(float(fields[name]) * 1000) for name in ("start", "end"))
    return list(range(start, end + 1, int(fields["step"].removesuffix("ms"))))


class Fake:
    """``url``, and what was asked: (path, form fields, headers)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[tuple[str, Fields, dict[str, str]]] = []
        self.go_on = threading.Event()
        """Set at the end: an answer may wait for it, so that no test waits for the answer."""

    def count(self, path: str) -> int:
        """How often a path below /api/v1 was asked for."""
        return sum(asked == f"/api/v1/{path}" for asked, _, _ in self.asked)


@contextmanager
def prometheus(answer: Callable[[Fake, str, Fields], Answer]) -> Iterator[Fake]:
    """``answer(fake, path, fields)`` gives status and body; it runs in a thread of the request."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            fields = dict(parse_qsl(self.rfile.read(length).decode()))
            fake.asked.append((self.path, fields, dict(self.headers)))
            status, body = answer(fake, self.path, fields)
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the client had no patience

        do_GET = do_POST = _any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake = Fake(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.go_on.set()
        server.shutdown()
        server.server_close()
