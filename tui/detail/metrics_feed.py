"""Feeds the metrics pane of one run: charts, the list of all metrics, goals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from textual.widget import Widget

from launcher.errors import VdeckError
from launcher.runs.view import RunView

if TYPE_CHECKING:
    from launcher.metrics.goals import Goal
    from tui.detail.metrics_pane import MetricsPane
    from tui.detail.sources import Sources

_LIST_PERIOD_S = 2.0


class _Wanted(NamedTuple):
    start_ms: int
    end_ms: int
    points: int
    extras: tuple[str, ...]
    goals: int


class MetricsFeed:
    """``host`` is the widget that its workers belong to."""

    def __init__(self, host: Widget, sources: Sources, run: RunView) -> None:
        self._host = host
        self._sources = sources
        self._run = run
        self._shown: _Wanted | None = None
        self._goals = 0
        """How often the goals were set here: their charts are then out of date."""

    async def begin(self, pane: MetricsPane) -> None:
        """What the user had picked before."""
        pane.extras = await asyncio.to_thread(self._sources.extras)

    async def look(self, pane: MetricsPane) -> None:
        """Read the charts when they would be other ones."""
        start_ms, end_ms = pane.window_now(time.time(), ended=(pane.shown_run or self._run).ended)
        wanted = _Wanted(start_ms, end_ms, pane.points, pane.extras, self._goals)
        if wanted == self._shown and not (pane.window.live and pane.empty):
            return
        charts = await asyncio.to_thread(
            self._sources.charts, self._run, wanted.start_ms, wanted.end_ms, wanted.points, wanted.extras
        )
        pane.show_charts(charts, start_ms, end_ms)
        self._shown = wanted

    def keep_extras(self, families: tuple[str, ...]) -> None:
        """Have these charts there the next time."""
        self._work(self._keep_extras(families))

    async def _keep_extras(self, families: tuple[str, ...]) -> None:
        try:
            await asyncio.to_thread(self._sources.keep_extras, families)
        except OSError as error:
            self._say(f"the choice of charts is not remembered: {error.strerror}", "warning")

    # -- the list of all metrics

    def open_list(self, pane: MetricsPane) -> None:
        """Open the list; its values are read again while it is open."""
        from tui.screens.metric_list import MetricList

        screen = MetricList(pane.extras, pane.toggle_extra)
        self._host.app.push_screen(screen)
        self._work(self._feed_list(screen.show, lambda: screen.is_attached))

    async def _feed_list(self, show: Callable[..., None], is_open: Callable[[], bool]) -> None:
        while True:
            try:
                show(await asyncio.to_thread(self._sources.families, self._run))
            except (VdeckError, OSError) as error:
                self._say(_sentence(error), "error")
            await asyncio.sleep(_LIST_PERIOD_S)
            if not is_open():
                return

    # -- goals

    def open_goals(self, pane: MetricsPane, changed: Callable[[], None]) -> None:
        """Open the dialog; what it gives is written, then ``changed`` is called."""
        self._work(self._ask_goals(changed))

    async def _ask_goals(self, changed: Callable[[], None]) -> None:
        from tui.screens.goals import GoalsScreen

        present: tuple[Goal, ...] = ()
        try:
            present = await asyncio.to_thread(self._sources.goals, self._run)
        except (VdeckError, OSError) as error:
            self._say(_sentence(error), "warning")

        def closed(goals: tuple[Goal, ...] | None) -> None:
            if goals is not None and goals != present:
                self._work(self._set_goals(goals, changed))

        self._host.app.push_screen(GoalsScreen(self._run.name, present), closed)

    async def _set_goals(self, goals: tuple[Goal, ...], changed: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(self._sources.set_goals, self._run, goals)
        except (VdeckError, OSError) as error:
            self._say(_sentence(error), "error")
            return
        self._goals += 1
        changed()

    # -- inside

    def _work(self, coroutine: object) -> None:
        self._host.run_worker(coroutine, group="metrics", exit_on_error=False)  # type: ignore[arg-type]

    def _say(self, sentence: str, severity: str) -> None:
        self._host.notify(sentence, severity="warning" if severity == "warning" else "error", markup=False)


def _sentence(error: VdeckError | OSError) -> str:
    return error.sentence() if isinstance(error, VdeckError) else f"Cannot do it: {error.strerror or error}."
