"""Which column of the store is which series, with the TYPE and HELP of the families."""

from __future__ import annotations

import zlib
from functools import lru_cache

from .exposition import bare, kind_of, read_series
from .series import Series, family_of

_LENGTH = 200
"""Of a help text, in characters."""


_read = lru_cache(8192)(read_series)
"""The schemas of a day say the same again and again, and so do those of many runs."""


class Schema:
    """Columns in the order in which they first came. It only grows; a column never changes its meaning."""

    __slots__ = ("_by_name", "helps", "index", "kinds", "series")

    def __init__(self) -> None:
        self.series: list[Series] = []
        self.index: dict[Series, int] = {}
        self.kinds: dict[str, str] = {}
        self.helps: dict[str, str] = {}
        self._by_name: dict[str, list[int]] = {}

    def add(self, series: Series) -> int:
        """The column of a series, a new one when it has none yet."""
        column = self.index.setdefault(series, len(self.series))
        if column == len(self.series):
            self.series.append(series)
            self._by_name.setdefault(series.name, []).append(column)
        return column

    def named(self, name: str) -> list[int]:
        """The columns of a metric name."""
        return self._by_name.get(name, [])

    def names(self) -> list[str]:
        """All metric names, in the order in which they came."""
        return list(self._by_name)

    def kind(self, name: str) -> str:
        """The type of a sample name; ``untyped`` when the page did not say."""
        return kind_of(name, self.kinds)

    def encode(self, first: int = 0) -> bytes:
        """The columns from ``first`` on, with their types and helps: exposition lines without values, compressed."""
        added = self.series[first:]
        lines = [series.text for series in added]
        families = dict.fromkeys(family for one in added for family in (bare(family_of(one.name)), one.name))
        for word, known in (("TYPE", self.kinds), ("HELP", self.helps)):
            lines += [f"# {word} {family} {known[family][:_LENGTH]}" for family in families if family in known]
        return zlib.compress("\n".join(lines).encode("utf-8", "replace"), 1)

    def extend(self, payload: bytes) -> None:
        """Take in what ``encode`` made. Raises ValueError when the payload is damaged."""
        try:
            text = zlib.decompress(payload).decode()
        except (zlib.error, UnicodeDecodeError) as error:
            raise ValueError(f"a damaged schema: {error}") from None
        for line in text.split("\n"):
            if line.startswith("# "):
                word, family, rest = (*line[2:].split(" ", 2), "", "")[:3]
                (self.kinds if word == "TYPE" else self.helps)[family] = rest
            elif line:
                series = _read(line)
                if series is None:
                    raise ValueError("a damaged schema: not a series")
                self.add(series)
