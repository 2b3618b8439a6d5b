"""A stretch of history: the times of its samples, what happened, and the values of any series in it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from .reader import Piece
from .records import Event
from .schema import Schema
from .series import Series


class Track(NamedTuple):
    """One series in a window; ``values[i]`` was sampled at ``window.times[i]``, NaN where the series was not there."""

    series: Series
    values: array[float]


class Window:
    """Frozen: what comes later is in the next window."""

    def __init__(self, start_ms: int, end_ms: int, spacing_ms: int, pieces: list[Piece]) -> None:
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.spacing_ms = spacing_ms
        """How far apart samples usually are here: the scrape interval, or the cell of a thinner level."""
        self._pieces = [piece for piece in pieces if piece.low < piece.high]
        self.times: array[int] = array("q")
        for piece in self._pieces:
            self.times.extend(piece.times)
        found = {event for piece in pieces for event in piece.events if start_ms <= event.ms <= end_ms}
        self.events: tuple[Event, ...] = tuple(sorted(found))
        self._tracks: dict[str, list[Track]] = {}

    def names(self) -> list[str]:
        """The metric names in this window, in the order in which the server writes them."""
        return list(dict.fromkeys(name for schema in self._schemas() for name in schema.names()))

    def kind(self, name: str) -> str:
        """The type of a sample name (``counter``, ``gauge``, ``histogram``, …); ``untyped`` when nobody says."""
        return next((schema.kind(name) for schema in self._schemas() if schema.named(name)), "untyped")

    def help(self, family: str) -> str | None:
        """The HELP of a family (without ``_total``), at most 200 characters; text from outside."""
        return next((schema.helps[family] for schema in self._schemas() if family in schema.helps), None)

    def has(self, name: str) -> bool:
        """Whether any series has that metric name."""
        return any(schema.named(name) for schema in self._schemas())

    def select(self, name: str, **labels: str) -> list[Track]:
        """The series of a metric name that have these labels. The values are not to be changed."""
        if name not in self._tracks:
            self._tracks[name] = self._read(name)
        tracks = self._tracks[name]
        if not labels:
            return tracks
        return [t for t in tracks if all(t.series.label(key) == value for key, value in labels.items())]

    def _schemas(self) -> Iterator[Schema]:
        seen: set[int] = set()
        for piece in self._pieces:
            if id(piece.schema) not in seen:
                seen.add(id(piece.schema))
                yield piece.schema

    def _read(self, name: str) -> list[Track]:
        found: dict[Series, array[float]] = {}
        nan = float("nan")
        length = 0
        for piece in self._pieces:
            for column in piece.schema.named(name):
                series = piece.schema.series[column]
                values = found.get(series)
                if values is None:
                    values = found[series] = array("d", [nan] * length)
                values.extend(piece.column(column))
            length += piece.high - piece.low
            for values in found.values():
                if len(values) < length:
                    values.extend([nan] * (length - len(values)))
        return [Track(series, values) for series, values in found.items()]
