"""Commands and options as data: one table feeds the parser, ``--help`` and docs/commands.md.

Not argparse: importing it costs more than `vdeck run list` may take.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # without typing at run time: `vdeck run list` passes through here
    from typing import Literal

    Kind = Literal["text", "integer", "number", "seconds"]
    Need = Literal["one", "optional", "many", "any", "rest"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Option:
    """``names`` ends with the long name, which is the key of the value. Without ``metavar`` it is a flag."""

    __slots__ = ("alone", "choices", "default", "help", "key", "kind", "many", "metavar", "names", "required")

    def __init__(
        self, names: tuple[str, ...], help: str, metavar: str = "", kind: Kind = "text", *, default: str | None = None,
        many: bool = False, choices: tuple[str, ...] = (), alone: str = "", required: bool = False,
    ) -> None:  # fmt: skip
        self.names = names
        self.key = names[-1].lstrip("-")
        self.help = help
        self.metavar = metavar
        self.kind: Kind = kind
        self.default = default
        """What the command takes when the option is not given; also shown by the help."""
        self.many = many
        self.choices = choices
        self.alone = alone
        """The value of ``--option`` without one; another value is given as ``--option=VALUE`` only."""
        self.required = required


class Argument:
    """A word without dashes. ``many``: one or more, ``any``: also none; ``rest`` takes what follows ``--``."""

    __slots__ = ("help", "name", "need")

    def __init__(self, name: str, help: str, need: Need = "one") -> None:
        self.name = name
        self.help = help
        self.need: Need = need


class Command:
    """One command: what it is called, what it takes, and ``module:function`` that does it."""

    __slots__ = ("arguments", "examples", "handler", "name", "options", "summary", "text")

    def __init__(
        self, name: str, summary: str, handler: str, arguments: tuple[Argument, ...] = (),
        options: tuple[Option, ...] = (), *, text: str = "", examples: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.name = name
        """The words after ``vdeck``, e.g. ``run list``."""
        self.summary = summary
        self.handler = handler
        self.arguments = arguments
        self.options = options
        self.text = text
        """What the summary is too short for."""
        self.examples = examples


class Group:
    """Commands that share their first word."""

    __slots__ = ("commands", "name", "summary")

    def __init__(self, name: str, summary: str, commands: tuple[Command, ...]) -> None:
        self.name = name
        self.summary = summary
        self.commands = commands


JSON = Option(("--json",), "print one JSON document and nothing else")
HELP = Option(("-h", "--help"), "show this help")


class Values:
    """What a command line gave: options and arguments by their key. Every value was checked while it was parsed."""

    __slots__ = ("_defaults", "_given")

    def __init__(self, command: Command) -> None:
        self._defaults = {option.key: option.default for option in command.options}
        self._given: dict[str, list[str]] = {}

    def add(self, key: str, value: str) -> None:
        """Keep one more value of the option or argument ``key``."""
        self._given.setdefault(key, []).append(value)

    def flag(self, key: str) -> bool:
        """Whether the option was given."""
        return key in self._given

    def many(self, key: str) -> tuple[str, ...]:
        """All values, in the order they were given."""
        return tuple(self._given.get(key, ()))

    def text(self, key: str) -> str | None:
        """The last value, the default, or None."""
        given = self._given.get(key)
        return given[-1] if given else self._defaults.get(key)

    def word(self, key: str) -> str:
        """A required value; KeyError when the table does not require it and it was not given."""
        value = self.text(key)
        if value is None:
            raise KeyError(key)
        return value

    def integer(self, key: str) -> int | None:
        """A whole number."""
        value = self.text(key)
        return None if value is None else int(value)

    def number(self, key: str) -> float | None:
        """A number."""
        value = self.text(key)
        return None if value is None else float(value)

    def seconds(self, key: str) -> float | None:
        """A length of time such as ``90``, ``90s``, ``5m``, ``1h30m`` in seconds."""
        value = self.text(key)
        return None if value is None else duration(value)


def duration(text: str) -> float:
    """Seconds of ``90``, ``1.5s``, ``5m``, ``1h30m``; ValueError for anything else and for nothing."""
    total, number, unit, seen = 0.0, "", "", False
    for char in text + "\0":
        if char in "0123456789.":
            if unit:
                total, number, unit, seen = total + float(number) * _UNITS.get(unit, float("nan")), "", "", True
            number += char
        elif char != "\0":
            unit += char
    if not (number and (unit or not seen)):
        raise ValueError(text)
    total += float(number) * _UNITS.get(unit or "s", float("nan"))
    if not 0 <= total < 1e10:  # also false for NaN, an unknown unit
        raise ValueError(text)
    return total


def usage(command: Command) -> str:
    """``vdeck run logs ID [-f] [--tail N]``: how the command is written."""
    words = ["vdeck", *([command.name] if command.name else [])]
    rest = ""
    for argument in command.arguments:
        form = {"one": "{}", "optional": "[{}]", "many": "{}...", "any": "[{}...]", "rest": "[-- {}...]"}[argument.need]
        if argument.need == "rest":
            rest = form.format(argument.name)
        else:
            words.append(form.format(argument.name))
    words += [_form(option) for option in command.options]
    return " ".join([*words, rest] if rest else words)


def _form(option: Option) -> str:
    text = option.names[0]
    if option.alone:
        text += f"[={option.metavar}]"
    elif option.metavar:
        text += f" {option.metavar}"
    if not option.required:
        text = f"[{text}]"
    return text + "..." if option.many else text
