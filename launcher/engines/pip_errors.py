"""A failed pip as one clear error: the decisive line, and what to do about it. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from launcher.errors import VdeckError
from launcher.text import clean_line, shorten

_WIDTH = 300
_NO_MATCH = re.compile(r"No matching distribution found for (?P<what>[^\s;]+)")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_RETRY = re.compile(r"after connection broken by '\w+\((?:'?<[^>]*>: )?(?P<why>.+?)\)+': ")
_NOT_DECISIVE = re.compile(r"(?:WARNING|DEPRECATION|\[notice\]|note:|hint:)", re.IGNORECASE)
_KINDS = (r"ERROR: (?!Exception:)", r"(?:\w+\.)*\w*(?:Error|Exception)\b", "")


class _Cause(NamedTuple):
    seen: re.Pattern[str]
    title: str
    fix: str


# The first that is seen wins: a full disk or a certificate also ends in "could not find a version".
_CAUSES = (
    _Cause(
        re.compile(r"No space left on device|Disk quota exceeded"),
        "the disk is full",
        "free some space, then run {again}: it goes on where it was",
    ),
    _Cause(
        re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError"),
        "the package index is not trusted: its TLS certificate could not be checked",
        "tell pip your certificates (PIP_CERT=/path/to/ca.pem, or cert in pip.conf)",
    ),
    _Cause(
        re.compile(r"\b40[13] (?:Client Error|Unauthorized|Forbidden|Error, Credentials)|HTTP error 40[13]"),
        "the package index refused access",
        "check the credentials in your pip settings (pip config list)",
    ),
    _Cause(
        re.compile(
            r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|Read timed out|ProxyError"
            r"|MaxRetryError|name resolution|Connection refused|Network is unreachable|after connection broken by"
        ),
        "the package index could not be reached while installing {what}",
        "check the network, proxy and index settings (pip config list), then run {again}: it goes on where it was",
    ),
)


def mask(line: str) -> str:
    """Without user and password in URLs: ``https://me:secret@host`` -> ``https://***@host``."""
    return _CREDENTIALS.sub("***@", line)


def decisive(output: str) -> str:
    """The line that tells why: pip's last ERROR, else the last exception, else the last line that is no warning."""
    lines = [line.strip() for line in map(clean_line, output.splitlines()) if line.strip()]
    for kind in _KINDS:
        hits = [line for line in lines if re.match(kind, line) and not _NOT_DECISIVE.match(line)]
        if hits:
            return shorten(mask(hits[-1].removeprefix("ERROR: ")), _WIDTH)
    return "pip said nothing"


def explain(output: str, code: int, *, what: str, variant: str, again: str, log: str = "") -> VdeckError:
    """The error for a pip that ended with ``code``; ``again`` is the command that goes on with the installation."""
    cause = next((cause for cause in _CAUSES if cause.seen.search(output)), None)
    line = decisive(output) if cause is None else _last_with(cause.seen, output)
    title, fix = (cause.title, cause.fix) if cause is not None else _title_and_fix(output, code, variant)
    names = {"what": what, "again": again, "log": log, "line": line}
    detail = f"{line}\nall of pip's output: {log}" if log else line
    return VdeckError(title.format(**names), detail=detail, fix=fix.format(**names))


def _last_with(seen: re.Pattern[str], output: str) -> str:
    """The last line with the cause: what pip says after it (no matching distribution) only follows from it."""
    hits = [clean_line(line).strip() for line in output.splitlines() if seen.search(line)]
    if not hits:
        return decisive(output)
    retry = _RETRY.search(hits[-1])
    return shorten(mask(retry["why"] if retry else re.sub(r"^(?:ERROR|WARNING): ", "", hits[-1])), _WIDTH)


def _title_and_fix(output: str, code: int, variant: str) -> tuple[str, str]:
    """Both with the fields ``{what}``, ``{again}``, ``{log}`` and ``{line}``."""
    missing = _NO_MATCH.search(output)
    if missing is not None:
        package = missing["what"].replace("{", "").replace("}", "")
        if variant == "cpu" and re.match(r"torch==[\w.]+\+cpu", package):
            return (
                f"{package} is not in your package index: torch's CPU builds are in the PyTorch project's CPU index",
                "add that index: {again} -- --extra-index-url URL, or set PIP_EXTRA_INDEX_URL",
            )
        return (
            f"{package} is not in your package index for this Python and machine",
            "check the version and your index settings (pip config list)",
        )
    if code < 0:
        reason = f"pip was killed by signal {-code} while installing {{what}}"
        return reason, "see whether memory ran out (dmesg), then run {again}: it goes on where it was"
    return "{what} could not be installed: {line}", "see pip's output, then run {again}"
