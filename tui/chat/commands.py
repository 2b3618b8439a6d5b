"""Slash commands of the chat: words in, new settings or something to do out. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from launcher.chat import options
from launcher.chat.options import OPTIONS, WORDS
from launcher.chat.settings import ChatSettings
from launcher.serving.parts import Model
from launcher.text import clean_line, shorten
from tui.chat.wants import Attach, OpenDialog, SaveChat


class Clear(NamedTuple):
    """Start a new conversation."""


class TakePrompt(NamedTuple):
    """Put the prompt of this name into the prompt area."""

    name: str


Deed = Clear | TakePrompt | Attach | OpenDialog | SaveChat


class Outcome(NamedTuple):
    """What a command did: changed settings, a word to say, something to do; or why it could not be done."""

    settings: ChatSettings
    say: str = ""
    deed: Deed | None = None
    problem: str | None = None


def is_command(text: str) -> bool:
    """A prompt that begins with one slash and a letter; ``//`` sends a slash."""
    return text.startswith("/") and not text.startswith("//") and len(text) > 1 and text[1].isalpha()


def unescape(text: str) -> str:
    """The prompt as it is sent: ``//`` at its beginning is one slash."""
    return text[1:] if text.startswith("//") else text


def apply(text: str, settings: ChatSettings, models: Sequence[Model]) -> Outcome:
    """Carry out one command line. Unknown words and wrong values come back as a problem, the settings unchanged."""
    word, _, rest = text[1:].partition(" ")
    name, _, more = word.partition("\n")  # `/system` with its text on the next line
    rest = f"{more}\n{rest}" if more else rest
    name = name.strip().lower()
    if name == "model":
        return _model(settings, rest.strip(), models)
    if name in WORDS:
        return _option(settings, name, rest)
    if name in _DEEDS:
        return _DEEDS[name](settings, rest.strip())
    near = difflib.get_close_matches(name, [*_WORDS_OF_HELP, *WORDS], 1)
    meant = f" Did you mean /{near[0]}?" if near else ""
    return Outcome(settings, problem=f"There is no command /{shorten(clean_line(name), 40)}.{meant} /help lists them.")


def _option(settings: ChatSettings, word: str, text: str) -> Outcome:
    option = WORDS[word]
    try:
        changed = options.change(settings, option, text)
    except options.Wrong as wrong:
        return Outcome(settings, problem=f"/{word} needs {wrong}, not {shorten(clean_line(text.strip()), 60)}.")
    return Outcome(changed, say=options.said(changed, option))


def _model(settings: ChatSettings, name: str, models: Sequence[Model]) -> Outcome:
    names = [model.id for model in models]
    if not name:
        return Outcome(
            settings, say="\n".join(map(described, models)) or "The server has not said yet which models it serves."
        )
    found = [one for one in names if one == name] or [one for one in names if name.lower() in one.lower()]
    if names and len(found) != 1:
        what = "matches several models" if found else "is not served"
        return Outcome(settings, problem=f"{clean_line(name)} {what}. Choose one of: {', '.join(names)}.")
    chosen = found[0] if found else name
    return Outcome(replace(settings, model=chosen), say=f"Model: {clean_line(chosen)}")


def described(model: Model) -> str:
    """``my-lora (adapter of tiny, 4096 tokens)``."""
    notes = [f"adapter of {model.parent}"] if model.parent else []
    notes += [f"{model.max_model_len} tokens"] if model.max_model_len is not None else []
    return clean_line(model.id + (f" ({', '.join(notes)})" if notes else ""))


def _image(settings: ChatSettings, text: str) -> Outcome:
    if not text:
        return Outcome(settings, problem="/image needs the path or URL of a picture; /image off sends none.")
    return Outcome(settings, deed=Attach("" if text.lower() == "off" else text))


def _prompt(settings: ChatSettings, text: str) -> Outcome:
    return Outcome(settings, deed=TakePrompt(text) if text else OpenDialog("library"))


def _help(settings: ChatSettings, text: str) -> Outcome:
    return Outcome(settings, say=help_text())


_DEEDS: Mapping[str, Callable[[ChatSettings, str], Outcome]] = {
    "clear": lambda settings, text: Outcome(settings, deed=Clear()),
    "save": lambda settings, text: Outcome(settings, deed=SaveChat(text)),
    "history": lambda settings, text: Outcome(settings, deed=OpenDialog("history")),
    "options": lambda settings, text: Outcome(settings, deed=OpenDialog("options")),
    "image": _image,
    "prompt": _prompt,
    "help": _help,
}
_WORDS_OF_HELP: Mapping[str, str] = {
    "model": "NAME: talk to this served model or adapter (no name: list them)",
    "clear": "a new conversation; the old one stays among the earlier ones",
    "history": "go on with an earlier conversation",
    "save": "PATH: write the conversation to a new file (.md or .json)",
    "image": "PATH or URL: send a picture with the next prompt (off: none)",
    "prompt": "NAME: take one of the prompts that you keep as files (no name: choose)",
    "options": "all options in a sheet",
    "help": "this list",
}


_NOTES = (
    "An option without a value is the server's default again. // sends a line that begins with a slash.",
    "enter sends, shift+enter or ctrl+j starts a new line, up brings earlier prompts back, esc stops an answer.",
)


def help_text() -> str:
    """Every command, one a line."""
    lines = [f"/{word:<11} {text}" for word, text in _WORDS_OF_HELP.items()]
    lines += [f"/{option.word:<11} {option.help} ({option.range})" for option in OPTIONS]
    return "\n".join([*lines, *_NOTES])
