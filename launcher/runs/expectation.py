"""What earlier starts let one expect of the present one. Pure; light: `vdeck run list` reads it."""

from __future__ import annotations

from typing import NamedTuple


class Expectation(NamedTuple):
    """What earlier starts let one expect of the present phase. Seconds."""

    phase_s: float
    """Of the whole phase."""
    longest_s: float
    """A phase that takes longer than this is like none before: then nobody knows."""
    later_s: float
    """Of all later ones."""
    starts: int
    """From so many starts."""

    def remains(self, elapsed_s: float) -> float | None:
        """Seconds until ready, ``elapsed_s`` into the phase; None when it takes longer than ever."""
        if elapsed_s > self.longest_s:
            return None
        return max(self.phase_s - elapsed_s, 0.0) + self.later_s
