"""Why no answer came at all, or not to its end: the exceptions of httpx as sentences."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx

from launcher.serving import errors
from launcher.serving.errors import Kind, ServingError


def from_exception(error: Exception, url: str, *, begun: bool = False, timeout_s: float | None = None) -> ServingError:
    """``url``: whom we asked. ``begun``: a part of the answer had come. ``timeout_s``: how long we waited for more."""
    kind: Kind
    if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout)):
        title, kind, fix = f"{url} did not answer in time", "timeout", "check the address and any firewall on the way"
    elif isinstance(error, httpx.TimeoutException):
        title, kind, fix = _silence(begun, timeout_s), "timeout", "look at the run's log and its queue, then try again"
    elif isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        title, kind, fix = f"{url or 'this'} is no URL of a server", "usage", "it begins with http:// or https://"
    elif isinstance(error, httpx.ProxyError):
        title, kind, fix = f"the proxy refused the way to {url}", "unreachable", "check HTTP_PROXY and NO_PROXY"
    elif isinstance(error, httpx.ConnectError):
        title, fix = _not_connected(error, url)
        kind = "unreachable"
    elif isinstance(error, httpx.DecodingError):
        title, kind, fix = "the answer cannot be decoded", "answer", "check what stands between vdeck and the server"
    else:
        return errors.interrupted(begun=begun)
    return ServingError(title, kind=kind, fix=fix)


def _silence(begun: bool, timeout_s: float | None) -> str:
    waited = f" for {timeout_s:g} s" if timeout_s is not None else ""
    return f"the server stopped in the middle of the answer{waited}" if begun else f"the server sent nothing{waited}"


def _not_connected(error: httpx.ConnectError, url: str) -> tuple[str, str]:
    """Title and fix."""
    text = str(error)
    unknown = f"there is no host of the name in {url}", "check the URL and DNS"
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return unknown
        if isinstance(cause, ssl.SSLError):
            why = str(getattr(cause, "reason", None) or "TLS failed").replace("_", " ").lower()
            return f"no secure connection to {url}: {why}", "check http or https, and the server's certificate"
        if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
            return f"nothing answers at {url}", "check that the run is ready, or start it again"
    if "Name or service" in text or "name resolution" in text or "getaddrinfo" in text:
        return unknown
    return f"{url} cannot be reached", "check that the run is ready, and its address"


def _causes(error: BaseException) -> list[BaseException]:
    """The chain of an exception, groups included (one entry for each address that was tried)."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo and len(found) < 50:
        one = todo.pop(0)
        if one is None or one in found:
            continue
        found.append(one)
        todo += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions
    return found
