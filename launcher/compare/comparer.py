"""Two runs compared, again and again: the one owner of what is kept between two looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from launcher.compare import args, benches, manifest, metrics, start
from launcher.compare.row import TITLES, Comparison, Key, Section, through
from launcher.compare.side import Side, SideReader
from launcher.errors import VdeckError
from launcher.logs.redact import Redactor

ALL: tuple[Key, ...] = tuple(TITLES)
WINDOW_S = 300


class Comparer:
    """Not thread-safe: one look at a time."""

    def __init__(self, a: str, b: str) -> None:
        """Of the runs with these ids."""
        self._sides = SideReader(a), SideReader(b)

    def swap(self) -> None:
        """B becomes A."""
        self._sides = self._sides[1], self._sides[0]

    def look(self, window_s: int = WINDOW_S, keys: Iterable[Key] = ALL) -> Comparison:
        """Everything that can be said of the two now, secrets masked; ``keys``: the sections that are wanted. Blocks.
        What one run lacks costs a section one sentence, never an error."""
        a, b = self._sides[0].read(), self._sides[1].read()
        now = time.time()
        wanted = set(keys)
        sections = tuple(_section(key, a, b, window_s, now) for key in TITLES if key in wanted)
        mask = _both(a.mask, b.mask)
        return Comparison(a.run, b.run, now, tuple(through(section, mask) for section in sections))


def _both(a: Redactor, b: Redactor) -> Callable[[str], str]:
    """A secret of one run may stand in clear in what is known of the other."""
    return lambda text: b(a(text))


def _section(key: Key, a: Side, b: Side, window_s: int, now: float) -> Section:
    makers: dict[Key, Callable[[], Section]] = {
        "manifest": lambda: manifest.section(a, b),
        "args": lambda: args.section(a, b),
        "start": lambda: start.section(a, b, now),
        "metrics": lambda: metrics.section(a, b, max(1, window_s)),
        "bench": lambda: benches.section(a, b),
    }
    try:
        return makers[key]()
    except VdeckError as error:
        return Section(key, (error.sentence(),))
    except OSError as error:  # a run that is deleted meanwhile
        return Section(key, (f"This cannot be read any more: {error.strerror}.",))
