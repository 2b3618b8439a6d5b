"""How an error reaches the user: ``error: what. fix.`` on standard error, and a traceback only ever in a file."""

from __future__ import annotations

import os
import sys

from launcher.errors import VdeckError
from launcher.text import clean, clean_line


def show(error: VdeckError) -> None:
    """Print the particulars of an error (the problems of a manifest, what a tool said), then its one line."""
    if sys.stderr is None:
        return
    try:
        for line in clean(error.detail).splitlines():
            print(line, file=sys.stderr)
        print(f"error: {clean_line(error.sentence())}", file=sys.stderr, flush=True)
    except OSError:  # standard error is gone or full: the exit code still tells
        return


def internal(error: Exception) -> VdeckError:
    """A fault of vdeck itself: the traceback goes into the log of the state folder, the user gets one sentence."""
    from launcher.logs.redact import Redactor

    redact = Redactor(())
    what = shorten_to_line(redact(f"{type(error).__name__}: {error}"))
    try:
        path = _write(redact(_traceback(error)))
    except OSError:
        return VdeckError(f"internal error: {what}", fix="Please report it (the state folder cannot be written)")
    return VdeckError(f"internal error: {what}", fix=f"Please report it with {path}")


def shorten_to_line(text: str) -> str:
    """The first line of ``text``, at most 200 characters."""
    from launcher.text import shorten

    return shorten((text.splitlines() or [""])[0], 200)


def _traceback(error: Exception) -> str:
    import time
    import traceback

    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    command = " ".join(sys.argv[1:3])  # never the rest: `--env KEY=VALUE` may be a secret
    return f"--- {stamp} vdeck {command}\n" + "".join(traceback.format_exception(error))


def _write(text: str) -> str:
    from launcher import paths

    path = paths.screen_log()
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
