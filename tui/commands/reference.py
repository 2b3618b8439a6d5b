"""docs/commands.md, made from the tables of options: ``python -m tui.commands.reference > docs/commands.md``."""

from __future__ import annotations

from tui.commands import helptext, tree
from tui.commands.options import HELP, Command, usage

_HEAD = """\
# Commands

This page is made from the option tables of the program (`python -m tui.commands.reference > docs/commands.md`); a test
fails when the two differ.

## Habits

- **ID** is any unique prefix of a run's id, or the name when only one live run bears it.
- **`--json`** prints one JSON document on standard output and nothing else. What is unknown is `null`, times are
  RFC 3339 in UTC. Errors still go to standard error.
- **Errors** go to standard error as `error: what. fix.` Particulars, such as the problems of a manifest with their
  lines, stand before that line.
- **Exit codes**: 0 done, 1 the work failed, 2 wrong usage or wrong manifest, 130 interrupted (Ctrl-C).
- **Ctrl-C** while a command waits or follows ends the command, never the run.
- **Times** such as `--since 5m` are a number with ms, s, m, h or d, also several: `1h30m`. A bare number is seconds.
- **Options** may stand before or after the arguments, as `--tail 50`, `--tail=50` or, for the short ones, `-f FILE` and
  `-fFILE`; after `--` every word is an argument. `-h` or `--help` is understood everywhere.
- **Secrets** are masked in everything that is printed. Text from outside reaches a terminal without control characters.
- `vdeck --version` prints the version.

## Environment

| variable | what it does |
|---|---|
| `VDECK_HOME` | the state folder: runs, reservations (default: the XDG state folder of vdeck) |
| `VDECK_ENGINES` | the folder of the installed engines (default: in the XDG data folder) |
| `VDECK_CONFIG` | the folder of the settings (default: in the XDG configuration folder) |
| `NO_COLOR` | when set, no colours |
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for entry in tree.everything():
        if isinstance(entry, Command):
            parts.append(_section(entry, "##"))
        else:
            parts.append(f"## vdeck {entry.name}\n\n{helptext.sentence(entry.summary)}\n")
            parts += [_section(command, "###") for command in entry.commands]
    return "\n".join(parts)


def _section(command: Command, level: str) -> str:
    lines = [f"{level} vdeck {command.name}", "", f"    {usage(command)}", "", helptext.sentence(command.summary)]
    if command.text:
        lines[-1] += f" {command.text}"
    rows = [(f"`{argument.name}`", argument.help) for argument in command.arguments]
    rows += [(f"`{helptext.spelling(option)}`", helptext.option_help(option)) for option in (*command.options, HELP)]
    lines += ["", "| argument or option | what it does |", "|---|---|"]
    lines += [f"| {left} | {_cell(right)} |" for left, right in rows]
    if command.examples:
        lines += ["", *(f"    {example}" for example in command.examples)]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
