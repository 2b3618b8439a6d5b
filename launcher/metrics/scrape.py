"""Fetch the ``/metrics`` page of one server, again and again, on one connection."""

from __future__ import annotations

from .http import Connection, HttpError


class Scraper:
    """``get()`` answers the page. ``timeout_s`` covers connect, send and receive together."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        path: str = "/metrics",
        timeout_s: float = 2.0,
        api_key: str | None = None,
        scheme: str = "http",
        verify: bool = False,
    ) -> None:
        """``verify``: the certificate of an https server must be good for ``host``."""
        headers = {"Accept": "text/plain;version=0.0.4,*/*;q=0.1"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self._path = path
        self._connection = Connection(host, port, timeout_s=timeout_s, headers=headers, scheme=scheme, verify=verify)

    def get(self) -> bytes:
        """The page. Raises OSError: no connection, time-out, or HttpError when the status is not 200."""
        status, body = self._connection.get(self._path)
        if status != 200:
            raise HttpError(f"{self._path} answered {status}", status)
        return body

    def close(self) -> None:
        """Close the connection; ``get`` opens a new one."""
        self._connection.close()
