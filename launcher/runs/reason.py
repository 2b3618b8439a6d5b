"""One sentence for how a run ended. Pure."""

from __future__ import annotations

import re
import signal

from launcher.errors import VdeckError
from launcher.text import clean_line, shorten

_EXCEPTION = re.compile(r"(?:^|\s)((?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Exit)): (.+)")
_OTHER = re.compile(
    r"(?:\berror: |^fatal: |^bash: |^/bin/sh: |^sh: |: command not found|: not found$|Value error, )", re.IGNORECASE
)
_WRAPPER = re.compile(r"See root cause above|EngineDeadError|resource_tracker|validation error for", re.IGNORECASE)
_SHUTDOWN = re.compile(r"\[shutdown\]|INFO:\s+Shutting down")
_PREFIX = re.compile(r"^(?:\([^)]*\)\s*)*(?:(?:INFO|WARNING|ERROR|CRITICAL) \S+ \S+ \[[^\]]*\]\s?)?")


def decisive_line(lines: list[str]) -> str | None:
    """The line that says most about a failure: the first exception that is no wrapper around another one; without any,
    the last line that reads like an error. What comes after a shutdown began is noise."""
    other = None
    for raw in lines:
        if _SHUTDOWN.search(raw):
            break
        line = _PREFIX.sub("", clean_line(raw)).strip()
        if not line or _WRAPPER.search(line):
            continue
        if "Value error, " in line:
            return shorten(line.partition("Value error, ")[2].split(" [type=")[0], 160)
        found = _EXCEPTION.search(line)
        if found:
            return shorten(found.group(0).strip(), 160)
        if _OTHER.search(line):
            other = line
    return shorten(other, 160) if other else None


def exit_text(code: int | None) -> str:
    """``exit code 1``, ``killed by SIGKILL``, or that nobody knows."""
    if code is None:
        return "ended, its exit code is unknown"
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"


def of_error(error: VdeckError | OSError) -> str:
    """An error of vdeck or of the system as a clause."""
    if isinstance(error, VdeckError):
        return error.sentence().rstrip(".")
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def failure(code: int | None, *, step: int, steps: int, kind: str, served: bool, line: str | None) -> str:
    """Why a run failed, e.g. ``step 2 of 4: exit code 1: ImportError: …``."""
    who = "the server" if served else "vllm serve" if kind == "vllm" else "the command"
    if steps > 1:
        who = f"step {step + 1} of {steps}" + (" (git clone)" if kind == "import" else "")
    if code == 0:
        return f"{who} ended by itself with exit code 0; nobody asked it to stop"
    text = f"{who}: {exit_text(code)}"
    if code == -9 and line is None:
        return f"{text} (by hand, or by the kernel for want of memory)"
    return f"{text}: {line}" if line and not (code is not None and code < 0) else text
