"""Collects the problems of one manifest, each once, in the order of the lines."""

from __future__ import annotations

from launcher.manifest.nodes import Mapping, Place, Scalar, Sequence
from launcher.manifest.problems import Problem, Severity
from launcher.text import clean_line, shorten

MAX_PROBLEMS = 500
"""Of errors, and again of the rest: nobody reads more, and a file that has more is no manifest."""

_RANK = {"error": 0, "warning": 1, "note": 2}


def quote(text: str) -> str:
    """Text of a manifest as a message may show it: cleaned, short, in single quotes."""
    return f"'{shorten(clean_line(text), 60)}'"


class Sink:
    def __init__(self, file: str = "") -> None:
        self.file = file
        self.failed = False
        """An error was found (also one that was too many to keep)."""
        # A dict, so that an alias does not report its target twice.
        self._found: dict[Problem, None] = {}
        self._room = {True: MAX_PROBLEMS, False: MAX_PROBLEMS}

    def add(self, severity: Severity, at: Scalar | Sequence | Mapping | Place | None, what: str, fix: str = "") -> None:
        """Record a problem at a node, at a place, or (None) about the file as a whole."""
        is_error = severity == "error"
        self.failed = self.failed or is_error
        place = at if isinstance(at, Place) else at.place if at is not None else Place()
        problem = Problem(severity, what, fix, place.origin or self.file, place.line, place.column)
        if self._room[is_error] and problem not in self._found:
            self._room[is_error] -= 1
            self._found[problem] = None

    def error(self, at: Scalar | Sequence | Mapping | Place | None, what: str, fix: str = "") -> None:
        """Add an error at the place of ``at`` (None: the file as a whole)."""
        self.add("error", at, what, fix)

    def warning(self, at: Scalar | Sequence | Mapping | Place | None, what: str, fix: str = "") -> None:
        """Add a warning at the place of ``at`` (None: the file as a whole)."""
        self.add("warning", at, what, fix)

    def note(self, at: Scalar | Sequence | Mapping | Place | None, what: str, fix: str = "") -> None:
        """Add a note at the place of ``at`` (None: the file as a whole)."""
        self.add("note", at, what, fix)

    @property
    def full(self) -> bool:
        """No further error is kept."""
        return not self._room[True]

    def problems(self) -> tuple[Problem, ...]:
        """Those of the file by line and column (whole-file ones first), then those of the options."""
        return tuple(sorted(self._found, key=self._order))

    def _order(self, problem: Problem) -> tuple[bool, int, int, int]:
        return problem.file != self.file, problem.line or 0, problem.column or 0, _RANK[problem.severity]
