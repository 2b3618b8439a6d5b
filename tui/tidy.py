"""When Python tidies up: its full rounds stop everything for 0.1 to 0.2 s once there are histories of many runs.

So they are not left to chance: what is there after the start is not looked at again, and full rounds are made while
nobody types.
"""

from __future__ import annotations

import gc
import time

QUIET_S = 3.0
"""Nothing was typed for this long: a pause of a moment is not felt."""
EVERY_S = 60.0
AT_LEAST_EVERY_S = 600.0
_NEVER = 1_000_000


class Tidier:
    """Tell it of each key (``touched``), and ask it now and then (``look``)."""

    def __init__(self) -> None:
        self._touched = self._tidied = time.monotonic()

    def begin(self) -> None:
        """The start is over: take full rounds into our own hands."""
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _NEVER)

    def touched(self) -> None:
        """The user did something."""
        self._touched = time.monotonic()

    def look(self) -> bool:
        """Make a full round if it is time for one and nobody is there to feel it; whether it was made."""
        now = time.monotonic()
        due = now - self._tidied
        if due < EVERY_S or (now - self._touched < QUIET_S and due < AT_LEAST_EVERY_S):
            return False
        self._tidied = now
        gc.collect()
        return True
