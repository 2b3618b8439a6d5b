"""One installation of an engine at a time, over all processes of this machine (or of a file system with locks)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

from launcher.errors import VdeckError

_EVERY_S = 0.5


@contextlib.contextmanager
def hold(path: str, *, waiting: Callable[[str], None] | None) -> Iterator[None]:
    """Hold the lock file. ``waiting`` is told who has it, twice a second until it is free; None: raise VdeckError then.

    The lock file is never deleted: a process that waits for a deleted file would hold a lock that nobody else sees.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try(handle, path):
            holder = _holder(path)
            if waiting is None:
                raise VdeckError(f"{holder} is working on this engine", fix="try again when it is done")
            waiting(holder)
            time.sleep(_EVERY_S)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)  # gives the lock back, as the end of the process does


def _try(handle: int, path: str) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        fix = "put engines on a local disk with VDECK_ENGINES"
        raise VdeckError(f"cannot lock {path}: {error.strerror}", fix=fix) from error
    return True


def _holder(path: str) -> str:
    try:
        with open(path, "rb") as file:
            pid = file.read(20).strip()
    except OSError:
        pid = b""
    return f"another vdeck (process {int(pid)})" if pid.isdigit() else "another vdeck"


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the work as Ctrl-C does, so that pip is not left behind. Only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    wanted = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for one in wanted:
        signal.signal(one, stop)
    try:
        yield
    finally:
        for one in wanted:
            signal.signal(one, signal.SIG_DFL)
