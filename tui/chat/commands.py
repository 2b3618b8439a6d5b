"""Slash commands of the chat: words in, new settings or an answer out. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from launcher.chat.settings import ChatSettings


class Outcome(NamedTuple):
    """What a command did. ``clear``: start a new conversation. ``problem``: it could not be done, and why."""

    settings: ChatSettings
    say: str = ""
    clear: bool = False
    problem: str | None = None


HELP = """\
/model NAME   talk to this served model (no name: list them)
/system TEXT  system prompt (no text: none)
/max N        at most N tokens an answer (no number: the server's default)
/temp X       temperature, 0 to 2 (no number: the server's default)
/clear        start a new conversation
/help         this list
enter sends, shift+enter or ctrl+j starts a new line, esc stops an answer; // sends a line that begins with a slash"""


def is_command(text: str) -> bool:
    """A prompt that begins with one slash and a letter; ``//`` sends a slash."""
    return text.startswith("/") and not text.startswith("//") and len(text) > 1 and text[1].isalpha()


def unescape(text: str) -> str:
    """The prompt as it is sent: ``//`` at its beginning is one slash."""
    return text[1:] if text.startswith("//") else text


def apply(text: str, settings: ChatSettings, models: Sequence[str]) -> Outcome:
    """Carry out one command line. Unknown words and wrong numbers come back as a problem, the settings unchanged."""
    word, _, rest = text[1:].partition(" ")
    command = _COMMANDS.get(word.strip().lower())
    if command is None:
        return Outcome(settings, problem=f"There is no command /{word.strip()}. /help lists them.")
    return command(settings, rest.strip(), models)


def _model(settings: ChatSettings, name: str, models: Sequence[str]) -> Outcome:
    if not name:
        listed = "\n".join(models) if models else "The server has not said yet which models it serves."
        return Outcome(settings, say=listed)
    found = [model for model in models if model == name] or [model for model in models if name.lower() in model.lower()]
    if models and len(found) != 1:
        what = "matches several models" if found else "is not served"
        return Outcome(settings, problem=f"{name} {what}. Choose one of: {', '.join(models)}.")
    chosen = found[0] if found else name
    return Outcome(replace(settings, model=chosen), say=f"Model: {chosen}")


def _system(settings: ChatSettings, text: str, models: Sequence[str]) -> Outcome:
    return Outcome(replace(settings, system=text or None), say="System prompt set." if text else "No system prompt.")


def _max(settings: ChatSettings, text: str, models: Sequence[str]) -> Outcome:
    if not text:
        return Outcome(replace(settings, max_tokens=None), say="Answers as long as the server lets them be.")
    if not text.isdecimal() or not 1 <= int(text[:12]) <= 10_000_000:
        return Outcome(settings, problem=f"/max needs a whole number of tokens, not {text}.")
    return Outcome(replace(settings, max_tokens=int(text)), say=f"At most {int(text)} tokens an answer.")


def _temp(settings: ChatSettings, text: str, models: Sequence[str]) -> Outcome:
    if not text:
        return Outcome(replace(settings, temperature=None), say="The server's own temperature.")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 2:
        return Outcome(settings, problem=f"/temp needs a number from 0 to 2, not {text}.")
    return Outcome(replace(settings, temperature=value), say=f"Temperature {value:g}.")


def _clear(settings: ChatSettings, text: str, models: Sequence[str]) -> Outcome:
    return Outcome(settings, clear=True)


def _help(settings: ChatSettings, text: str, models: Sequence[str]) -> Outcome:
    return Outcome(settings, say=HELP)


_COMMANDS: Mapping[str, Callable[[ChatSettings, str, Sequence[str]], Outcome]] = {
    "model": _model, "system": _system, "max": _max, "temp": _temp, "clear": _clear, "help": _help,
}  # fmt: skip
