"""Reading and writing the files of a run folder: every write is atomic, every read survives what it finds."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from _thread import get_ident
from typing import Any, BinaryIO


def write_atomic(path: str, data: bytes, *, mode: int = 0o600) -> None:
    """Replace ``path`` by ``data`` in one step: a reader sees the old file or the new one. Raises OSError (disk
    full)."""
    temporary = f"{path}.{os.getpid()}.{get_ident()}.tmp"  # two threads of the screen may write the same file
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise


def write_json(path: str, value: Any, *, mode: int = 0o600) -> None:
    """``write_atomic`` of a JSON document."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n", mode=mode)


def read_json(path: str) -> tuple[dict[str, Any] | None, str | None]:
    """The JSON object in ``path``, or None and why not (one clause)."""
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            value = json.loads(file.read())
    except FileNotFoundError:
        return None, f"{name} is missing"
    except OSError as error:
        return None, f"{name} cannot be read: {error.strerror}"
    except (ValueError, RecursionError):
        return None, f"{name} is damaged"
    if not isinstance(value, dict):
        return None, f"{name} is damaged"
    return value, None


def open_regular(path: str) -> BinaryIO:
    """A regular file for reading, in no case a link, a pipe (which would wait for a writer) or a device. Raises
    OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file", path)
    return os.fdopen(descriptor, "rb")


def append_line(path: str, line: str) -> None:
    """Append one line with one write, so that two lines never mix. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)


def make_private(folder: str) -> None:
    """Make a folder (and what is above it) that only its owner may enter."""
    os.makedirs(folder, mode=0o700, exist_ok=True)


def lock_within(descriptor: int, seconds: float) -> bool:
    """Take the lock of an open file or folder; False when somebody else held it all the time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
