"""HTTP/1.1 as far as a benchmark needs it: POST, streamed answers, connections that are used again.

httpx spends about 0.2 ms of CPU on each streamed token: at thousands of tokens a second a client would measure itself.
RFC 9112: status line, fields, a body by chunks, by length, or to the end of the connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import urlsplit

_HEAD = 64 * 1024
_PIECE = 64 * 1024
CONNECT_S = 10.0


class Broken(Exception):
    """The connection or the answer is not what HTTP promises."""


class Reply(NamedTuple):
    """The head of an answer."""

    status: int
    fields: dict[str, str]
    """Names in lower case."""


class Wire:
    """One server. ``post`` sends a request and gives the head; ``body`` must then be read to its end."""

    def __init__(self, url: str, *, key: str | None = None, verify: bool = True) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Broken(f"{url} is no http:// or https:// URL")
        self._host, self._prefix = parts.hostname, parts.path.rstrip("/")
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = _tls(verify=verify) if parts.scheme == "https" else None
        name = f"[{self._host}]" if ":" in self._host else self._host
        lines = [f"Host: {name}:{self._port}", "User-Agent: vdeck", "Content-Type: application/json"]
        lines += ["Accept: text/event-stream, application/json"]
        lines += [f"Authorization: Bearer {key}"] if key else []
        self._fields = "".join(f"{line}\r\n" for line in lines)
        self._idle: list[Line] = []

    async def post(self, path: str, data: bytes) -> tuple[Reply, Line]:
        """Send; the head of the answer and the line that brings its body. A line that was idle too long is replaced
        once. Raises Broken and OSError."""
        head = f"POST {self._prefix}{path} HTTP/1.1\r\n{self._fields}Content-Length: {len(data)}\r\n\r\n"
        request = head.encode("latin-1") + data
        if self._idle:
            line = self._idle.pop()
            try:
                return await line.ask(request), line
            except (Broken, OSError, asyncio.IncompleteReadError):
                line.close()
        line = Line(*await self._connect())
        try:
            return await line.ask(request), line
        except BaseException:
            line.close()
            raise

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        opening = asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=_HEAD)
        return await asyncio.wait_for(opening, CONNECT_S)

    def done(self, line: Line) -> None:
        """The body was read: the line can be used again, if the server keeps it."""
        if line.whole and line.kept:
            self._idle.append(line)
        else:
            line.close()

    def close(self) -> None:
        """Close what is idle."""
        for line in self._idle:
            line.close()
        self._idle.clear()


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._reply = Reply(0, {})
        self.whole = False
        """The last body was read to its end."""

    @property
    def kept(self) -> bool:
        """The server will take another request on it."""
        return self._reply.fields.get("connection", "").lower() != "close" and self._length() is not False

    async def ask(self, request: bytes) -> Reply:
        """Send a request and read the head of its answer."""
        self.whole = False
        self._writer.write(request)
        await self._writer.drain()
        raw = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        words = first.split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
            raise Broken("the answer is not HTTP")
        pairs = (line.partition(":") for line in lines if line)
        self._reply = Reply(int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs})
        return self._reply

    def _length(self) -> int | bool | None:
        """Bytes of the body; None: it comes in chunks; False: it ends with the connection."""
        if "chunked" in self._reply.fields.get("transfer-encoding", "").lower():
            return None
        said = self._reply.fields.get("content-length", "")
        return int(said) if said.isdecimal() else False

    async def body(self) -> AsyncIterator[bytes]:
        """The body, as it comes. Raises Broken when it breaks off."""
        length = self._length()
        if length is None:
            async for piece in self._chunks():
                yield piece
        elif length is False:
            while piece := await self._reader.read(_PIECE):
                yield piece
        else:
            left = int(length)
            while left > 0:
                piece = await self._reader.read(min(left, _PIECE))
                if not piece:
                    raise Broken("the connection closed in the middle of the answer")
                left -= len(piece)
                yield piece
        self.whole = True

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            try:
                head = await self._reader.readuntil(b"\r\n")
                size = int(head.split(b";", 1)[0], 16)
                piece = await self._reader.readexactly(size + 2)
            except asyncio.IncompleteReadError:
                raise Broken("the connection closed in the middle of the answer") from None
            except ValueError:
                raise Broken("the answer is not in chunks, as it says") from None
            if size == 0:
                return
            yield piece[:-2]

    def close(self) -> None:
        """At once: the server drops what it was answering."""
        self._writer.close()


def _tls(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
