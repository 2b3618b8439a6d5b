"""Which lines of a block are of a level, of a process, of the access log. Agrees with ``lines.parse`` on every line.

Nearly all lines of a log have one of three forms, which two regular expressions take by the run: kept, or left out.
What has another form is parsed.
"""

from __future__ import annotations

import re

from launcher.logs.lens import LEVELS, NONE, Lens
from launcher.logs.lines import PREFIX, parse

_STAMP = r"\d\d-\d\d \d\d:\d\d:\d\d \[?[^\s\]]+:\d+\]"
_REST = r"[^\n\r\x1b-\x1f\x80-\xff]*+\n"
_ACCESS = r"\S+ - \"[A-Z]+ \S+ HTTP/(?:1\.[01]|2)\" "
_PREFIXED = rf"(?:{PREFIX})+(?!\()"
_BARE = r"(?!\()"


class Kinds:
    """The conditions of a lens on levels, processes and the access log."""

    def __init__(self, lens: Lens) -> None:
        self.levels = lens.levels
        self.processes = tuple(sorted(lens.processes - {NONE}))
        self.nameless = NONE in lens.processes or not lens.processes
        self.named = not lens.processes
        self.hide_access = lens.hide_access
        self.everything = not (lens.levels or lens.processes or lens.hide_access)
        self._keep = _runs(self._kept())
        self._drop = _runs(self._dropped())

    def accepts(self, line: bytes) -> bool:
        """Whether one tidy line passes."""
        found = parse(line.decode("utf-8", "replace"))
        if self.levels and (found.level if found.level in LEVELS else NONE) not in self.levels:
            return False
        if not (self.nameless if found.process is None else self._named(found.process)):
            return False
        return not (self.hide_access and found.access)

    def _named(self, process: str) -> bool:
        return self.named or process.startswith(self.processes)

    def numbers(self, data: bytes) -> list[int]:
        """The numbers of the lines that pass. ``data``: tidy lines, each with its newline."""
        found: list[int] = []
        keep, drop = self._keep.match, self._drop.match
        place = number = 0
        size = len(data)
        while place < size:
            run = drop(data, place)
            if run is not None:
                number += data.count(b"\n", place, run.end())
                place = run.end()
                continue
            run = keep(data, place)
            if run is not None:
                lines = data.count(b"\n", place, run.end())
                found += range(number, number + lines)
                number += lines
                place = run.end()
                continue
            end = data.find(b"\n", place)
            if self.accepts(data[place:end]):
                found.append(number)
            number += 1
            place = end + 1
        return found

    def _kept(self) -> list[str]:
        heads = self._heads(True)
        words = [level for level in LEVELS if not self.levels or level in self.levels]
        forms = [rf"{head}(?:{'|'.join(words)}) {_STAMP}" for head in heads if words]
        plain = [word for word in words if word != "INFO" or not self.hide_access]
        forms += [rf"{head}(?:{'|'.join(plain)}): +" for head in heads if plain]
        if (not self.levels or NONE in self.levels) and self.nameless:
            forms.append(r"(?:[ \t]|(?=\n))")
        return forms

    def _dropped(self) -> list[str]:
        words = [level for level in LEVELS if self.levels and level not in self.levels]
        anyone = rf"(?:{_PREFIXED})?"
        forms = [rf"{anyone}(?:{'|'.join(words)})(?: {_STAMP}|: +)"] if words else []
        if self.hide_access:
            forms.append(rf"{anyone}INFO: +{_ACCESS}")
        forms += [rf"{head}(?:{'|'.join(LEVELS)})(?: {_STAMP}|: +)" for head in self._heads(False)]
        if (self.levels and NONE not in self.levels) or not self.nameless:
            forms.append(r"(?:[ \t]|(?=\n))")
        return forms

    def _heads(self, wanted: bool) -> list[str]:
        """What is before the level, of processes that are wanted or not."""
        if self.named:
            return [rf"(?:{_PREFIXED})?"] if wanted else []
        name = "|".join(re.escape(process) for process in self.processes)
        mine = rf"(?:{PREFIX})*(?=\((?:{name}))(?:{PREFIX})(?!\()" if name else r"(?!)"
        if wanted:
            return [mine, _BARE] if self.nameless else [mine]
        others = rf"(?!{mine}){_PREFIXED}"
        return [others] if self.nameless else [others, _BARE]


def _runs(forms: list[str]) -> re.Pattern[bytes]:
    """As many lines of these forms as follow each other. Lines with controls or no ASCII are none of them."""
    return re.compile(rf"(?:(?:{'|'.join(forms)}){_REST})++".encode() if forms else b"(?!)")
