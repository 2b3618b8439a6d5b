"""What a comparison is made of: rows of two values, sections of rows. Frozen values; unknown is None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from launcher.bench.compare import judge
from launcher.runs.view import RunView

Key = Literal["manifest", "args", "start", "metrics", "bench"]
TITLES: dict[Key, str] = {
    "manifest": "Manifest",
    "args": "Arguments",
    "start": "Start",
    "metrics": "Metrics",
    "bench": "Benchmarks",
}
"""The sections, in their order."""
Verdict = Literal["better", "worse", "same", "differs", "unknown"]
"""Of B, seen from A. ``differs``: another value that is neither better nor worse."""
Value = str | float | None
_SHARE_NOISE = 0.005
"""Shares (of a cache, of requests) that are half a point apart are the same, however small both are."""


class Row(NamedTuple):
    label: str
    a: Value
    b: Value
    unit: str = ""
    """Of numbers: s, ratio (0 to 1), moment (seconds since the epoch), count, GiB, tok/s, req/s, /s, or nothing."""
    change: float | None = None
    """Of b against a: a share (0.1 is 10 % more), or seconds where ``spans``; None where it cannot be said."""
    verdict: Verdict = "unknown"
    spans: bool = False
    """The change is a difference in seconds."""
    group: str = ""
    """The heading that the row stands under."""
    usual: bool = False
    """It nearly always differs, and says little: shown with everything only."""

    @property
    def differs(self) -> bool:
        """Another value, beyond what is called the same."""
        return self.verdict in ("better", "worse", "differs")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a comparison."""

    key: Key
    says: tuple[str, ...] = ()
    """Sentences: what it is about, or why there is nothing."""
    warnings: tuple[str, ...] = ()
    """What makes the figures hard to compare, one sentence each."""
    rows: tuple[Row, ...] = ()
    only_differences: bool = False
    """Rows that do not differ are for those who ask for everything."""
    diff: tuple[str, ...] = ()
    """The lines of a unified difference, without the names of the files."""
    whole: tuple[str, ...] = ()
    """The same with every line of both texts."""

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES[self.key]

    def shown(self, everything: bool) -> tuple[Row, ...]:
        """The rows to show: all, or those that tell something."""
        if everything:
            return self.rows
        if self.only_differences:
            return tuple(row for row in self.rows if row.differs and not row.usual)
        return tuple(row for row in self.rows if not (row.a is None and row.b is None))

    def lines(self, everything: bool) -> tuple[str, ...]:
        """The lines of the difference to show."""
        return self.whole if everything else self.diff

    def summary(self) -> str:
        """How much differs, in a few words; empty when that says nothing (there is nothing to compare)."""
        if self.key == "manifest":
            changed = sum(line[:1] in ("+", "-") for line in self.diff)
            return f"{changed} line{'s' * (changed != 1)} differ{'s' * (changed == 1)}" if changed else ""
        if not self.rows:
            return ""
        if self.only_differences:
            count = len(self.shown(False))
            return f"{count or 'nothing'} differ{'' if count > 1 else 's'}"
        better, worse = (sum(row.verdict == word for row in self.rows) for word in ("better", "worse"))
        return f"B: {better} better, {worse} worse" if better or worse else ""


class Comparison(NamedTuple):
    """Two runs and what was found, at one moment (seconds since the epoch)."""

    a: RunView
    b: RunView
    at: float
    sections: tuple[Section, ...]


def number_row(
    label: str, a: float | None, b: float | None, unit: str = "", *, more_is_better: bool | None = None,
    group: str = "",
) -> Row:  # fmt: skip
    """A row of two numbers; ``more_is_better`` None: a difference is neither."""
    change, verdict = judge(_known(a), _known(b), more_is_better=bool(more_is_better))
    said: Verdict = verdict if more_is_better is not None or verdict not in ("better", "worse") else "differs"
    if unit == "ratio" and a is not None and b is not None and abs(b - a) < _SHARE_NOISE:
        said = "same"
    return Row(label, _known(a), _known(b), unit, change, said, group=group)


def span_row(label: str, a: float | None, b: float | None, *, noise_s: float = 0.25, group: str = "") -> Row:
    """A row of two spans in seconds, of which the shorter is better; the change is their difference in seconds."""
    row = number_row(label, a, b, "s", more_is_better=False, group=group)
    change = None if a is None or b is None else b - a
    verdict: Verdict = "same" if change is not None and abs(change) < noise_s else row.verdict
    return row._replace(change=change, verdict=verdict, spans=True)


def text_row(label: str, a: str | None, b: str | None, *, group: str = "", usual: bool = False) -> Row:
    """A row of two texts. ``8192`` and ``8192.0`` are the same."""
    same = a == b or (a is not None and b is not None and _equal_numbers(a, b))
    verdict: Verdict = "same" if same else "differs"
    return Row(label, a, b, verdict="unknown" if a is None and b is None else verdict, group=group, usual=usual)


def through(section: Section, mask: Callable[[str], str]) -> Section:
    """The section with every text that may come from outside masked."""
    rows = tuple(
        row._replace(label=mask(row.label), a=_masked(row.a, mask), b=_masked(row.b, mask)) for row in section.rows
    )
    return replace(
        section, rows=rows, says=_all(section.says, mask), warnings=_all(section.warnings, mask),
        diff=_all(section.diff, mask), whole=_all(section.whole, mask),
    )  # fmt: skip


def _all(texts: tuple[str, ...], mask: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(map(mask, texts))


def _masked(value: Value, mask: Callable[[str], str]) -> Value:
    return mask(value) if isinstance(value, str) else value


def _known(value: float | None) -> float | None:
    """NaN and infinity are unknown: nothing can be compared with them."""
    return value if value is not None and abs(value) < float("inf") else None


def _equal_numbers(a: str, b: str) -> bool:
    try:
        return float(a) == float(b)
    except ValueError:
        return False
