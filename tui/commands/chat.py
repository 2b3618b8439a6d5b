"""``vdeck chat``: the table of the command; chat_run.py does it."""

from __future__ import annotations

from launcher.chat.options import OPTIONS
from tui.commands.options import JSON, Argument, Command, Option

_METAVARS = {"system": "TEXT", "stop": "WORDS", "reasoning_effort": "LEVEL", "thinking": "on|off"}


def flag(field: str) -> str:
    """The option of the command line for a field of the chat's settings, without its dashes."""
    return {"extra": "set"}.get(field, field.replace("_", "-"))


def _sampling() -> tuple[Option, ...]:
    """Out of the one table of options, which the slash commands and the sheet of the screen come from too."""
    return tuple(
        Option((f"--{flag(option.field)}",), f"{option.help} ({option.range})", _METAVARS.get(option.field, "X"))
        for option in OPTIONS
        if option.field != "mode"
    )


TABLE = Command(
    "chat",
    "ask the model of a run",
    "tui.commands.chat_run:chat",
    (
        Argument("ID", "the run"),
        Argument("PROMPT", "the question; without it standard input is read", "optional"),
    ),
    (
        Option(("--model",), "one of the served names or adapters (default: the first)", "NAME"),
        Option(("--image",), "send a picture along: a file or a URL", "PATH", many=True),
        Option(("--completions",), "send the text as it is, without a chat template (base models)"),
        *_sampling(),
        JSON,
    ),
    text="The answer is streamed to standard output; on a terminal the time to the first token and the speed follow on "
    "standard error. Options that are not given are the server's own. Ctrl-C stops the answer and exits 130.",
    examples=(
        "vdeck chat qwen 'Why is the sky blue?'",
        "git diff | vdeck chat qwen --system 'Review this change.'",
        "vdeck chat qwen 'What is on it?' --image photo.jpg --max-tokens 200 --json",
        "vdeck chat base 'Once upon a time' --completions --temperature 0",
    ),
)
