"""The text that ``/metrics`` answers, read into numbers: Prometheus text 0.0.4 and 1.0.0, and OpenMetrics 1.0.

Quick on a steady page. A server writes the same series texts every time, so ``Parser`` remembers what each one means,
and of every line only the number behind the last space has to be read. A line whose front part is not known (new
series, timestamp, exemplar) takes the slow way once, through a regular expression that knows all of the grammar.

Nothing on a page raises but a page that is no metrics page at all: bad lines are counted, and the rest is used.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .series import SUFFIXES, Series

MAX_SERIES: Final = 10_000
"""What one page may bring; the rest is counted as bad. (A vLLM server has about 400 for each engine.)"""

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(
    r'\s*(?:(?P<key>[a-zA-Z_][a-zA-Z0-9_.:]*)|"(?P<quoted>(?:[^"\\]|\\.)*)")'
    r'\s*(?P<eq>=\s*"(?P<value>(?:[^"\\]|\\.)*)")?\s*,?'
)
_LINE = re.compile(
    rf"(?P<series>(?P<name>{_NAME})?\s*(?:\{{(?P<labels>(?:[^\"}}]|\"(?:[^\"\\]|\\.)*\")*)\}})?)"
    r"\s+(?P<value>[^\s#]+)(?:\s+(?P<stamp>[-+0-9.eE]+))?(?:\s+#\s.*)?\s*$"
)
_UNESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KINDS = frozenset(
    {"counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram"}
)
_WITH_PARTS = frozenset({"histogram", "summary", "gaugehistogram"})


class ExpositionError(ValueError):
    """The text is not a metrics page (HTML or JSON of a proxy, an error text)."""


class Page(NamedTuple):
    """One scrape. ``series[i]`` has ``values[i]``; series whose name ends in ``_created`` are left out."""

    series: list[Series]
    values: list[float]
    kinds: dict[str, str]
    """Family name without ``_total`` to counter, gauge, histogram, summary, …, from the TYPE lines."""
    helps: dict[str, str]
    bad: int
    """Lines that could not be read, and series that came twice."""

    def value(self, name: str, **labels: str) -> float | None:
        """The first series of that name which has these labels; None when the page has none."""
        for series, value in zip(self.series, self.values):
            if series.name == name and all(series.label(key) == text for key, text in labels.items()):
                return value
        return None


def read_series(text: str) -> Series | None:
    """One series as the format writes it, ``name{label="value"}``; None when it is none."""
    match = _LINE.match(text + " 0")
    return _series(match["name"], match["labels"]) if match else None


def parse(page: bytes | str) -> Page:
    """Read one page. Raises ExpositionError when it is no metrics page; an empty page is a page without series."""
    return Parser().parse(page)


def kind_of(name: str, kinds: dict[str, str]) -> str:
    """The type of a sample name (``counter``, ``gauge``, ``histogram``, …); ``untyped`` when the page does not say."""
    stem = name[:-6] if name.endswith("_total") else name
    if stem in kinds:
        return kinds[stem]
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            kind = kinds.get(bare(name[: -len(suffix)]))
            if kind in _WITH_PARTS:
                return kind
    return kinds.get(name, "untyped")


def bare(family: str) -> str:
    """A family name without ``_total``: one name for what text format and OpenMetrics write differently."""
    return family[:-6] if family.endswith("_total") else family


class Parser:
    """Reads the pages of one server, quicker from the second page on."""

    def __init__(self) -> None:
        self._known: dict[str, Series | None] = {}  # series text as the server writes it; None: to be left out
        self._interned: dict[Series, Series] = {}  # one object for each series, however its text is written
        self._comments: dict[str, tuple[str, str, str] | None] = {}  # comment line -> ("TYPE" or "HELP", family, text)

    def parse(self, page: bytes | str) -> Page:
        """Read one page. Raises ExpositionError when it is no metrics page."""
        text = page.decode("utf-8", "replace") if isinstance(page, bytes) else page
        known = self._known
        series: list[Series] = []
        values: list[float] = []
        comments: list[tuple[str, str, str]] = []
        bad = 0
        for line in text.split("\n"):
            front, _, number = line.rpartition(" ")
            try:
                found = known[front]
                if found is not None:
                    values.append(float(number))
                    series.append(found)
                continue
            except KeyError:
                pass
            except ValueError:
                bad += 1
                continue
            if line[:1] == "#":
                comment = self._comment(line)
                if comment is not None:
                    comments.append(comment)
                continue
            bad += self._slow(line, series, values)
        return self._page(text, series, values, comments, bad)

    def _page(
        self, text: str, series: list[Series], values: list[float], comments: list[tuple[str, str, str]], bad: int
    ) -> Page:
        if not series and (bad or text.lstrip()[:1] in ("<", "{")):
            raise ExpositionError("not a metrics page")
        if len(self._known) > 2 * len(series) + 2000:  # series that come and go (LoRA names) must not pile up
            self._known.clear()
            self._interned.clear()
        if len(self._comments) > 5000:
            self._comments.clear()
        bad += _drop_duplicates(series, values)
        return Page(
            series,
            values,
            {family: text for what, family, text in comments if what == "TYPE"},
            {family: text for what, family, text in comments if what == "HELP"},
            bad,
        )

    def _comment(self, line: str) -> tuple[str, str, str] | None:
        """A TYPE or HELP line; None for ``# EOF``, ``# UNIT`` and what people write."""
        try:
            return self._comments[line]
        except KeyError:
            pass
        words = line.rstrip("\r").split(None, 3)
        result = None
        if len(words) >= 3 and words[0] == "#" and words[1] in ("TYPE", "HELP"):
            rest = words[3] if len(words) > 3 else ""
            if words[1] == "HELP" or rest.strip() in _KINDS:
                rest = rest.strip() if words[1] == "TYPE" else rest.replace("\\n", " ").replace("\\\\", "\\")
                family = words[2].strip('"')
                if not family.endswith("_created"):
                    result = (words[1], bare(family), rest)
        self._comments[line] = result
        return result

    def _slow(self, line: str, series: list[Series], values: list[float]) -> int:
        """Read one line by its grammar; 1 when it is bad."""
        line = line.strip()
        if not line:
            return 0
        match = _LINE.match(line)
        if match is None or len(self._known) >= 2 * MAX_SERIES or len(series) >= MAX_SERIES:
            return 1
        found = _series(match["name"], match["labels"])
        try:
            if found is None or "_" in match["value"]:
                return 1
            value = float(match["value"])
        except ValueError:
            return 1
        wanted = None if found.name.endswith("_created") else found
        text = match["series"].rstrip()
        if wanted is not None:
            wanted = self._interned.setdefault(wanted, wanted)
            series.append(wanted)
            values.append(value)
        self._known[text] = wanted
        return 0


def _series(name: str | None, labels: str | None) -> Series | None:
    """The series of a line; None when the labels are no labels. A quoted name in braces is the metric name (1.0.0)."""
    pairs: dict[str, str] = {}
    position = 0
    while labels and position < len(labels):
        match = _LABEL.match(labels, position)
        if match is None:
            return None if labels[position:].strip() else _made(name, pairs)
        key = match["key"] if match["key"] is not None else _unescape(match["quoted"])
        if match["eq"] is not None:
            pairs[key] = _unescape(match["value"])
        elif match["quoted"] is not None and name is None:
            name = key
        else:
            return None
        position = match.end()
    return _made(name, pairs)


def _made(name: str | None, pairs: dict[str, str]) -> Series | None:
    return Series(name, tuple(sorted(pairs.items()))) if name else None


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _UNESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text)


def _drop_duplicates(series: list[Series], values: list[float]) -> int:
    """Keep the first of series that come twice (as Prometheus does); how many were dropped. Equal: the same object."""
    if len(set(map(id, series))) == len(series):
        return 0
    seen: set[int] = set()
    keep: list[int] = []
    for index, one in enumerate(series):
        if id(one) not in seen:
            seen.add(id(one))
            keep.append(index)
    dropped = len(series) - len(keep)
    series[:] = [series[index] for index in keep]
    values[:] = [values[index] for index in keep]
    return dropped
