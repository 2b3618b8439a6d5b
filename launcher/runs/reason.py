"""One sentence for how a run ended. Pure."""

from __future__ import annotations

import signal

from launcher.errors import VdeckError


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
        text = f"{who} ended by itself with exit code 0; nobody asked it to stop"
        return f"{text}: {line}" if line else text
    text = f"{who}: {exit_text(code)}"
    if code == -9 and line is None:
        return f"{text} (by hand, or by the kernel for want of memory)"
    return f"{text}: {line}" if line and not (code is not None and code < 0) else text
