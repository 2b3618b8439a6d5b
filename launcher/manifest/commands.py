"""Finds ``vllm serve`` in the shell commands of a manifest, with the places of its flags.

No shell is spoken here: comments, continued lines, ``&&`` and ``;`` are told apart, which is what real manifests need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from launcher.manifest.nodes import Place, Scalar

_SERVER = re.compile(r"(?<![\w./-])(?:[\w./-]*/)?vllm\s+serve(?![\w.-])|vllm\.entrypoints\.(?:openai\.)?api_server\b")
_NEXT = re.compile(r"&&|\|\||[;|]|(?<![<>&\d])&(?!>)")


MAX_SERVERS = 32
"""In one command: what has more is no manifest, and every one costs time."""


class Server(NamedTuple):
    """One invocation of a vLLM server."""

    text: str
    """From the executable to the end of its command."""
    place: Place
    background: bool
    lines: tuple[tuple[int | None, str], ...]
    """The lines of the file it stands in: number and text."""

    def value(self, *flags: str) -> str | None:
        """The value of the first of ``flags`` that is there: ``--port 8000``, ``--port=8000``."""
        found = self._match(flags, r"(?:\s*=\s*|\s+)(['\"]?)(?P<value>[^\s'\"]+)\1")
        return found["value"] if found else None

    def has(self, *flags: str) -> bool:
        """True when the command line gives one of ``flags``."""
        return self._match(flags, "") is not None

    def at(self, *flags: str) -> Place:
        """Where the first of ``flags`` stands; the place of the server when the lines do not have it."""
        for number, line in self.lines:
            found = re.search(_pattern(flags), line)
            if found is not None and number is not None:
                return Place(number, found.start() + 1)
        return self.place

    def _match(self, flags: tuple[str, ...], behind: str) -> re.Match[str] | None:
        return re.search(_pattern(flags) + behind, self.text)


def _pattern(flags: tuple[str, ...]) -> str:
    """Every flag with dashes or underscores."""
    words = "|".join(re.escape(flag).replace(r"\-", "[-_]") for flag in flags)
    return rf"(?<![\w-])--(?:{words})(?![\w-])"


def servers(node: Scalar, lines: tuple[str, ...]) -> Iterator[Server]:
    """The vLLM servers that the command ``node`` starts; ``lines`` are those of the file."""
    for group in _logical(node, lines):
        text = "\n".join(line for _, line in group)
        for found in islice(_SERVER.finditer(text), MAX_SERVERS):
            end = _NEXT.search(text, found.end())
            command = text[found.start() : end.start() if end else len(text)]
            line, column = _where(group, found.start())
            place = node.place if line is None else Place(line, column)
            background = end is not None and end[0] == "&"
            yield Server(command.replace("\\\n", " "), place, background, tuple(group))


def _where(group: list[tuple[int | None, str]], index: int) -> tuple[int | None, int]:
    for number, line in group:
        if index <= len(line):
            return number, index + 1
        index -= len(line) + 1
    return None, 1


def _logical(node: Scalar, lines: tuple[str, ...]) -> Iterator[list[tuple[int | None, str]]]:
    """The command's lines in groups: a line that ends in a backslash goes on in the next. Comments are left out."""
    group: list[tuple[int | None, str]] = []
    for number, line in _physical(node, lines):
        if not group and line.lstrip().startswith("#"):
            continue
        group.append((number, line))
        if node.literal and not line.rstrip().endswith("\\"):
            yield group
            group = []
    if group:
        yield group


def _physical(node: Scalar, lines: tuple[str, ...]) -> list[tuple[int | None, str]]:
    """The lines of the file that hold the text; the text's own lines when it came from an option."""
    first, last = node.place.line, node.last_line
    if first is None or last is None:
        return [(None, line) for line in node.text.splitlines()]
    if node.literal:
        return [(number, lines[number - 1]) for number in range(first + 1, min(last, len(lines)) + 1)]
    # A folded or quoted text: blank out what stands before it on its first line, so that columns stay right.
    column = (node.place.column or 1) - 1
    head = [(first, " " * column + lines[first - 1][column:])] if first <= len(lines) else []
    return [*head, *((number, lines[number - 1]) for number in range(first + 1, min(last, len(lines)) + 1))]
