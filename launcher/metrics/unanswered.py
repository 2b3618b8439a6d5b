"""Why a GET got no answer, as a clause. Pure, and without importing TLS: the supervisor uses it."""

from __future__ import annotations

import errno
import socket

from launcher.text import clean_line, shorten

from .http import HttpError

_BY_NUMBER = {
    errno.ECONNREFUSED: "nothing listens there (connection refused)",
    errno.EHOSTUNREACH: "there is no way to that host",
    errno.ENETUNREACH: "there is no way to that network",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was reset",
    errno.ETIMEDOUT: "no answer in time",
}


def why(error: OSError) -> str:
    """``error`` of ``http.get`` in a few words: refused, no such host, time-out, a certificate that is not good, …"""
    if isinstance(error, HttpError):
        return shorten(clean_line(str(error)), 160)
    if isinstance(error, socket.gaierror):
        return "there is no host of that name"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    said = certificate_problem(error)
    if said is not None:
        return f"its certificate is not good: {said}"
    reason = getattr(error, "reason", None)  # of an ssl.SSLError
    if reason:
        return f"no TLS there ({clean_line(str(reason)).replace('_', ' ').lower()})"
    return _BY_NUMBER.get(error.errno or 0) or shorten(clean_line(error.strerror or str(error)), 160)


def certificate_problem(error: OSError) -> str | None:
    """What is wrong with the certificate, in the words of OpenSSL; None when it is something else."""
    said = getattr(error, "verify_message", None)  # of an ssl.SSLCertVerificationError
    return shorten(clean_line(str(said)), 120) if said else None
