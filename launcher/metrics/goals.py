"""Goals (SLOs) of a run: how long a first token, the next token and a whole request may take, and how often."""

from __future__ import annotations

from typing import Final, NamedTuple

TITLES: Final = {"ttft": "TTFT", "itl": "ITL", "e2e": "E2E"}
SHARE: Final = 0.95
"""How often a goal must hold when nobody says."""


class Goal(NamedTuple):
    """``share`` (0 to 1) of the requests (ITL: of the tokens) within ``limit_s`` seconds."""

    key: str
    """ttft, itl or e2e"""
    limit_s: float
    share: float = SHARE

    @property
    def title(self) -> str:
        """As people write it: TTFT, ITL, E2E."""
        return TITLES[self.key]
