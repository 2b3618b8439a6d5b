"""One flag of a vLLM server in a shell script: added, changed, taken out. Pure; the places are those of the script."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from typing import NamedTuple

from launcher.manifest.args import normal
from launcher.manifest.shell_words import Server, Word
from launcher.manifest.yaml_edit import CannotEdit, Edit

Value = str | int | float | bool
VARIABLE = re.compile(r"\$\w+")
"""A value that the shell is to fill in: written without quotes."""


class _Found(NamedTuple):
    """A flag in a command line: its word, and those that are its values."""

    at: int
    word: Word
    values: tuple[Word, ...]
    joined: str | None
    """What stands behind ``=`` in the word itself, as it is written."""
    negative: bool


def edits(script: str, server: Server, flag: str, value: Value | None) -> list[Edit]:
    """What makes the server take ``value`` for ``flag`` (None: the flag goes). Raises CannotEdit; [] when it is so."""
    if flag == "model":
        return _model(server, value)
    found = [entry for entry in _flags(server) if _name(entry) == flag]
    if len(found) > 1:
        raise CannotEdit(f"--{flag} stands twice in the command")
    if not found:
        _refuse_hidden(server, flag)
        return [] if value is None else [_add(script, server, flag, value)]
    entry = found[0]
    if value is None:
        return _drop(server, entry)
    if isinstance(value, bool):
        if entry.joined is None and not entry.values and entry.negative is not value:
            return []
        end = entry.values[-1].end if entry.values and not _ambiguous(server, entry) else entry.word.end
        return [Edit(entry.word.start, end, _switch(flag, value))]
    return _change(server, entry, flag, value)


def _switch(flag: str, value: bool) -> str:
    return f"--{flag}" if value else f"--no-{flag}"


def _name(entry: _Found) -> str:
    name = normal(entry.word.text.partition("=")[0])
    return name.removeprefix("no-") if entry.negative else name


def _flags(server: Server) -> list[_Found]:
    found = []
    for index, word in enumerate(server.args):
        if not re.match(r"--?[A-Za-z]", word.raw):
            continue
        values = []
        for behind in server.args[index + 1 :]:
            if re.match(r"--?[A-Za-z]", behind.raw):
                break
            values.append(behind)
        joined = word.raw.partition("=")[2] if "=" in word.raw else None
        negative = normal(word.text).startswith("no-")
        found.append(_Found(index, word, () if joined is not None or negative else tuple(values), joined, negative))
    return found


def _refuse_hidden(server: Server, flag: str) -> None:
    """A variable that may hold flags: nobody can say from here whether this one is among them."""
    for index, word in enumerate(server.args):
        before = server.args[index - 1].raw if index else ""
        value = re.match(r"--?[A-Za-z][^=]*$", before) is not None
        if word.expands and word.raw.lstrip("\"'").startswith(("$", "`")) and index and not value:
            raise CannotEdit(f"flags come from {word.raw}, and --{flag} may be among them: change it where that is set")


def _ambiguous(server: Server, entry: _Found) -> bool:
    """What stands behind the flag may be the model: ``vllm serve --flag MODEL``."""
    first = server.args[0].raw.startswith("-") if server.args else False
    named = any(normal(word.text.partition("=")[0]) == "model" for word in server.args if word.raw.startswith("--"))
    later = any(other.at > entry.at and len(other.values) > 1 for other in _flags(server))
    return first and not named and not later and server.before[-1].text.rpartition("/")[2] == "vllm"


def _drop(server: Server, entry: _Found) -> list[Edit]:
    if entry.values and _ambiguous(server, entry):
        raise CannotEdit(f"what stands behind {entry.word.raw} may be its value or the model")
    before = server.args[entry.at - 1] if entry.at else None
    start = before.end if before is not None else entry.word.start
    return [Edit(start, (entry.values or (entry.word,))[-1].end, "")]


def _change(server: Server, entry: _Found, flag: str, value: str | int | float) -> list[Edit]:
    if entry.negative:
        return [Edit(entry.word.start, entry.word.end, f"--{flag}{_behind(value)}")]
    if entry.joined is not None:
        start = entry.word.end - len(entry.joined)
        return [] if _bare(entry.joined) == str(value) else [Edit(start, entry.word.end, _quoted(value, entry.joined))]
    if not entry.values:
        return [Edit(entry.word.end, entry.word.end, _behind(value))]
    if len(entry.values) > 1 and not _ambiguous(server, entry):
        raise CannotEdit(f"{entry.word.raw} has {len(entry.values)} values")
    old = entry.values[0]
    if old.text == str(value) and not old.expands:
        return []
    if _like_flag(value):
        return [Edit(entry.word.end, old.end, _behind(value))]
    return [Edit(old.start, old.end, _quoted(value, old.raw))]


def _behind(value: str | int | float) -> str:
    """The value as it follows its flag: apart, but one that looks like a flag itself is joined."""
    return f"{'=' if _like_flag(value) else ' '}{_quoted(value)}"


def _like_flag(value: str | int | float) -> bool:
    return re.match(r"-(?![\d.])", str(value)) is not None


def _quoted(value: str | int | float, old: str = "") -> str:
    """The value for a shell, in the quotes of the old one where that is the same."""
    text = str(value)
    if VARIABLE.fullmatch(text):
        return text
    if len(old) > 1 and old[0] == old[-1] and old[0] in "'\"" and re.fullmatch(r"[\w ./,:{}\[\]@%+=-]*", text):
        return f"{old[0]}{text}{old[0]}"
    return shlex.quote(text)


def _bare(raw: str) -> str:
    return raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\"" else raw


def _add(script: str, server: Server, flag: str, value: Value) -> Edit:
    """Behind the last word; on a line of its own where the others have theirs."""
    text = _switch(flag, value) if isinstance(value, bool) else f"--{flag}{_behind(value)}"
    words = (server.before[-1], *server.args)
    end = words[-1].end
    seams = [script[a.end : b.start] for a, b in pairwise(words)]
    seam = next((seam for seam in reversed(seams) if "\n" in seam), " ")
    return Edit(end, end, f"{seam}{text}")


def _model(server: Server, value: Value | None) -> list[Edit]:
    if not isinstance(value, str):
        raise CannotEdit("a server needs a model")
    named = next((entry for entry in _flags(server) if _name(entry) == "model"), None)
    if named is not None:
        return _change(server, named, "model", value)
    first = server.args[0] if server.args else None
    if first is None or first.raw.startswith("-"):
        raise CannotEdit("the model does not stand directly behind serve")
    return [] if first.text == value else [Edit(first.start, first.end, _quoted(value, first.raw))]
