"""What a cause of a failure is: a rule that knows it by a line of the log, and tells it in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from launcher.logs.diagnosis import Change, Fix

ROOT: Final = "root"
"""Ends the start, or the server."""
WEAK: Final = "weak"
"""Ends it too, but is often said beside a more telling cause, or is the noise of one: only when there is no other."""
REQUEST: Final = "request"
"""One request fails; the server lives."""
STALL: Final = "stall"
"""Something takes long."""
WRAPPER: Final = "wrapper"
"""Says that something failed, not what."""


class Values:
    """What the pattern of a rule found: by name, ``n2`` as ``n``; and the arguments of the server."""

    def __init__(self, groups: Mapping[str, str | None], args: Mapping[str, object] | None = None) -> None:
        self._found: dict[str, str] = {}
        for name, value in groups.items():
            if value is not None:
                self._found.setdefault(name.rstrip("0123456789"), value)
        self.args = args or {}

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def __getitem__(self, name: str) -> str:
        """The text; ``?`` when the line did not say it."""
        return self._found.get(name, "?")

    def get(self, name: str, otherwise: str) -> str:
        """The text, or something else when the line did not say it."""
        return self._found.get(name, otherwise)

    def number(self, name: str) -> float | None:
        """As a number, or None."""
        try:
            return float(self._found[name].replace(",", ""))
        except (KeyError, ValueError):
            return None

    def count(self, name: str) -> str:
        """A whole number with thousands apart, ``32,768``."""
        value = self.number(name)
        return f"{int(value):,}" if value is not None else "?"

    def given(self, flag: str) -> float | None:
        """The number that the server was given for a flag; None when it was not, or is no number."""
        value = self.args.get(flag, self.args.get(flag.replace("-", "_")))
        try:
            return float(str(value)) if value is not None and not isinstance(value, bool) else None
        except ValueError:
            return None


Words = str | Callable[[Values], str]
Fixes = tuple[Fix, ...] | Callable[[Values], tuple[Fix, ...]]


class Rule(NamedTuple):
    """``samples`` are real lines that it must know; ``title`` and ``cause`` may be worked out of what was found."""

    name: str
    kind: str
    pattern: re.Pattern[str]
    title: Words
    cause: Words
    fixes: Fixes = ()
    samples: tuple[str, ...] = ()

    def words(self, values: Values) -> tuple[str, str, tuple[Fix, ...]]:
        """Title, cause and fixes for what was found."""
        fixes = self.fixes(values) if callable(self.fixes) else self.fixes
        return _text(self.title, values), _text(self.cause, values), fixes


def _text(words: Words, values: Values) -> str:
    return words(values) if callable(words) else words


def rule(
    name: str, kind: str, pattern: str, title: Words, cause: Words, fixes: Fixes = (), samples: tuple[str, ...] = ()
) -> Rule:
    """A row of a table of causes."""
    return Rule(name, kind, re.compile(pattern), title, cause, fixes, samples)


def fix(text: str, /, **flags: str | int | float | bool | None) -> Fix:
    """A fix that sets flags of ``vllm serve``: ``fix("…", max_model_len=896)``; None takes a flag out."""
    return Fix(text, tuple(Change(name.replace("_", "-"), value) for name, value in flags.items()))


def env_fix(text: str, /, **variables: str | None) -> Fix:
    """A fix that sets environment variables; None takes one out."""
    return Fix(text, tuple(Change(name, value, env=True) for name, value in variables.items()))


def share(free: float | None, total: float | None, spare: float = 0.02) -> float | None:
    """The largest ``--gpu-memory-utilization`` that fits into what is free, rounded down; None when there is none."""
    if not free or not total or total <= 0:
        return None
    value = int((free / total - spare) * 100) / 100
    return value if 0.05 <= value < 1 else None
