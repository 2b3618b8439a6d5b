"""What the reader of a log has asked to see: the filters of the Logs tab as one value. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from launcher.logs.lens import Lens

_WARNINGS = frozenset({"WARNING", "ERROR", "CRITICAL"})
_ERRORS = frozenset({"ERROR", "CRITICAL"})
_LEVELS: tuple[tuple[str, frozenset[str]], ...] = (
    ("", frozenset()), ("warnings and errors", _WARNINGS), ("errors", _ERRORS),
)  # fmt: skip


class Choice(NamedTuple):
    """``words``: an expression, ``!`` in front for its opposite. ``level``: how often the level key was pressed."""

    words: str = ""
    level: int = 0
    process: str = ""
    hide_access: bool = False
    first_errors: bool = False

    @property
    def active(self) -> bool:
        """Something is hidden."""
        return self != Choice() and self.words != "!"

    def next_level(self) -> Choice:
        """All, warnings and worse, errors, all."""
        return self._replace(level=(self.level + 1) % len(_LEVELS))

    def next_process(self, known: Sequence[str]) -> Choice:
        """The next process of those that the log has, then all again."""
        names = ["", *known]
        at = names.index(self.process) if self.process in names else 0
        return self._replace(process=names[(at + 1) % len(names)])

    def lens(self) -> Lens:
        """The same for the engine of the log. The expression must be a good one: see ``problem``."""
        inverse = self.words.startswith("!")
        return Lens(
            self.words.removeprefix("!") if inverse else self.words, invert=inverse and len(self.words) > 1,
            levels=_LEVELS[self.level][1], processes=frozenset({self.process} if self.process else ()),
            hide_access=self.hide_access, first_errors=self.first_errors,
        )  # fmt: skip

    def told(self) -> list[str]:
        """What is on, in words for the status line."""
        found = [f"{'!' if self.words[0] == '!' else '&'}{self.words.removeprefix('!')}"] if self.active_words else []
        if self.level:
            found.append(_LEVELS[self.level][0])
        if self.process:
            found.append(self.process)
        if self.hide_access:
            found.append("no access log")
        if self.first_errors:
            found.append("first errors")
        return found

    @property
    def active_words(self) -> bool:
        """The expression hides something."""
        return self.words not in ("", "!")


def problem(words: str) -> str | None:
    """What is wrong with an expression that was typed; None: it can be used (or is empty)."""
    pattern = words.removeprefix("!")
    return Lens.problem(pattern) if pattern else None
