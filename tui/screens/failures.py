"""Errors in the three parts that a person needs: what happened, the particulars, what to do."""

from __future__ import annotations

import os
import time
import traceback
from typing import NamedTuple

from launcher import paths
from launcher.errors import VdeckError
from launcher.text import clean


class Failure(NamedTuple):
    title: str
    detail: str = ""
    fix: str = ""


def explain(error: BaseException) -> Failure:
    """What to show for an exception. An unexpected one is a fault of vdeck: named so, and written to the screen log."""
    if isinstance(error, VdeckError):
        return Failure(clean(error.title), clean(error.detail), clean(error.fix))
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return Failure(clean(f"{error.strerror}{place}"), "", "check the permissions and the free space there")
    log_error(error)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    fix = f"the screen and the runs go on; details are in {paths.screen_log()}"
    return Failure("vdeck made a mistake", clean(what), fix)


def join(failures: list[Failure]) -> Failure:
    """One failure out of several (an action on many marked runs)."""
    if len(failures) == 1:
        return failures[0]
    lines = [f"{failure.title}\n  {failure.fix}".rstrip() for failure in failures]
    return Failure(f"{len(failures)} of the runs could not be changed", "\n".join(lines))


def log_error(error: BaseException) -> None:
    """Append the traceback to the screen log; the screen never shows one."""
    try:
        os.makedirs(paths.home(), mode=0o700, exist_ok=True)
        descriptor = os.open(paths.screen_log(), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(descriptor, "a", encoding="utf-8", errors="replace") as file:
            file.write(time.strftime("%Y-%m-%d %H:%M:%S "))
            file.writelines(traceback.format_exception(error))
    except OSError:
        pass  # a full disk must not end the screen
