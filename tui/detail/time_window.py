"""Which stretch of time the charts show: live, or held at an end that the user moves."""

from __future__ import annotations

WINDOWS: tuple[tuple[str, int], ...] = (
    ("1m", 60), ("5m", 300), ("15m", 900), ("1h", 3600), ("6h", 21600), ("24h", 86400),
)  # fmt: skip
_STALE_S = 10
_AFTER_END_S = 5


class TimeWindow:
    """``index`` chooses the length; ``held_ms`` is the end that is held, None while the window is live."""

    def __init__(self) -> None:
        self.index = 1
        self.held_ms: int | None = None
        self.shown = (0, 0)
        """Start and end in ms, as they were asked for last."""
        self._newest_ms = 0

    @property
    def seconds(self) -> int:
        return WINDOWS[self.index][1]

    @property
    def live(self) -> bool:
        return self.held_ms is None

    def span(self, now: float, ended: float | None, points: int) -> tuple[int, int]:
        """Start and end in ms for charts of so many points. A run that has ended shows its last stretch.

        A live end moves in whole dot columns, else every line would tremble from one painting to the next (but a wide
        window is never more than ``_STALE_S`` old); it stays one second behind, because the sample of this very
        moment is not recorded yet.
        """
        newest = min(now - 1, ended + _AFTER_END_S) if ended is not None else now - 1
        step = max(1, self.seconds * 1000 // max(1, points - 1))
        moves = min(step, _STALE_S * 1000)
        self._newest_ms = int(newest * 1000) // moves * moves
        end_ms = self._newest_ms if self.held_ms is None else self.held_ms
        self.shown = (end_ms - step * (max(2, points) - 1), end_ms)
        return self.shown

    def hold(self) -> None:
        """Stay where it is."""
        self.held_ms = self.shown[1]

    def go_on(self) -> None:
        """Follow the newest samples again."""
        self.held_ms = None

    def move(self, halves: int) -> None:
        """Earlier or later by halves of its width. Moved past the newest sample it is live again."""
        target = (self.shown[1] if self.held_ms is None else self.held_ms) + halves * self.seconds * 500
        self.held_ms = max(0, target) if target < self._newest_ms else None

    def choose(self, index: int, around_ms: int | None = None) -> bool:
        """Another length. One that is held keeps its end, or has ``around_ms`` in its middle. Whether it changed."""
        index = min(len(WINDOWS) - 1, max(0, index))
        if index == self.index:
            return False
        self.index = index
        if self.held_ms is not None and around_ms is not None:
            self.held_ms = min(self._newest_ms, around_ms + self.seconds * 500)
        return True
