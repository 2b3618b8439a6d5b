"""Many vLLM servers in one process: each on a port of its own, each with a page that moves once a second.

All pages are made before the first request, so that an answer costs a few system calls and the stand-ins do not take
the machine away from those who watch them. One page a second for ``SECONDS``; server n is ``n`` seconds ahead.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 1200
MODELS = {"object": "list", "data": [{"id": "model-8b", "object": "model", "root": "model-8b", "max_model_len": 8192}]}


class StandIns:
    """The process, seen from outside. ``ports``: where the servers are."""

    def __init__(self, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports: list[int] = self._line()

    @property
    def pid(self) -> int:
        return self._process.pid

    def counts(self) -> dict[int, dict[str, int]]:
        """How often each path was asked for so far, by port."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return {int(port): paths for port, paths in self._line().items()}

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class _Server(asyncio.Protocol):
    """One connection: the head of a request is all that is looked at."""

    def __init__(self, pages: list[bytes], ahead: int, began: float, counts: Counter[str]) -> None:
        self._pages, self._ahead, self._began, self._counts = pages, ahead, began, counts
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1].decode("ascii", "replace")
            self._counts[path] += 1
            self._transport.write(self._answer(path))

    def _answer(self, path: str) -> bytes:
        if path == "/metrics":
            return self._pages[(int(time.monotonic() - self._began) + self._ahead) % len(self._pages)]
        if path == "/v1/models":
            return _answer(json.dumps(MODELS).encode(), "application/json")
        return (
            _answer(b"", "text/plain") if path == "/health" else b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        )


def _answer(body: bytes, kind: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve(count: int) -> None:
    from busy import BusyServer

    busy, pages = BusyServer(), []
    for _ in range(SECONDS + count):
        busy.tick()
        pages.append(_answer(busy.page(), "text/plain; version=1.0.0; charset=utf-8"))
    loop, began = asyncio.get_running_loop(), time.monotonic()
    counts: dict[int, Counter[str]] = {}

    async def listen(ahead: int) -> None:
        asked: Counter[str] = Counter()
        server = await loop.create_server(lambda: _Server(pages, ahead, began, asked), "127.0.0.1", 0)
        counts[server.sockets[0].getsockname()[1]] = asked

    for ahead in range(count):
        await listen(ahead)
    print(json.dumps(list(counts)), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
