"""Was a server started anew between two of its pages? For servers whose start nobody tells us."""

from __future__ import annotations

from typing import Final, Literal

from .exposition import Page, kind_of
from .names import is_vllm
from .series import Series

STARTED: Final = "process_start_time_seconds"
QUICKEST_S: Final = 5.0
"""No vLLM is back sooner: counters that fall twice within this time are those of several servers."""

Seen = Literal["restart", "several"]


class RestartSight:
    """Looks at every page. ``restart``: the start time of the process rose, or a counter of vLLM fell (several API
    servers have no start time). ``several``: what answers under one address is now this server, now that one, behind a
    balancer: its figures are a mixture, and what looks like restarts is none."""

    def __init__(self, started: float | None = None) -> None:
        """``started``: the start time on the last page that an earlier supervisor saw."""
        self.started = started
        self._series: list[Series] = []
        self._counters: list[int] = []
        self._values: dict[Series, float] = {}
        self._last_fall: float | None = None

    def look(self, page: Page, at_s: float) -> Seen | None:
        """``at_s``: when the page was fetched, in seconds. None when nothing happened."""
        started = page.value(STARTED)
        before, self.started = self.started, started if started is not None else self.started
        fell = self._fell(page)
        if started is not None and before is not None:
            return None if started == before else "restart" if started > before else "several"
        if not fell:
            return None
        last, self._last_fall = self._last_fall, at_s
        return "several" if last is not None and at_s - last < QUICKEST_S else "restart"

    def _fell(self, page: Page) -> bool:
        """Whether a counter of vLLM is lower than on the page before. A series that is gone says nothing."""
        if page.series != self._series:  # the same objects while the page is steady: quick
            self._series = page.series
            self._counters = [
                index
                for index, series in enumerate(page.series)
                if is_vllm(series.name) and kind_of(series.name, page.kinds) == "counter"
            ]
        values = {page.series[index]: page.values[index] for index in self._counters}
        before, self._values = self._values, values
        return any(value < before.get(series, value) for series, value in values.items())
