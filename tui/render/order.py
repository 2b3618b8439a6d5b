"""Which runs are shown, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from tui.render.state import look

if TYPE_CHECKING:
    from launcher.runs.view import RunView


class Filter(NamedTuple):
    """What the user typed. ``problem`` says why it cannot be used; nothing is hidden then."""

    text: str = ""
    inverse: bool = False
    pattern: re.Pattern[str] | None = None
    problem: str = ""

    def matches(self, run: RunView) -> bool:
        """Whether the run is shown under this filter."""
        if self.pattern is None:
            return True
        words = (run.name, run.id, run.model or "", run.status, look(run).words, *run.served_names)
        return any(self.pattern.search(word) for word in words) != self.inverse


def parse_filter(typed: str) -> Filter:
    """A regular expression over name, id, model and status, without regard to case; ``!`` in front turns it round."""
    text = typed.strip()
    inverse = text.startswith("!")
    body = text[1:].strip() if inverse else text
    if not body:
        return Filter(text, inverse)
    try:
        return Filter(text, inverse, re.compile(body, re.IGNORECASE))
    except (re.error, RecursionError, OverflowError) as error:
        return Filter(text, inverse, None, f"not a regular expression: {error}")


def arrange(runs: Iterable[RunView], chosen: Filter) -> tuple[RunView, ...]:
    """The runs that match: live ones first, the newest on top."""
    shown = (run for run in runs if chosen.matches(run))
    return tuple(sorted(shown, key=lambda run: (not run.live, -(run.created or 0.0), run.id)))
