"""A small client of Prometheus' HTTP API. Every way to fail is a VdeckError with a sentence."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from launcher.errors import VdeckError
from launcher.prometheus.choice import TOKEN
from launcher.text import clean_line, shorten

if TYPE_CHECKING:
    pass

T = TypeVar("T")
TIMEOUT_S = 2.0
MAX_BYTES = 32 * 1024 * 1024


class Vector(NamedTuple):
    """One element of the answer to ``query``."""

    labels: Mapping[str, str]
    value: float


class Track(NamedTuple):
    """One series of the answer to ``query_range``: values (NaN and infinities too) by their time in milliseconds."""

    labels: Mapping[str, str]
    values: Mapping[int, float]


class Client:
    """``url``: the base, below which ``/api/v1`` lies. Threads may share it. ``timeout_s`` covers a whole request."""

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        import httpx

        from launcher.serving.client import is_loopback

        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        headers = {"User-Agent": "vdeck", "Accept": "application/json"}
        if token:
            if not (token.isascii() and token.isprintable()):
                raise VdeckError("the token of Prometheus cannot be sent", fix=f"{TOKEN} may hold printable ASCII only")
            headers["Authorization"] = f"Bearer {token}"
        try:
            # a proxy variable must not catch 127.0.0.1
            self._http = httpx.Client(headers=headers, timeout=timeout_s, trust_env=not is_loopback(url))
        except (ValueError, ImportError, OSError) as error:
            fix = "check HTTP_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE"
            raise VdeckError("the proxy or certificate settings cannot be used", fix=fix) from error

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def query(self, expression: str, at_ms: int) -> list[Vector]:
        """What an expression is at a time. Raises VdeckError."""
        data = self._ask("query", {"query": expression, "time": _seconds(at_ms)})
        return self._read(data, "vector", lambda labels, one: Vector(labels, _pair(one["value"])[1]))

    def query_range(self, expression: str, start_ms: int, end_ms: int, step_ms: int) -> list[Track]:
        """What an expression is at ``start_ms``, ``start_ms + step_ms``, … up to ``end_ms``. Raises VdeckError."""
        fields = {"query": expression, "start": _seconds(start_ms), "end": _seconds(end_ms), "step": f"{step_ms}ms"}
        data = self._ask("query_range", fields)
        return self._read(data, "matrix", lambda labels, one: Track(labels, dict(map(_pair, one["values"]))))

    def version(self) -> str | None:
        """The version it says it is; None when it does not (Thanos, Mimir). Raises VdeckError."""
        data = self._ask("status/buildinfo", None)
        value = data.get("version") if isinstance(data, dict) else None
        return clean_line(value) if isinstance(value, str) and value else None

    def health(self) -> dict[str, tuple[str, str]]:
        """What it says of the targets of runs: run id -> (``up``, ``down`` or ``unknown``, its last error)."""
        data = self._ask("targets?state=active", None)
        try:
            return {
                str(one["labels"]["run"]): (clean_line(str(one["health"])), clean_line(str(one.get("lastError", ""))))
                for one in data["activeTargets"]
                if "run" in one["labels"]
            }
        except (KeyError, TypeError, AttributeError):
            raise self._stranger() from None

    def ready(self) -> bool:
        """Whether it has read its data and answers queries. Never raises."""
        try:
            return self._send("GET", "/-/ready", None)[0] == 200
        except VdeckError:
            return False

    def _read(self, data: Any, kind: str, make: Callable[[dict[str, str], Any], T]) -> list[T]:
        try:
            if data["resultType"] == kind:
                return [make({str(k): str(v) for k, v in one["metric"].items()}, one) for one in data["result"]]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            pass
        raise self._stranger()

    def _ask(self, path: str, fields: Mapping[str, str] | None) -> Any:
        """``data`` of the answer. POST with ``fields``: an expression may be longer than a URL may."""
        status, body = self._send("GET" if fields is None else "POST", f"/api/v1/{path}", fields)
        if status in (401, 403):
            raise VdeckError(f"Prometheus at {self.url} refuses us ({status})", fix=f"put its token into {TOKEN}")
        if 300 <= status < 400:
            raise VdeckError(f"{self.url} sends us somewhere else ({status})", fix="configure the final URL")
        try:
            document = json.loads(body)
            if document["status"] == "success":
                return document["data"]
            said = shorten(clean_line(str(document["error"])), 200)
        except (ValueError, KeyError, TypeError, RecursionError):
            if status == 503:
                raise VdeckError(f"Prometheus at {self.url} is not ready", fix="it reads its data; wait") from None
            raise self._stranger(status) from None
        raise VdeckError(f"Prometheus at {self.url} says: {said}")

    def _stranger(self, status: int | None = None) -> VdeckError:
        answer = f" (HTTP {status})" if status not in (None, 200) else ""
        return VdeckError(
            f"{self.url} does not answer as a Prometheus{answer}", fix="give the URL below which /api/v1/query lies"
        )

    def _send(self, method: str, path: str, fields: Mapping[str, str] | None) -> tuple[int, bytes]:
        import httpx

        deadline = time.monotonic() + self._timeout_s
        body = bytearray()
        try:
            with self._http.stream(method, self.url + path, data=fields) as response:
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        raise VdeckError(f"the answer of {self.url} is too long", fix="ask for a shorter window")
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("too slow")
                return response.status_code, bytes(body)
        except httpx.TimeoutException:
            title = f"Prometheus at {self.url} did not answer within {self._timeout_s:g} s"
            raise VdeckError(title, fix="look at its load, or try a shorter window") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError, ValueError) as error:
            # RuntimeError: the client was closed by another thread
            title = f"no Prometheus answers at {self.url}"
            raise VdeckError(title, detail=str(error), fix="check its address, and that it runs") from None


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"


def _pair(value: Any) -> tuple[int, float]:
    """(milliseconds, value). Raises TypeError or ValueError (no answer of a Prometheus)."""
    at, text = value
    return round(float(at) * 1000), float(text)
