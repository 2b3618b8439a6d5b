"""The words of a shell script with their places, as far as a command line of a server needs it. Pure.

Not a shell: quotes, escapes, comments, continued lines, redirections and the ends of commands are known; here-documents
and expansions are left as they stand.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_REDIRECT = re.compile(r"\d*(?:>>|>&|<&|&>>?|<<<|<<-?|[<>]\|?)\s*")
_PIECE = re.compile(
    r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|`[^`]*`|\\.|[^\s'\"\\;|&<>()`$]+|\$",
    re.DOTALL,
)


class Word(NamedTuple):
    """``raw`` as it is written; ``text`` without quotes and escapes."""

    start: int
    end: int
    raw: str
    text: str

    @property
    def expands(self) -> bool:
        """The shell puts something else in its place."""
        bare = re.sub(r"'[^']*'|\\.", "", self.raw)
        return "$" in bare or "`" in bare


class Server(NamedTuple):
    """One command that starts a vLLM server."""

    before: tuple[Word, ...]
    """Assignments, ``exec``, the program."""
    args: tuple[Word, ...]
    """Behind ``serve`` or the module's name."""


def commands(script: str) -> list[list[Word]]:
    """The simple commands of a script, in order; a redirection and its target are no words of it."""
    found: list[list[Word]] = [[]]
    at = 0
    while at < len(script):
        blank = _BLANK.match(script, at)
        if blank:
            at = blank.end()
        elif script[at] == "#":
            end = script.find("\n", at)
            at = len(script) if end < 0 else end
        elif redirect := _REDIRECT.match(script, at):
            at = redirect.end()
            at = _word(script, at).end if at < len(script) and script[at] not in "\n;|&" else at
        elif script[at] in "\n;|&()":
            found.append([])
            at += 1
        else:
            word = _word(script, at)
            found[-1].append(word)
            at = word.end
    return [words for words in found if words]


def _word(script: str, start: int) -> Word:
    pieces: list[str] = []
    at = start
    while at < len(script) and not script.startswith(("\\\n", "\\\r\n"), at):
        piece = _PIECE.match(script, at)
        if piece is None:
            break
        pieces.append(piece[0])
        at = piece.end()
    if at == start:  # a quote that never ends: a word of its own, so that nothing is lost
        at += 1
        pieces = [script[start:at]]
    return Word(start, at, script[start:at], "".join(map(_bare, pieces)))


def _bare(piece: str) -> str:
    if len(piece) > 1 and piece[0] == piece[-1] == "'":
        return piece[1:-1]
    if len(piece) > 1 and piece[0] == piece[-1] == '"':
        return re.sub(r'\\(["\\$`\n])', lambda found: "" if found[1] == "\n" else found[1], piece[1:-1])
    return piece[1:] if piece[0] == "\\" else piece


def servers(script: str) -> list[Server]:
    """Every vLLM server that the script starts."""
    found = []
    for words in commands(script):
        for index, word in enumerate(words):
            name = word.text
            behind = words[index + 1].text if index + 1 < len(words) else ""
            if name.rpartition("/")[2] == "vllm" and behind == "serve":
                found.append(Server(tuple(words[: index + 1]), tuple(words[index + 2 :])))
                break
            if re.fullmatch(r"vllm\.entrypoints\.(?:openai\.)?api_server", name):
                found.append(Server(tuple(words[: index + 1]), tuple(words[index + 1 :])))
                break
    return found


def assignment(server: Server, name: str) -> Word | None:
    """``NAME=value`` in front of the program."""
    return next((word for word in server.before if word.raw.startswith(f"{name}=")), None)


def assigns(script: str, name: str) -> bool:
    """The script sets or exports the variable somewhere."""
    return re.search(rf"(?<![\w$-]){re.escape(name)}=", script) is not None
