"""``--help``, made from the tables of options."""

from __future__ import annotations

from tui.commands import tree
from tui.commands.options import HELP, Command, Group, Option, usage

_COLUMN = 28
_WIDTH = 96


def top() -> str:
    """``vdeck --help``."""
    lines = [
        "Usage: vdeck [COMMAND]",
        "",
        "A control deck for vLLM: start, watch, try and stop vLLM servers from manifests.",
        "Without a command it opens the screen.",
        "",
        "Commands:",
    ]
    for entry in tree.everything():
        lines += _pair(entry.name, entry.summary)
        if isinstance(entry, Group):
            for command in entry.commands:
                lines += _pair(f"  {command.name}", command.summary)
    lines += ["", "Options:", *_pair("-h, --help", "show this help"), *_pair("-V, --version", "print the version")]
    lines += ["", "vdeck COMMAND --help tells more about a command.", ID_NOTE]
    return "\n".join(lines)


ID_NOTE = "ID is any unique prefix of a run's id, or the name when only one live run bears it."


def of_group(group: Group) -> str:
    """``vdeck run --help``."""
    lines = [f"Usage: vdeck {group.name} COMMAND", "", sentence(group.summary), "", "Commands:"]
    for command in group.commands:
        lines += _pair(command.name.partition(" ")[2], command.summary)
    return "\n".join([*lines, "", f"vdeck {group.name} COMMAND --help tells more about a command."])


def of_command(command: Command) -> str:
    """``vdeck run list --help``."""
    lines = [*wrap(f"Usage: {usage(command)}", 7), "", sentence(command.summary)]
    if command.text:
        lines += ["", *wrap(command.text, 0)]
    if command.arguments:
        lines += ["", "Arguments:"]
        for argument in command.arguments:
            lines += _pair(argument.name, argument.help)
    lines += ["", "Options:"]
    for option in (*command.options, HELP):
        lines += _pair(spelling(option), option_help(option))
    if command.examples:
        lines += ["", "Examples:", *(f"  {example}" for example in command.examples)]
    return "\n".join(lines)


def spelling(option: Option) -> str:
    """``-f, --file FILE`` as the help and the reference show it."""
    names = ", ".join(option.names)
    if option.alone:
        return f"{names}[={option.metavar}]"
    return f"{names} {option.metavar}" if option.metavar else names


def option_help(option: Option) -> str:
    """The help of one option with its choices, its default, and whether it may be repeated."""
    text = option.help
    if option.choices:
        text += f": {', '.join(option.choices)}"
    if option.alone:
        text += f" (alone: {option.alone})"
    if option.default is not None:
        text += f" (default: {option.default})"
    if option.many:
        text += "; may be given several times"
    return text


def sentence(text: str) -> str:
    """``text`` with a capital first letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def wrap(text: str, indent: int) -> list[str]:
    """``text`` in lines of at most 96 characters, the later ones moved in by ``indent``."""
    import textwrap

    return textwrap.wrap(text, _WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _pair(left: str, right: str) -> list[str]:
    """Two columns, the right one wrapped."""
    lines = wrap("x" * _COLUMN + right, _COLUMN) or [""]
    first = f"  {left}".ljust(_COLUMN)
    if len(first) > _COLUMN or not first.endswith(" "):
        return [first.rstrip(), *(" " * _COLUMN + line[_COLUMN:] for line in lines)]
    return [first + lines[0][_COLUMN:], *lines[1:]]
