"""What was said to a run's model: append-only lines in the run folder, so that a chat is there again tomorrow."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from launcher.chat.turn import ROLES, Turn
from launcher.paths import RunPaths
from launcher.runs import files

_TAIL_BYTES = 4 * 1024 * 1024


def _path(folder: str) -> str:
    return os.path.join(RunPaths(folder).chat, "transcript.jsonl")


def append(folder: str, turn: Turn) -> None:
    """Add a turn to the transcript of the run in ``folder`` (file mode 0600). Raises OSError (disk full, run deleted).

    The run's folder itself is never made: a deleted run does not come back because somebody was still chatting.
    """
    if not os.path.isdir(folder):
        raise FileNotFoundError(2, "the run folder is gone", folder)
    files.make_private(RunPaths(folder).chat)
    stamped = turn._replace(time=turn.time or time.time(), stats=dict(turn.stats))
    value = {key: item for key, item in stamped._asdict().items() if item not in (None, {})}
    files.append_line(_path(folder), json.dumps(value, ensure_ascii=True))


def load(folder: str, *, limit: int = 200) -> tuple[Turn, ...]:
    """The last ``limit`` turns, oldest first, of at most the last 4 MiB. Damaged lines are left out; no file: ()."""
    try:
        with open(_path(folder), "rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES)
            file.seek(start)
            lines = file.read().split(b"\n")
    except OSError:
        return ()
    turns = [turn for line in (lines[1:] if start else lines) if (turn := _turn(line)) is not None]
    return tuple(turns[-limit:]) if limit > 0 else ()


def _turn(line: bytes) -> Turn | None:
    try:
        value = json.loads(line)
        role, text = value["role"], value["text"]
        stats = value.get("stats", {})
        if role not in ROLES or not isinstance(text, str) or not isinstance(stats, dict):
            return None
        return Turn(role, text, float(value.get("time", 0.0)), _word(value, "model"), stats, _word(value, "error"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _word(value: Mapping[str, Any], key: str) -> str | None:
    item = value.get(key)
    return item if isinstance(item, str) else None


def conversation(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The turns that belong to the present conversation: after the last ``clear``, without what failed."""
    start = max((index + 1 for index, turn in enumerate(turns) if turn.role == "clear"), default=0)
    kept = list(turns[start:])
    result: list[Turn] = []
    for index, turn in enumerate(kept):
        following = kept[index + 1] if index + 1 < len(kept) else None
        failed = following is None or following.role == "user" or following.error is not None
        if turn.error is None and not (turn.role == "user" and failed):
            result.append(turn)
    return tuple(result)
