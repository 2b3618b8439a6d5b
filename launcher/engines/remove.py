"""Remove an installed engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from launcher.engines import folder as folders
from launcher.engines import version as versions
from launcher.engines.engine import PATH_NAME
from launcher.engines.folder import EngineFolder
from launcher.engines.lock import hold
from launcher.errors import UsageError, VdeckError


def remove(name: str, *, in_use: Callable[[str], str | None]) -> str:
    """Delete the engine (or unfinished installation) of this name or version; return its name.

    ``in_use`` is asked with the engine's folder and answers with the live run that uses it, or None. The folder is
    renamed first, so that nobody ever finds half an engine. Raises UsageError for an unknown or ambiguous name,
    VdeckError when a run or an installation needs the folder.
    """
    place = EngineFolder(_resolve(name))
    user = in_use(place.path)
    if user is not None:
        raise VdeckError(f"{place.name} is in use by {user}", fix="terminate that run first")
    with hold(place.lock, waiting=None):
        try:
            os.rename(place.path, place.trash)
        except OSError as error:
            title = f"cannot remove {place.path}: {error.strerror}"
            raise VdeckError(title, fix="check who owns the folder") from error
    shutil.rmtree(place.trash, ignore_errors=True)  # what is left is swept by the next installation
    return place.name


def _resolve(name: str) -> str:
    """The folder name: as it is, or the only one of this version."""
    known = folders.names()
    if name in known:
        return name
    if name == PATH_NAME:
        raise UsageError("the vllm on PATH is not vdeck's own", fix="remove it with the tool that installed it")
    same = [one for one in known if versions.matches(one.rpartition("-")[0], name)]
    if len(same) == 1:
        return same[0]
    have = ", ".join(same or known) or "none"
    what = "is ambiguous" if same else "is not installed"
    raise UsageError(f"engine {name} {what}", detail=f"engines: {have}", fix=f"name one of: {have}" if known else "")
