"""The text of a manifest before YAML sees it: size, encoding, tabs, characters that YAML forbids."""

from __future__ import annotations

import re
from dataclasses import dataclass

from launcher.manifest.problems import Problem

MAX_BYTES = 1 << 20
"""One MiB. The largest public manifest has 20 kB."""

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as the end of a line
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# libyaml compares every %TAG with all before it: a file of nothing else takes it a minute.
_DIRECTIVE = re.compile(r"^%TAG\s", re.MULTILINE)
_OTHER_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    text: str
    """As it was given, without a byte order mark."""
    lines: tuple[str, ...]
    """Its lines as they were given, without their ends."""

    @property
    def yaml(self) -> str:
        """What the YAML parser gets: every tab is two spaces, as in VESSL's client."""
        return self.text.replace("\t", "  ")

    def column(self, line: int, column: int) -> int:
        """The column in the file (from 1) of a column of ``yaml`` (from 0); ``line`` counts from 0."""
        text = self.lines[line] if line < len(self.lines) else ""
        if "\t" not in text:
            return column + 1
        seen = 0
        for index, char in enumerate(text):
            seen += 2 if char == "\t" else 1
            if seen > column:
                return index + 1
        return len(text) + 1 + column - seen

    def first_tab(self) -> tuple[int, int] | None:
        """Line and column of the first tab."""
        index = self.text.find("\t")
        return None if index < 0 else _position(self.text, index)


def make(text: str) -> Source:
    """The source of a text that is known to be sound."""
    return Source(text, tuple(_BREAK.split(text)))


def decode(given: str | bytes, file: str = "") -> Source | Problem:
    """The text as a Source, or the reason why no YAML parser should see it."""
    if len(given) > MAX_BYTES or (isinstance(given, str) and len(given.encode(errors="replace")) > MAX_BYTES):
        return Problem(
            "error",
            "the file is larger than 1 MiB, no manifest is that large",
            "name the manifest itself, not a log, a model or an archive",
            file,
        )
    text = given if isinstance(given, str) else _utf8(given, file)
    if isinstance(text, Problem):
        return text
    text = text.removeprefix("\ufeff")
    wrong = _FORBIDDEN.search(text)
    if wrong is not None:
        line, column = _position(text, wrong.start())
        what = f"the character U+{ord(wrong[0]):04X} may not stand in YAML"
        return Problem("error", what, "take it out: this may not be a text file", file, line, column)
    directive = _DIRECTIVE.search(text)
    if directive is not None:
        line, column = _position(text, directive.start())
        return Problem("error", "YAML directives have no meaning in a manifest", "take it out", file, line, column)
    return make(text)


def _utf8(data: bytes, file: str) -> str | Problem:
    for mark, name in _OTHER_ENCODINGS:
        if data.startswith(mark):
            return Problem("error", f"the file is {name}, not UTF-8", "save it as UTF-8", file)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _position(data[: error.start].decode("utf-8"), None)
        what = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        return Problem("error", what, "save the file as UTF-8", file, line, column)


def _position(text: str, index: int | None) -> tuple[int, int]:
    """Line and column (from 1) of ``index``; None: of the end."""
    before = _BREAK.split(text if index is None else text[:index])
    return len(before), len(before[-1]) + 1
