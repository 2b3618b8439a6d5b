"""What is wrong in a manifest: where, what, and how to mend it. All problems are collected, never only the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from launcher.errors import UsageError

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """``line`` and ``column`` count from 1; None when the problem is about the file as a whole."""

    severity: Severity
    what: str
    fix: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """``file:line:column: severity: what. fix.`` as compilers print it, so that editors can jump there."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part not in (None, ""))
        text = f"{self.severity}: {_sentence(self.what)}" + (f" {_sentence(self.fix)}" if self.fix else "")
        return f"{place}: {text}" if place else text


def _sentence(text: str) -> str:
    return text if text.endswith("?") else text.rstrip(".") + "."


class ManifestError(UsageError):
    """The manifest cannot be run: ``problems`` holds every error, warning and note of it."""

    def __init__(self, problems: tuple[Problem, ...], file: str = "") -> None:
        errors = [p for p in problems if p.severity == "error"]
        title = f"{file or 'the manifest'} has {len(errors)} error{'s' if len(errors) != 1 else ''}"
        super().__init__(title, detail="\n".join(str(p) for p in problems), fix="mend the lines named above")
        self.problems = problems
