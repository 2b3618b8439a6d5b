"""The file of a data set: how many prompts it holds, or what is wrong with it. Reads the file; small ones quickly."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

MAX_BYTES = 32 << 20
"""Larger files (the ShareGPT of the hub has 600 MB) are not read to be checked: their client will tell."""


class Look(NamedTuple):
    prompts: int | None = None
    """Usable ones; None: unknown."""
    problem: str | None = None
    """One clause; None: nothing is known to be wrong."""


def look(path: str, kind: str, *, max_bytes: int = MAX_BYTES) -> Look:
    """What is in the file of a data set ``sharegpt`` or ``custom``. Never raises. The answer for a file that has not
    changed comes from memory."""
    try:
        found = os.stat(path)
    except OSError as error:
        return Look(problem=f"the file {path} cannot be read: {error.strerror}")
    if found.st_size > max_bytes:
        return Look()
    return _look(path, kind, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=32)
def _look(path: str, kind: str, _changed: int, _size: int) -> Look:
    try:
        with open(path, encoding="utf-8") as file:
            prompts = sum(_conversations(json.load(file)) if kind == "sharegpt" else _lines(file))
    except OSError as error:
        return Look(problem=f"the file {path} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return Look(problem=f"the file {path} is no text in UTF-8")
    except json.JSONDecodeError as error:
        return Look(problem=f"the file {path} is no JSON: {error.msg}, line {error.lineno} column {error.colno}")
    except (ValueError, RecursionError) as error:
        return Look(problem=f"the file {path} {error}")
    if prompts == 0:
        what = "no conversation of two turns" if kind == "sharegpt" else "no line with a prompt"
        return Look(0, f"the file {path} holds {what}")
    return Look(prompts)


def _conversations(value: Any) -> Iterator[bool]:
    """Whether each entry can be used. Raises ValueError when it is no list."""
    if not isinstance(value, list):
        raise ValueError("is no ShareGPT file: it holds no list of conversations")
    for entry in value:
        turns = entry.get("conversations") if isinstance(entry, dict) else None
        yield (
            isinstance(turns, list)
            and len(turns) >= 2
            and all(isinstance(turn, dict) and isinstance(turn.get("value"), str) for turn in turns[:2])
        )


def _lines(file: Any) -> Iterator[bool]:
    """Whether each line can be used; empty ones do not count. Raises ValueError naming a line that is no JSON."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            raise ValueError(f"is no JSON in line {number}") from None
        yield isinstance(entry, dict) and isinstance(entry.get("prompt"), str)
