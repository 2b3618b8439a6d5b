"""``vdeck chat``: the table of the command; chat_run.py does it."""

from __future__ import annotations

from tui.commands.options import JSON, Argument, Command, Option

TABLE = Command(
    "chat",
    "ask the model of a run",
    "tui.commands.chat_run:chat",
    (
        Argument("ID", "the run"),
        Argument("PROMPT", "the question; without it standard input is read", "optional"),
    ),
    (
        Option(("--model",), "one of the served names (default: the first)", "NAME"),
        Option(("--max-tokens",), "the longest answer", "N", "integer"),
        Option(("--system",), "the system prompt", "TEXT"),
        Option(("--temperature",), "0 always takes the likeliest token", "X", "number"),
        Option(("--seed",), "repeat an answer", "N", "integer"),
        JSON,
    ),
    text="The answer is streamed to standard output; on a terminal the time to the first token and the speed follow on "
    "standard error. Ctrl-C stops the answer and exits 130.",
    examples=("vdeck chat qwen 'Why is the sky blue?'", "git diff | vdeck chat qwen --system 'Review this change.'"),
)
