"""What of a log is to be seen: a filter as a value. Pure; ``launcher.logs.sieve`` does it."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.logs import pattern as patterns

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
NONE = "-"
"""In ``levels`` and ``processes``: the lines that tell none."""


@dataclass(frozen=True, slots=True)
class Lens:
    """Which lines are shown. All conditions hold together."""

    pattern: str = ""
    """A regular expression that the line must hold; empty: any."""
    invert: bool = False
    """Show the lines without the pattern."""
    ignore_case: bool | None = None
    """None: ignored when the pattern has no capital letter."""
    levels: frozenset[str] = frozenset()
    """Of ``LEVELS`` and ``-``; empty: all."""
    processes: frozenset[str] = frozenset()
    """Names as ``launcher.logs.lines`` gives them, or how they begin (``Worker``), and ``-``; empty: all."""
    hide_access: bool = False
    """Leave out the access log of the web server."""
    first_errors: bool = False
    """Of each process the first error with its traceback, and nothing else."""

    @property
    def plain(self) -> bool:
        """Whether it shows everything."""
        return not (self.pattern or self.levels or self.processes or self.hide_access or self.first_errors)

    @staticmethod
    def problem(pattern: str) -> str | None:
        """What is wrong with a pattern, in words; None when nothing is."""
        return patterns.problem(pattern)
