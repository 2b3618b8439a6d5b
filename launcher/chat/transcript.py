"""What was said to a run's model: append-only lines in the run folder, so that a chat is there again tomorrow."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from launcher.chat.settings import ChatSettings
from launcher.chat.turn import ROLES, Call, Turn
from launcher.paths import RunPaths
from launcher.runs import files

_TAIL_BYTES = 4 * 1024 * 1024
_ALWAYS = ("role", "text")


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
    value = {key: item for key, item in stamped._asdict().items() if item or key in _ALWAYS}
    if turn.calls:
        value["calls"] = [call._asdict() for call in turn.calls]
    files.append_line(_path(folder), json.dumps(value, ensure_ascii=True))


def load(folder: str, *, limit: int = 2000) -> tuple[Turn, ...]:
    """The last ``limit`` turns, oldest first, of at most the last 4 MiB. Damaged lines are left out; no file: ().

    They are everything that was ever said, marks included: ``conversation.shown`` gives the present one.
    """
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
        return Turn(
            role, text, float(value.get("time", 0.0)), _word(value, "model"), stats, _word(value, "error"),
            reasoning=_word(value, "reasoning") or "",
            calls=_calls(value.get("calls")),
            images=tuple(image for image in value.get("images", ()) if isinstance(image, str)),
            keep=max(0, int(value.get("keep", 0))),
            keep_time=float(value.get("keep_time", 0.0)),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _calls(value: Any) -> tuple[Call, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        Call(_word(call, "name") or "", _word(call, "arguments") or "", _word(call, "id") or "")
        for call in value
        if isinstance(call, dict)
    )


def _word(value: Mapping[str, Any], key: str) -> str | None:
    item = value.get(key)
    return item if isinstance(item, str) else None


# -- the options of the chat


def _settings_path(folder: str) -> str:
    return os.path.join(RunPaths(folder).chat, "settings.json")


def save_settings(folder: str, settings: ChatSettings) -> None:
    """Keep the options for the next time. Raises OSError."""
    if not os.path.isdir(folder):
        raise FileNotFoundError(2, "the run folder is gone", folder)
    files.make_private(RunPaths(folder).chat)
    default = ChatSettings()
    value = {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if getattr(settings, field.name) != getattr(default, field.name)
    }
    files.write_json(_settings_path(folder), value)


def load_settings(folder: str) -> ChatSettings:
    """The options as they were kept; those that are damaged or unknown are the defaults."""
    value, _ = files.read_json(_settings_path(folder))
    kept: dict[str, Any] = {}
    for field in dataclasses.fields(ChatSettings):
        if value is not None and field.name in value and _fits(field.name, value[field.name]):
            item = value[field.name]
            kept[field.name] = tuple(item) if isinstance(item, list) else item
    return ChatSettings(**kept)


_WHOLE = frozenset({"max_tokens", "top_k", "seed"})
_WORDS = frozenset({"model", "system", "reasoning_effort"})


def _fits(name: str, item: Any) -> bool:
    """Whether a value that was read can be that of the option."""
    if name == "stop":
        return isinstance(item, list) and all(isinstance(word, str) for word in item)
    if name == "extra":
        return isinstance(item, dict)
    if name == "mode":
        return item in ("chat", "completions")
    if name == "thinking":
        return isinstance(item, bool)
    if name in _WORDS:
        return isinstance(item, str)
    if isinstance(item, bool):
        return False
    return isinstance(item, int) if name in _WHOLE else isinstance(item, int | float)
