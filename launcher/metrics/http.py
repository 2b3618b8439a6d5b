"""A very small HTTP/1.1 client for GET on a keep-alive connection: sockets and zlib, nothing else.

``http.client``, and ``email`` behind it, would cost the supervisor milliseconds of start and megabytes. It reads what
HTTP servers answer to a plain GET: Content-Length, chunked, or everything until the connection closes; gzip or deflate
when a proxy compresses although nobody asked. It follows no redirect. TLS is imported when a server wants it.
"""

from __future__ import annotations

import socket
import time
import zlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_BODY: Final = 16 * 1024 * 1024
_MAX_HEAD: Final = 64 * 1024


class HttpError(OSError):
    """The other side does not speak HTTP as it should, or answered with a status that is no success."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Response(NamedTuple):
    status: int
    body: bytes


def get(
    host: str,
    port: int,
    path: str,
    timeout_s: float = 2.0,
    headers: Mapping[str, str] | None = None,
    *,
    scheme: str = "http",
    verify: bool = False,
) -> Response:
    """One GET on a connection of its own: (status, body). ``timeout_s`` covers all of it. Raises OSError."""
    connection = Connection(host, port, timeout_s=timeout_s, headers=headers, scheme=scheme, verify=verify)
    try:
        return connection.get(path)
    finally:
        connection.close()


class Connection:
    """A keep-alive connection to one server; connects when it is first needed and again when the server hung up."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float = 2.0,
        headers: Mapping[str, str] | None = None,
        scheme: str = "http",
        verify: bool = False,
    ) -> None:
        """``scheme``: http or https. ``verify``: the certificate must be good for ``host`` (see ``_secured``)."""
        self._address = (host.strip("[]"), port)
        self._tls = scheme == "https"
        self._verify = verify
        self._timeout_s = timeout_s
        name = f"[{self._address[0]}]" if ":" in self._address[0] else self._address[0]
        place = name if port == (443 if self._tls else 80) else f"{name}:{port}"
        lines = [f"Host: {place}", "Connection: keep-alive", "Accept-Encoding: identity", "User-Agent: vdeck"]
        lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header holds a line break")
        self._headers = "\r\n".join(lines)
        self._socket: socket.socket | None = None
        self._buffer = b""

    def get(self, path: str) -> Response:
        """GET ``path``. Raises OSError (TimeoutError, ConnectionError, HttpError); the next call starts afresh."""
        deadline = time.monotonic() + self._timeout_s
        request = f"GET {path} HTTP/1.1\r\n{self._headers}\r\n\r\n".encode("latin-1", "replace")
        reused = self._socket is not None
        try:
            try:
                return self._exchange(request, deadline)
            except (ConnectionError, EOFError):
                self.close()
                if not reused:  # a server closes an idle connection when it likes: try once with a new one
                    raise
                return self._exchange(request, deadline)
        except EOFError:
            self.close()
            raise HttpError("the server closed the connection in the middle of its answer") from None
        except zlib.error as error:
            self.close()
            raise HttpError(f"the answer is damaged ({error})") from None
        except (OSError, ValueError) as error:
            self.close()
            raise error if isinstance(error, OSError) else HttpError(f"not an HTTP answer ({error})") from None

    def close(self) -> None:
        """Close the connection; a later ``get`` opens it again."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._buffer = b""

    def _exchange(self, request: bytes, deadline: float) -> Response:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=_left(deadline))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                self._socket = _secured(self._socket, self._address[0], self._verify)
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(request)
        status, headers, keep = self._head(deadline)
        while 100 <= status < 200:
            status, headers, keep = self._head(deadline)
        body, keep = self._body(status, headers, keep, deadline)
        if not keep:
            self.close()
        return Response(status, _decoded(body, headers.get("content-encoding", "")))

    def _head(self, deadline: float) -> tuple[int, dict[str, str], bool]:
        """Status, headers (names in lower case), and whether the connection may be used again."""
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _MAX_HEAD:
                raise ValueError("the header does not end")
            self._fill(deadline)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        if not version.startswith("HTTP/"):
            raise ValueError("it does not begin with HTTP/")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        wish = headers.get("connection", "").lower()
        return int(rest[:3]), headers, "close" not in wish and (version != "HTTP/1.0" or "keep-alive" in wish)

    def _body(self, status: int, headers: dict[str, str], keep: bool, deadline: float) -> tuple[bytes, bool]:
        if status in (204, 304):
            return b"", keep
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks(deadline), keep
        if "content-length" in headers:
            length = int(headers["content-length"])
            if not 0 <= length <= MAX_BODY:
                raise ValueError(f"a body of {length} bytes")
            return self._take(length, deadline), keep
        try:  # no length: the body ends with the connection
            while len(self._buffer) <= MAX_BODY:
                self._fill(deadline)
            raise ValueError("the body does not end")
        except EOFError:
            return self._buffer, False

    def _chunks(self, deadline: float) -> bytes:
        parts: list[bytes] = []
        total = 0
        while True:
            size = int(self._line(deadline).partition(b";")[0].strip(), 16)
            total += size
            if size < 0 or total > MAX_BODY:
                raise ValueError(f"a body of {total} bytes")
            if size == 0:
                while self._line(deadline):
                    pass  # trailers
                return b"".join(parts)
            parts.append(self._take(size, deadline))
            self._line(deadline)

    def _line(self, deadline: float) -> bytes:
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > _MAX_HEAD:
                raise ValueError("a line does not end")
            self._fill(deadline)
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _take(self, length: int, deadline: float) -> bytes:
        parts = [self._buffer]
        have = len(self._buffer)
        while have < length:
            parts.append(self._receive(deadline))
            have += len(parts[-1])
        data = b"".join(parts)
        self._buffer = data[length:]
        return data[:length]

    def _fill(self, deadline: float) -> None:
        self._buffer += self._receive(deadline)

    def _receive(self, deadline: float) -> bytes:
        assert self._socket is not None
        self._socket.settimeout(_left(deadline))
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        return data


def _secured(connection: socket.socket, name: str, verify: bool) -> socket.socket:
    """The connection with TLS on it. Raises OSError, with the connection closed.

    ``verify`` is for servers elsewhere. The certificate of one on this machine, which vdeck started itself as a rule,
    is seldom signed by somebody known here and seldom names 127.0.0.1, and whoever can answer in its place already
    owns the machine.
    """
    try:
        return _context(verify).wrap_socket(connection, server_hostname=name)
    except BaseException:
        connection.close()
        raise


@cache
def _context(verify: bool) -> SSLContext:
    """Made once: reading the authorities of this machine takes milliseconds."""
    import ssl  # milliseconds and megabytes that only the supervisor of an https server pays

    if verify:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _decoded(body: bytes, encoding: str) -> bytes:
    """The body without gzip or deflate; never more than MAX_BODY of it."""
    encoding = encoding.lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise HttpError(f"the answer is encoded as {encoding}")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, whichever it is
    plain = unpacker.decompress(body, MAX_BODY)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise HttpError("the compressed answer is too long or cut off")
    return plain
