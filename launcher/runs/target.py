"""The address of a server that vdeck did not start: what people type, as one normal form. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from launcher.errors import UsageError
from launcher.text import clean_line, shorten

DEFAULT_PORTS = {"http": 80, "https": 443}
_ENDPOINTS = re.compile(r"(?:/v1(?:/(?:models|completions|chat/completions))?|/metrics|/health|/version|/docs)$")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_EXAMPLE = "write it as http://host:8000"


class Target(NamedTuple):
    """``host`` without brackets; ``prefix``: what a reverse proxy puts before all paths, ``""`` or ``/like/this``."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @property
    def url(self) -> str:
        """The base URL; a port that the scheme implies is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.prefix}"

    @property
    def is_local(self) -> bool:
        """On this machine, as far as the name alone tells."""
        address = _address(self.host)
        return self.host == "localhost" if address is None else address.is_loopback

    def same_server(self, other: Target) -> bool:
        """Both mean one server: ``localhost`` and ``127.0.0.1`` are one host."""
        hosts_agree = self.host == other.host or (self.is_local and other.is_local)
        return hosts_agree and (self.port, self.prefix) == (other.port, other.prefix)


def parse(text: str) -> Target:
    """The target that a URL means. ``host:8000`` is http; an ending such as /v1 or /metrics is taken off; 0.0.0.0, on
    which servers listen, becomes 127.0.0.1, by which they are asked. Raises UsageError."""
    typed = text.strip()
    if "://" not in typed:
        typed = f"http://{typed}"
    if "@" in typed.partition("://")[2].partition("/")[0]:  # first of all: such a text must not be repeated
        raise UsageError(
            "the URL holds a user or a password, which every list of processes would show",
            fix="leave it out; an API key comes from the environment (VLLM_API_KEY, or --api-key-env NAME)",
        )
    try:
        if not typed.isprintable() or " " in typed or ":/" in typed.partition("://")[2]:
            raise ValueError
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        raise _wrong(text, "is no URL") from None
    if parts.query or parts.fragment or typed.endswith(("?", "#")):
        raise UsageError("the URL of a server ends before any ? or #", fix=_EXAMPLE)
    if parts.scheme not in DEFAULT_PORTS:
        raise _wrong(text, "begins with neither http:// nor https://")
    if port == 0:
        raise _wrong(text, "has no usable port")
    return Target(parts.scheme, _host(text, parts.hostname), port or DEFAULT_PORTS[parts.scheme], _prefix(parts.path))


def _host(text: str, name: str | None) -> str:
    if not name:
        raise _wrong(text, "names no host")
    try:
        host = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        raise _wrong(text, "names a host that cannot be") from None
    if host.isdecimal():
        raise UsageError(f"{host} alone is no URL", fix=f"write it as http://127.0.0.1:{host}")
    if _address(host) is None and not _NAME.fullmatch(host):
        raise _wrong(text, "names a host that cannot be")
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host) if "%" not in host else None  # no interface names: nobody needs them here
    except ValueError:
        return None


def _prefix(path: str) -> str:
    prefix = path.rstrip("/")
    while (shorter := _ENDPOINTS.sub("", prefix).rstrip("/")) != prefix:
        prefix = shorter
    if not _PATH.fullmatch(prefix):
        raise UsageError(
            "the path of the URL holds a character that no path has", fix="write other characters as %20 and so on"
        )
    return prefix


def _wrong(text: str, what: str) -> UsageError:
    return UsageError(f"{shorten(clean_line(text.strip()), 80) or 'an empty text'} {what}", fix=_EXAMPLE)
