"""The user's editor."""

from __future__ import annotations

import os
import shlex
import shutil

from launcher.errors import VdeckError
from launcher.runs import process

# sensible-editor comes last: where nobody has chosen an editor yet, it begins with questions.
_FALLBACKS = ("nano", "vim", "vi", "sensible-editor")


def editor() -> list[str]:
    """The command of $VISUAL or $EDITOR, else the first editor that is installed. Raises VdeckError."""
    for variable in ("VISUAL", "EDITOR"):
        words = shlex.split(os.environ.get(variable, ""))
        if words:
            return words
    for name in _FALLBACKS:
        if shutil.which(name):
            return [name]
    raise VdeckError("there is no editor", detail="EDITOR is not set", fix="set EDITOR: export EDITOR=nano")


def edit(path: str) -> None:
    """Edit the file in this terminal; returns when the editor has ended. Raises VdeckError."""
    words = editor()
    code = process.foreground([*words, path])
    if code:
        raise VdeckError(f"{words[0]} ended with exit code {code}", detail=path)
