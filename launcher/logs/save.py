"""Lines of a log into a new file. Never over one that exists."""

from __future__ import annotations

import os
from collections.abc import Iterable

from launcher.errors import VdeckError


def free_path(typed: str) -> str:
    """The absolute path of a file that is to be made. Raises VdeckError when it exists or its folder does not."""
    if not typed.strip() or "\x00" in typed:
        raise VdeckError("a file needs a name")
    path = os.path.abspath(os.path.expanduser(typed.strip()))
    if os.path.lexists(path):
        raise VdeckError(f"{path} exists", fix="choose another name")
    if not os.path.isdir(os.path.dirname(path)):
        raise VdeckError(f"there is no folder {os.path.dirname(path)}", fix="choose another name")
    return path


def save(path: str, lines: Iterable[str]) -> int:
    """Write the lines into a new file (mode 0600: a log is nobody else's business) and return how many there were.

    Raises VdeckError when it cannot be written; what was begun is taken away again, also when ``lines`` fails.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VdeckError(f"cannot make {path}: {error.strerror}", fix="choose another name") from error
    count = 0
    try:
        with open(fd, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            for line in lines:
                file.write(line + "\n")
                count += 1
    except BaseException as error:
        os.unlink(path)
        if isinstance(error, OSError):
            raise VdeckError(f"cannot write {path}: {error.strerror}") from error
        raise
    return count
