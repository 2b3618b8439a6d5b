"""Which lines of a block are of a level, of a process, of the access log. Agrees with ``lines.parse`` on every line.

Nearly all lines of a log have one of three forms, which one regular expression tells apart; the others are parsed.
"""

from __future__ import annotations

import re

from launcher.logs.lens import LEVELS, NONE, Lens
from launcher.logs.lines import is_access, parse
from launcher.logs.pattern import Matcher

# The forms as in ``lines``, narrower where bytes and text differ: a process prefix (or several), then vLLM's level with
# time and source, or the web server's level; or a line that begins with a blank, which says nothing of itself.
_PREFIX = r"\((?P<process{}>[!-'*-~]+)(?: (?:rank|TP|PP|DP|EP)=?[!-~]+)* pid=[0-9]+(?:, ip=[0-9.]+)?\) "
_FORM = re.compile(
    (
        rf"(?:(?:{_PREFIX.replace('?P<process{}>', '?:')})*{_PREFIX.format('')}(?!\())?"
        r"(?:(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d \[?[!-\\^-~]+:\d+\]"
        r"|(?P<word>DEBUG|INFO|WARNING|ERROR|CRITICAL): +)"
    ).encode()
)
_ACCESS = (b' HTTP/1.1" ', b' HTTP/1.0" ', b' HTTP/2" ')
_MOST_HEADS = 64
_LEVEL_HINTS = {
    "DEBUG": (("debug", "trace"), "V"),
    "WARNING": (("warn",), "W"),
    "ERROR": (("error",), "E"),
    "CRITICAL": (("critical", "fatal"), "FC"),
}
"""Words, in any case, and letters of glog lines: what a line of a level cannot do without one of."""


class Kinds:
    """The conditions of a lens on levels, processes and the access log."""

    def __init__(self, lens: Lens) -> None:
        self._levels = lens.levels
        self._processes = tuple(sorted(lens.processes - {NONE}))
        self._nameless = NONE in lens.processes or not lens.processes
        self._named = not lens.processes
        self._hide_access = lens.hide_access
        self._blank = (not lens.levels or NONE in lens.levels) and self._nameless
        self._verdicts: dict[tuple[bytes | None, bytes | None, bytes | None], bool] = {}
        self._heads: tuple[bytes, ...] = ()  # how access lines begin in this log
        self._hints = _Hints(lens)
        self.everything = not (lens.levels or lens.processes or lens.hide_access)

    def accepts(self, line: bytes) -> bool:
        """Whether one tidy line passes."""
        if not line or line[:1] in b" \t":
            return self._blank
        access = False
        if self._hide_access and b" HTTP/" in line:
            access = any(mark in line for mark in _ACCESS)
        if access and line.startswith(self._heads):
            return False
        form = _FORM.match(line)
        if form is None:
            return self._parsed(line)
        if access and form["word"] == b"INFO" and is_access(line[form.end() :].decode("utf-8", "replace")):
            if len(self._heads) < _MOST_HEADS:
                self._heads += (form[0],)
            return False
        key = form["process"], form["level"], form["word"]
        verdict = self._verdicts.get(key)
        if verdict is None:
            process, level, word = (None if part is None else part.decode() for part in key)
            verdict = self._verdicts[key] = self._passes(process, level or word)
        return verdict

    def _parsed(self, line: bytes) -> bool:
        found = parse(line.decode("utf-8", "replace"))
        return self._passes(found.process, found.level) and not (self._hide_access and found.access)

    def _passes(self, process: str | None, level: str | None) -> bool:
        if self._levels and (level if level in LEVELS else NONE) not in self._levels:
            return False
        return self._nameless if process is None else self._named or process.startswith(self._processes)

    def numbers(self, data: bytes) -> list[int]:
        """The numbers of the lines that pass. ``data``: tidy lines, each with its newline."""
        few: list[int] | None = None
        if self._hints.known and not data.startswith(b"{") and b"\n{" not in data:  # JSON may write letters as escapes
            few = self._hints.numbers(data)
            if not few:
                return []
        accepts = self.accepts
        lines = data.split(b"\n")
        lines.pop()
        if few is not None:
            return [number for number in few if accepts(lines[number])]
        if not (self._hide_access and self._heads):
            return [number for number, line in enumerate(lines) if accepts(line)]
        heads = self._heads
        return [
            number
            for number, line in enumerate(lines)
            if not (b' HTTP/1.1" ' in line and line.startswith(heads)) and accepts(line)
        ]


class _Hints:
    """What a line cannot do without to pass, as far as that says anything."""

    def __init__(self, lens: Lens) -> None:
        self._words: list[Matcher] = []
        self._letters: list[re.Pattern[bytes]] = []
        if lens.processes and NONE not in lens.processes:
            self._words = [Matcher(re.escape(process), False) for process in sorted(lens.processes)]
        elif lens.levels and not lens.levels & {"INFO", NONE}:
            for level in sorted(lens.levels & set(LEVELS)):
                words, letters = _LEVEL_HINTS[level]
                self._words += [Matcher(word, True) for word in words]
                self._letters += [re.compile(rf"{letter}\d{{4}} \d\d:".encode()) for letter in letters]
        self.known = bool(self._words)

    def numbers(self, data: bytes) -> list[int]:
        """The numbers of the lines that have one."""
        found = {number for word in self._words for number in word.lines(data)}
        for letter in self._letters:
            found |= {data.count(b"\n", 0, hit.start()) for hit in letter.finditer(data)}
        return sorted(found)
