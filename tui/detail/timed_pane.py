"""A pane over a window of time: which stretch it shows, and the cursor in it."""

from __future__ import annotations

from textual import on

from tui.detail.chart import Chart
from tui.detail.messages import WindowChanged
from tui.detail.pane import Pane
from tui.detail.time_window import TimeWindow

_FAR = 10
_NEAR = 0.05


class TimedPane(Pane):
    """The keys and the mouse move window and cursor; what is shown follows in ``time_changed``."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.window = TimeWindow()
        self._kept: int | None = None
        """The cursor that a key or a click put somewhere."""
        self._hover: int | None = None
        """The cursor while the mouse is over a chart."""
        self._shown_at: tuple[int, int] = (0, 0)

    @property
    def points(self) -> int:
        """Samples a chart can show at its present width."""
        raise NotImplementedError

    @property
    def cursor(self) -> int | None:
        """The time in ms whose values are shown; None: those of now."""
        return self._kept if self._kept is not None else self._hover

    @property
    def cursor_kept(self) -> bool:
        """Whether the cursor stays without the mouse."""
        return self._kept is not None

    def time_changed(self) -> None:
        """Another window or cursor: show it."""
        raise NotImplementedError

    def window_now(self, now: float, *, ended: float | None) -> tuple[int, int]:
        """Start and end of the window in ms."""
        return self.window.span(now, ended, self.points)

    def charts_shown(self, start_ms: int, end_ms: int) -> None:
        """The stretch that is on the screen from now on. A cursor that it has left is gone; one at the newest sample
        stays there when the stretch ends a little earlier (another zoom has other columns)."""
        self._shown_at = (start_ms, end_ms)
        kept = self._kept
        if kept is not None and end_ms < kept <= end_ms + _NEAR * (end_ms - start_ms):
            self.point(end_ms)
        elif kept is not None and not start_ms <= kept <= end_ms:
            self.point(None)

    # -- the window

    def action_window_shorter(self) -> None:
        self.action_window(self.window.index - 1)

    def action_window_longer(self) -> None:
        self.action_window(self.window.index + 1)

    def action_window(self, index: int) -> None:
        """Another length of the window."""
        if self.window.choose(index, self._kept):
            self._window_changed()

    def action_pause(self) -> None:
        if self.window.live:
            self.window.hold()
        else:
            self.window.go_on()
        self._window_changed()

    def action_earlier(self) -> None:
        self.window.move(-1)
        self._window_changed()

    def action_later(self) -> None:
        self.window.move(1)
        self._window_changed()

    def action_live(self) -> None:
        self.window.go_on()
        self._window_changed()

    def _window_changed(self) -> None:
        self.time_changed()
        self.post_message(WindowChanged())

    # -- the cursor

    def action_cursor_left(self) -> None:
        self._step(-1)

    def action_cursor_right(self) -> None:
        self._step(1)

    def action_cursor_far_left(self) -> None:
        self._step(-_FAR)

    def action_cursor_far_right(self) -> None:
        self._step(_FAR)

    def _step(self, by: int) -> None:
        """Move the cursor by so many samples; the first step puts it at the newest."""
        start, end = self._shown_at
        if end <= start:
            return
        place = self.cursor
        step = (end - start) / max(1, self.points - 1)
        target = end if place is None else start + round((place - start) / step + by) * step
        self.point(round(min(end, max(start, target))))

    def point(self, ms: int | None) -> None:
        """Put the cursor at a time, or away."""
        self._kept = ms
        if ms is None:
            self._hover = None
        self.time_changed()
        self.refresh_bindings()

    @on(Chart.Pointed)
    def _pointed(self, message: Chart.Pointed) -> None:
        message.stop()
        if message.kept:
            self.point(message.ms)
        elif message.ms != self._hover:
            self._hover = message.ms
            if self._kept is None:
                self.time_changed()
