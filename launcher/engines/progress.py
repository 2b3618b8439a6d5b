"""pip's output as steps of a progress display. Pure: lines in, values out."""

from __future__ import annotations

import re
from typing import NamedTuple

from launcher.text import clean_line, shorten

WIDTH = 160
_COLLECTING = re.compile(r"^(?:Collecting|Requirement already satisfied:|Processing) (?P<what>\S+)")
_DOWNLOADING = re.compile(r"^\s*(?P<verb>Downloading|Using cached) (?P<what>\S+)(?: \((?P<size>[^)]*)\))?")
_WHEEL = re.compile(r"^(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-]+)(?:-[^-]+){1,4}\.whl$")
_RAW = re.compile(r"^Progress (?P<done>\d+) of (?P<total>\d+)$")


class Progress(NamedTuple):
    """One step of an installation: ``('download', 37, 147, 'torch 2.13.0+cpu')``; ``total`` 0 when nobody knows it."""

    step: str
    """wait, environment, version, download, install, tidy, check, done"""
    done: int
    total: int
    line: str


class PipOutput:
    """Fed with pip's lines one by one; gives a Progress when a line tells something new."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen: set[str] = set()
        self._now = ""

    def feed(self, line: str) -> Progress | None:
        """Warnings and whatever else pip says give None: they are in the log, and an error is told by its own."""
        line = clean_line(line)
        collecting = _COLLECTING.match(line)
        if collecting:
            self._seen.add(_requirement(collecting["what"]).partition(" ")[0].lower())
            return self._download(_requirement(collecting["what"]))
        downloading = _DOWNLOADING.match(line)
        if downloading:
            name = _file(downloading["what"])
            if name is None:  # metadata of a candidate
                return None
            size = f" ({downloading['size']})" if downloading["size"] else ""
            return self._download(name + size)
        raw = _RAW.match(line)
        if raw and int(raw["total"]):
            share = f"{_megabytes(raw['done'])} of {_megabytes(raw['total'])}"
            return self._download(f"{self._now.partition(' (')[0]} ({share})")
        if line.startswith("Installing collected packages:"):
            count = line.count(",") + 1
            return Progress("install", 0, count, f"unpacking {count} packages")
        if line.startswith("Successfully installed "):
            count = len(line.split()) - 2
            return Progress("install", count, count, f"{count} packages installed")
        return None

    def _download(self, what: str) -> Progress:
        self._now = shorten(what, WIDTH)
        done = len(self._seen)
        return Progress("download", done, max(self._total, done) if self._total else 0, self._now)


def _requirement(text: str) -> str:
    """``torch==2.13.0+cpu`` -> ``torch 2.13.0+cpu``; a file gives its wheel's name; a range only the project's name."""
    from_file = _file(text.rpartition("/")[2])
    if from_file is not None:
        return from_file
    name, equals, version = text.partition("==")
    if equals and not re.search(r"[,<>!~*;\[]", version):
        return f"{name.partition('[')[0]} {version}"
    return re.split(r"[\[<>=!~;(]", text)[0]


def _file(name: str) -> str | None:
    name = name.rpartition("/")[2]
    wheel = _WHEEL.match(name.replace("%2B", "+"))
    if wheel:
        return f"{wheel['name']} {wheel['version']}"
    return name.removesuffix(".tar.gz") if name.endswith(".tar.gz") else None


def _megabytes(number: str) -> str:
    return f"{int(number) / 1e6:.0f} MB"
