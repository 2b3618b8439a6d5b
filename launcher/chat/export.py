"""A conversation as a document: Markdown for people, JSON for programs. Pure, but for ``write``."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Any

from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.errors import VdeckError
from launcher.runs.view import rfc3339
from launcher.text import clean_line

_FIGURES = (
    ("ttft_s", "TTFT {:.3f} s"), ("tokens_per_s", "{:.1f} tok/s"), ("prompt_tokens", "{} prompt tokens"),
    ("completion_tokens", "{} completion tokens"), ("cached_tokens", "{} cached"), ("total_s", "{:.3f} s"),
    ("finish_reason", "finish: {}"),
)  # fmt: skip


def as_markdown(name: str, turns: Sequence[Turn], settings: ChatSettings) -> str:
    """The conversation for a reader: a heading a turn, reasoning quoted, figures below each answer."""
    head = [f"# Chat with {name}", ""]
    options = {key: value for key, value in _options(settings).items() if key != "system"}
    head += [f"Options: {json.dumps(options, ensure_ascii=False)}", ""] if options else []
    head += ["## System", "", settings.system, ""] if settings.system else []
    body: list[str] = []
    for turn in turns:
        body += _markdown(turn)
    return "\n".join([*head, *body]).rstrip("\n") + "\n"


def as_json(name: str, turns: Sequence[Turn], settings: ChatSettings) -> str:
    """The conversation as one document: run, options, turns with everything that is known of them."""
    document = {"run": name, "options": _options(settings), "turns": [_value(turn) for turn in turns]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write(path: str, text: str) -> str:
    """Write into a new file and return its path; when that name is taken, the next free one (``chat-2.md``).

    Raises VdeckError. Mode 0600: what was asked is nobody else's business.
    """
    if not path.strip() or "\x00" in path:
        raise VdeckError("a file needs a name")
    stem, ending = os.path.splitext(os.path.abspath(os.path.expanduser(path.strip())))
    for number in range(1, 1000):
        target = f"{stem}{f'-{number}' if number > 1 else ''}{ending}"
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise VdeckError(f"cannot make {target}: {error.strerror}", fix="choose another name") from error
        try:
            with open(descriptor, "w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(text)
        except OSError as error:
            os.unlink(target)
            raise VdeckError(f"cannot write {target}: {error.strerror}") from error
        return target
    raise VdeckError(f"{path} and 998 more like it exist", fix="choose another name")


def own_name(run_name: str, run_id: str) -> str:
    """``chat-qwen-369367189168.md``: a name for when the user gives none."""
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in clean_line(run_name))
    return f"chat-{plain.strip('.-') or 'run'}-{run_id}.md"


def _options(settings: ChatSettings) -> dict[str, Any]:
    """What differs from the defaults."""
    plain, default = dataclasses.asdict(settings), dataclasses.asdict(ChatSettings())
    return {key: value for key, value in plain.items() if value != default[key]}


def _value(turn: Turn) -> dict[str, Any]:
    value: dict[str, Any] = {"role": turn.role, "text": turn.text, "time": rfc3339(turn.time or None)}
    more = {
        "model": turn.model, "reasoning": turn.reasoning, "tool_calls": [call._asdict() for call in turn.calls],
        "images": list(turn.images), "stats": dict(turn.stats), "error": turn.error,
    }  # fmt: skip
    return {**value, **{key: item for key, item in more.items() if item}}


def _markdown(turn: Turn) -> list[str]:
    if turn.role == "user":
        pictures = [f"Picture: {image}\n" for image in turn.images]
        return ["## You", "", *pictures, turn.text, ""]
    lines = [f"## {turn.model or 'Model'}", ""]
    if turn.reasoning:
        lines += [*(f"> {line}".rstrip() for line in turn.reasoning.strip().split("\n")), ""]
    lines += [turn.text.strip(), ""] if turn.text.strip() else []
    for call in turn.calls:
        lines += [f"Tool call `{call.name}`:", "", "```json", call.arguments, "```", ""]
    lines += [f"**{turn.error}**", ""] if turn.error else []
    figures = [form.format(turn.stats[key]) for key, form in _FIGURES if _known(turn.stats.get(key), form)]
    return [*lines, f"*{', '.join(figures)}*", ""] if figures else lines


def _known(value: Any, form: str) -> bool:
    """Whether a figure is there and of the kind that its words need (a transcript may be damaged)."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number if ":" in form and "{}" not in form else number or isinstance(value, str)
