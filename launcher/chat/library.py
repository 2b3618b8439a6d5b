"""Prompts kept as files in a folder, so that they are there for every run."""

from __future__ import annotations

import os
from typing import NamedTuple

from launcher import paths
from launcher.text import clean_line

ENDINGS = (".md", ".txt")
LARGEST = 256 * 1024


class Prompt(NamedTuple):
    """One file. ``problem``: why its text cannot be used, in one clause; the text is empty then."""

    name: str
    """The file's name without its ending."""
    text: str
    path: str
    problem: str | None = None


def prompts(folder: str | None = None) -> tuple[Prompt, ...]:
    """Every prompt of the folder (None: that of the user), by name. Without a folder: none. Raises OSError when it
    cannot be listed."""
    where = paths.prompts_dir() if folder is None else folder
    try:
        names = sorted(os.listdir(where), key=str.lower)
    except FileNotFoundError:
        return ()
    return tuple(
        _read(os.path.join(where, name)) for name in names if not name.startswith(".") and name.endswith(ENDINGS)
    )


def find(name: str, known: tuple[Prompt, ...]) -> tuple[Prompt, ...]:
    """The prompts that ``name`` means: the one of that name, else all that have it in their name."""
    wanted = name.strip().lower()
    same = tuple(prompt for prompt in known if prompt.name.lower() == wanted)
    return same or tuple(prompt for prompt in known if wanted in prompt.name.lower())


def _read(path: str) -> Prompt:
    name = clean_line(os.path.splitext(os.path.basename(path))[0])
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not make us wait
        with open(descriptor, "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        return Prompt(name, "", path, f"cannot be read: {error.strerror}")
    if len(raw) > LARGEST:
        return Prompt(name, "", path, f"is larger than {LARGEST // 1024} KB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Prompt(name, "", path, "is not UTF-8")
    if not text.strip():
        return Prompt(name, "", path, "is empty")
    return Prompt(name, text.strip("\n"), path)
