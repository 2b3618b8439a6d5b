"""Reads a command line against the table of its command."""

from __future__ import annotations

from launcher.errors import UsageError
from tui.commands.options import HELP, Command, Option, Values, duration, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(command: Command, words: Sequence[str]) -> Values | None:
    """Read ``words`` against the table; None when help was asked for. Raises UsageError."""
    values = Values(command)
    known = {name: option for option in (*command.options, HELP) for name in option.names}
    plain: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            _rest(command, values, plain, queue)
            break
        if len(word) < 2 or word[0] != "-":
            plain.append(word)
            continue
        option, value = _option(command, known, word, queue)
        if option is HELP:
            return None
        _check(command, option, value)
        values.add(option.key, value)
    _arguments(command, values, plain)
    for option in command.options:
        if option.required and not values.flag(option.key):
            raise UsageError(f"{option.names[-1]} is missing", fix=f"give it as {option.names[0]} {option.metavar}")
    return values


def _option(command: Command, known: dict[str, Option], word: str, queue: list[str]) -> tuple[Option, str]:
    """The option that ``word`` starts, and its value (taken from ``queue`` when it stands apart)."""
    name, equals, value = word.partition("=")
    if word[:2] != "--" and name not in known:  # -fFILE, or several one-letter flags in one word
        name, value = word[:2], word[2:]
        option = known.get(name)
        if option is not None and not option.metavar and value:
            queue.insert(0, "-" + value)
            value = ""
        equals = "=" if value else ""
        value = value.removeprefix("=")
    option = known.get(name)
    if option is None:
        raise UsageError(f"unknown option {name}", fix=_hint(name, known, f"see vdeck {command.name} --help"))
    if not option.metavar:
        if equals:
            raise UsageError(f"{name} takes no value", fix=f"write {name} alone")
        return option, ""
    if equals:
        return option, value
    if option.alone:
        return option, option.alone
    if not queue or queue[0].partition("=")[0] in known:
        raise UsageError(f"{name} needs a value", fix=f"give it as {name} {option.metavar}")
    return option, queue.pop(0)


def _check(command: Command, option: Option, value: str) -> None:
    if option.choices and value not in option.choices:
        choices = ", ".join(option.choices)
        fix = _hint(value, option.choices, f"it is one of: {choices}")
        raise UsageError(f"{option.names[-1]} cannot be {value!r}", fix=fix)
    try:
        if option.kind == "integer":
            int(value)
        elif option.kind == "number" and not abs(float(value)) < float("inf"):
            raise ValueError(value)
        elif option.kind == "seconds":
            duration(value)
    except ValueError:
        wanted = {"integer": "a whole number", "number": "a number", "seconds": "a time such as 90s, 5m or 1h30m"}
        raise UsageError(f"{option.names[-1]} cannot be {value!r}", fix=f"it is {wanted[option.kind]}") from None


def _rest(command: Command, values: Values, plain: list[str], words: list[str]) -> None:
    rest = next((a for a in command.arguments if a.need == "rest"), None)
    if rest is None:
        plain.extend(words)
        return
    for word in words:
        values.add(rest.name, word)


def _arguments(command: Command, values: Values, plain: list[str]) -> None:
    """Hand the plain words out to the arguments, in order."""
    for argument in command.arguments:
        if argument.need == "rest":
            continue
        if not plain and argument.need in ("one", "many"):
            raise UsageError(f"{argument.name} is missing", fix=f"usage: {usage(command)}")
        count = len(plain) if argument.need in ("many", "any") else 1
        for word in plain[:count]:
            values.add(argument.name, word)
        del plain[:count]
    if plain:
        raise UsageError(f"there is a word too many: {plain[0]!r}", fix=f"usage: {usage(command)}")


def _hint(word: str, known: Sequence[str] | dict[str, Option], otherwise: str) -> str:
    near = nearest(word, known)
    return f"did you mean {near}" if near else otherwise


def nearest(word: str, known: Sequence[str] | dict[str, Option]) -> str | None:
    """The known word that was probably meant, or None."""
    import difflib  # only when something is wrong already: it costs milliseconds

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else None
