"""Which Prometheus the user has: a binary that vdeck may start, or one that runs somewhere already."""

from __future__ import annotations

import os
import shutil
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from launcher import settings
from launcher.errors import UsageError

VARIABLE = "VDECK_PROMETHEUS"
TOKEN = "VDECK_PROMETHEUS_TOKEN"
"""The bearer token of a Prometheus that asks for one; it is nowhere else than in the environment."""
SETTING = "prometheus"
ADVICE = f"install prometheus, or name its binary or its URL in {VARIABLE} or as {SETTING} in settings.json"


class Choice(NamedTuple):
    kind: Literal["binary", "url"]
    value: str
    """The path of the program, or the base URL without a slash at its end."""
    source: str
    """Where it was said: VDECK_PROMETHEUS, settings.json or PATH."""


def choose() -> Choice | None:
    """The first that names one: VDECK_PROMETHEUS, ``prometheus`` in settings.json, a ``prometheus`` on the PATH.

    Raises UsageError when what the user named is neither a program nor a URL.
    """
    for word, source in (
        (os.environ.get(VARIABLE, "").strip(), VARIABLE),
        (settings.read().get(SETTING, "").strip(), "settings.json"),
    ):
        if word:
            return Choice("url", _url(word, source), source) if "://" in word else _binary(word, source)
    found = shutil.which("prometheus")
    return Choice("binary", os.path.abspath(found), "PATH") if found else None


def token() -> str | None:
    """The bearer token of the environment."""
    return os.environ.get(TOKEN, "").strip() or None


def _binary(word: str, source: str) -> Choice:
    found = shutil.which(os.path.expanduser(word))
    if found is None:
        raise UsageError(f"{source} names {word}, which is no program that can be started", fix=ADVICE)
    return Choice("binary", os.path.abspath(found), source)


def _url(word: str, source: str) -> str:
    try:
        parts = urlsplit(word)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError(f"{source} is no URL of a Prometheus", fix="write it as http://host:9090")
    if "@" in parts.netloc or parts.query or parts.fragment:  # not shown: it may hold a password
        raise UsageError(f"{source} may be a plain URL only", fix=f"put a token into {TOKEN}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
