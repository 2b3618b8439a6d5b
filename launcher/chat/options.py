"""The one table of sampling options: slash commands, the options sheet and their help all come from it. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from launcher.chat.settings import ChatSettings
from launcher.text import clean_line, shorten


class Wrong(ValueError):
    """What was typed is no value of the option; the message says what would be one."""


class Option(NamedTuple):
    """One field of ``ChatSettings``. ``read`` makes a value of a text that is not empty, or raises Wrong."""

    field: str
    word: str
    """Of the slash command, and of the sheet."""
    label: str
    range: str
    """What can be typed, for people."""
    help: str
    read: Callable[[str], Any]


def _whole(least: int, most: int = 10**12) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 15 or not least <= int(text) <= most:
            raise Wrong("a whole number" + (f" from {least}" if most == 10**12 else f" from {least} to {most}"))
        return int(text)

    return read


def _number(least: float, most: float, *, above: bool = False) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most or (above and value == least):
            begin = f"above {least:g}" if above else f"from {least:g}"
            raise Wrong(f"a number {begin}" + (f" up to {most:g}" if above else f" to {most:g}") * (most < 1e9))
        return value

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise Wrong(f"one of {', '.join(words)}")
        return text.lower()

    return read


def _flag(text: str) -> bool:
    found = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}.get(text.lower())
    if found is None:
        raise Wrong("on or off")
    return found


def _stops(text: str) -> tuple[str, ...]:
    """Words apart by blanks, or a JSON list of texts (for those with blanks or line ends in them)."""
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(word, str) and word for word in found):
            raise Wrong('words apart by blanks, or a JSON list such as ["\\n\\n", "END"]')
        return tuple(found)
    return tuple(text.split())


def _body(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Wrong('a JSON object such as {"logit_bias": {"50256": -100}}')
    return found


OPTIONS: tuple[Option, ...] = (
    Option("system", "system", "System prompt", "text", "what the model is told before the conversation", str),
    Option("max_tokens", "max", "Max tokens", "1 …", "the longest answer, in tokens", _whole(1)),
    Option("temperature", "temp", "Temperature", "0 to 2", "0: always the likeliest token", _number(0, 2)),
    Option("top_p", "top_p", "Top p", "0 to 1", "only tokens within this share of the probability",
           _number(0, 1, above=True)),
    Option("top_k", "top_k", "Top k", "-1, 1 …", "only so many likeliest tokens; -1: all", _whole(-1)),
    Option("min_p", "min_p", "Min p", "0 to 1", "only tokens so likely, compared to the likeliest", _number(0, 1)),
    Option("seed", "seed", "Seed", "whole", "the same seed gives the same answer", _whole(-(2**63), 2**63 - 1)),
    Option("stop", "stop", "Stop at", "words or JSON list", "the answer ends before any of these", _stops),
    Option("presence_penalty", "presence", "Presence penalty", "-2 to 2", "against words that were there",
           _number(-2, 2)),
    Option("frequency_penalty", "frequency", "Frequency penalty", "-2 to 2", "the more often, the more",
           _number(-2, 2)),
    Option("repetition_penalty", "repetition", "Repetition penalty", "above 0", "1: none; larger: against repeats",
           _number(0, 1e9, above=True)),
    Option("reasoning_effort", "effort", "Reasoning effort", "low medium high", "for models that know it",
           _one_of("none", "minimal", "low", "medium", "high")),
    Option("thinking", "think", "Thinking", "on or off", "for templates that know enable_thinking", _flag),
    Option("mode", "mode", "Mode", "chat or completions", "completions: the text as it is, without a chat template",
           _one_of("chat", "completions")),
    Option("extra", "set", "More fields", "JSON object", "further fields of the request body", _body),
)  # fmt: skip
WORDS = {option.word: option for option in OPTIONS}


def change(settings: ChatSettings, option: Option, text: str) -> ChatSettings:
    """The settings with this option as it was typed; empty: the server's default. Raises Wrong."""
    if not text.strip():
        return replace(settings, **{option.field: getattr(ChatSettings(), option.field)})
    value = option.read(text if option.field == "system" else text.strip())
    return replace(settings, **{option.field: value})


def written(settings: ChatSettings, option: Option) -> str:
    """The option as it would be typed; empty: the server's default."""
    value = getattr(settings, option.field)
    if value is None or value == getattr(ChatSettings(), option.field):
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        plain = all(word and not any(letter.isspace() for letter in word) for word in value)
        return " ".join(value) if plain and not value[0].startswith("[") else json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)  # what is read again must be the same
    return str(value)


def said(settings: ChatSettings, option: Option) -> str:
    """One sentence: how the option stands."""
    text = written(settings, option)
    if not text:
        return f"{option.label}: the server's default." if option.field != "mode" else "Mode: chat."
    return f"{option.label}: {shorten(clean_line(text), 200)}"
