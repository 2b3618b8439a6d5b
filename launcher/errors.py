"""Every expected error: what happened (title), the particulars (detail), and what to do (fix).

The command line prints ``error: title. fix.`` and the screen shows the three parts apart; neither ever shows a
traceback."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class VdeckError(Exception):
    """The work could not be done. ``title`` is one clause without a full stop, ``fix`` tells what to do about it."""

    exit_code = EXIT_FAILED

    def __init__(self, title: str, *, detail: str = "", fix: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.fix = fix

    def sentence(self) -> str:
        """``title. fix.`` on one line, as the command line prints it behind ``error:``."""
        parts = [self.title.rstrip(". ")]
        if self.fix:
            parts.append(self.fix.rstrip(". "))
        return ". ".join(parts) + "."


class UsageError(VdeckError):
    """The question was wrong (unknown run, bad option): exit code 2."""

    exit_code = EXIT_USAGE
