"""Feeds the visible pane: reads in threads, then calls the pane's setters. One at a time, cancelled on a switch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.widget import Widget

from launcher.errors import VdeckError
from launcher.runs.view import RunView
from tui.detail.pane import Pane

if TYPE_CHECKING:
    from launcher.metrics.figures import Figures
    from tui.bench.desk import BenchDesk
    from tui.bench.pane import BenchPane
    from tui.bench.wants import Want as BenchWant
    from tui.chat.desk import ChatDesk
    from tui.chat.pane import ChatPane
    from tui.chat.wants import Want as ChatWant
    from tui.detail.events_pane import EventsPane
    from tui.detail.log_feed import LogFeed
    from tui.detail.log_pane import LogPane
    from tui.detail.log_wants import Want
    from tui.detail.metrics_feed import MetricsFeed
    from tui.detail.metrics_pane import MetricsPane
    from tui.detail.overview_pane import OverviewPane
    from tui.detail.sources import Sources

FEED_GROUP = "detail-feed"


class Periods(NamedTuple):
    """Seconds between two looks at what a pane shows."""

    log: float = 0.2
    events: float = 1.0
    metrics: float = 1.0


class DetailController:
    """Workers of the detail area. ``host`` is the widget they belong to: they end with it."""

    def __init__(self, host: Widget, sources: Sources) -> None:
        self.periods = Periods()
        self._host = host
        self._sources = sources
        self._chat: ChatDesk | None = None
        self._bench: BenchDesk | None = None
        self._log: LogFeed | None = None
        self._merged: tuple[RunView, ...] = ()
        self._charts: MetricsFeed | None = None
        self._wake = asyncio.Event()
        self._told: str | None = None

    def feed(self, pane: Pane, run: RunView | None) -> None:
        """Start feeding this pane with this run, instead of whatever was fed before."""
        self.stop()
        if run is None:
            return
        kinds: dict[str, Callable[[Any, RunView], Coroutine[Any, Any, None]]] = {
            "pane-overview": self._overview,
            "pane-metrics": self._metrics,
            "pane-logs": self._logs,
            "pane-chat": self._open_chat,
            "pane-bench": self._benches,
            "pane-events": self._events,
        }
        self._wake = asyncio.Event()
        self._told = None
        self._host.run_worker(
            partial(self._guarded, kinds[pane.id or ""], pane, run),  # type: ignore[arg-type]
            group=FEED_GROUP,
            exclusive=True,
            exit_on_error=False,
        )

    def stop(self) -> None:
        """Cancel the present feed (an answer that is being written goes on)."""
        if self._host.is_attached:
            self._host.workers.cancel_group(self._host, FEED_GROUP)

    def run_switched(self) -> None:
        """Another run is shown: nothing of the old one may still arrive."""
        self.stop()
        self._merged = ()
        self._close_log()
        self._bench = None
        if self._chat is not None:
            self._chat.close()
            self._chat = None

    def close(self) -> None:
        """The screen ends: let go of the server and of the log."""
        self._close_log()
        if self._chat is not None:
            self._chat.close()
            self._chat = None

    def figures(self, pane: Pane, figures: Figures | None) -> None:
        """The newest figures of the shown run, for the pane that has a place for them."""
        if pane.id == "pane-metrics":
            metrics: MetricsPane = pane  # type: ignore[assignment]
            metrics.show_figures(figures)

    def wake(self) -> None:
        """The pane wants something else now (another window): do not wait for the next round."""
        self._wake.set()

    async def _guarded(
        self, kind: Callable[[Any, RunView], Coroutine[Any, Any, None]], pane: Pane, run: RunView
    ) -> None:
        """A feed that fails says so and is tried again: a log or history may come into being later."""
        while True:
            try:
                await kind(pane, run)
                return
            except (VdeckError, OSError) as error:
                self._tell(error.sentence() if isinstance(error, VdeckError) else _os_sentence(error))
            except Exception as error:  # a fault of ours must end neither the app nor in silence
                self._host.log.error(f"feed of {pane.id} failed: {error!r}")
                name = (pane.id or "").removeprefix("pane-")
                self._tell(f"The {name} pane has a problem: {type(error).__name__}: {error}")
            await asyncio.sleep(2.0)

    def _tell(self, sentence: str) -> None:
        """Once for each different trouble of a feed, not every round."""
        if sentence != self._told:
            self._told = sentence
            self._host.notify(sentence, severity="error", markup=False)

    async def _sleep(self, period_s: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), period_s)
        except TimeoutError:
            pass
        self._wake.clear()

    async def _overview(self, pane: OverviewPane, run: RunView) -> None:
        """When the pane opens, and again when the run ends or is started anew."""
        while True:
            shown = pane.shown_run or run
            pane.show_particulars(await asyncio.to_thread(self._sources.particulars, shown))
            while (pane.shown_run or run).live == shown.live:
                await self._sleep(self.periods.events)

    async def _events(self, pane: EventsPane, run: RunView) -> None:
        while True:
            pane.show_events(await asyncio.to_thread(self._sources.events, run))
            await self._sleep(self.periods.events)

    async def _metrics(self, pane: MetricsPane, run: RunView) -> None:
        from tui.detail.metrics_feed import MetricsFeed

        feed = self._charts = MetricsFeed(self._host, self._sources, run)
        await feed.begin(pane)
        while True:
            await feed.look(pane)
            await self._sleep(self.periods.metrics)

    async def _logs(self, pane: LogPane, run: RunView) -> None:
        from tui.detail.log_feed import LogFeed

        runs = self._merged or (run,)
        if self._log is None or [each.id for each in self._log.runs] != [each.id for each in runs]:
            self._close_log()
            self._log = LogFeed(self._host, self._sources, runs)
        await self._log.follow(pane, self.periods.log)

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def log_wanted(self, pane: LogPane, want: Want) -> None:
        """The log pane wants other lines, a search, a jump, a file."""
        if self._log is not None:
            self._log.want(pane, want)

    @property
    def merged(self) -> tuple[RunView, ...]:
        """The runs whose logs are shown as one; empty: the log of the shown run."""
        return self._merged

    def merge(self, runs: tuple[RunView, ...]) -> None:
        """Show the logs of these runs as one from the next feed on; none: that of the shown run."""
        self._merged = runs

    async def _open_chat(self, pane: ChatPane, run: RunView) -> None:
        from tui.chat.desk import ChatDesk

        if self._chat is None:
            self._chat = ChatDesk(self._host, self._sources, run)
        await self._chat.open(pane)

    def chat_wanted(self, pane: ChatPane, want: ChatWant) -> None:
        """The chat pane wants a prompt sent, an answer stopped, a dialog, a file."""
        if self._chat is not None:
            self._chat.want(pane, want)

    async def _benches(self, pane: BenchPane, run: RunView) -> None:
        from tui.bench.desk import BenchDesk

        if self._bench is None:
            self._bench = BenchDesk(self._host, self._sources, run)
        await self._bench.feed(pane, self._sleep, self.periods.events)

    def bench_wanted(self, pane: BenchPane, want: BenchWant) -> None:
        """The benchmark tab wants something started, cancelled, compared, written."""
        if self._bench is not None:
            self._bench.want(pane, want)
            self.wake()

    def keep_extras(self, families: tuple[str, ...]) -> None:
        """The user picked other families to chart."""
        if self._charts is not None:
            self._charts.keep_extras(families)
        self.wake()

    def open_metric_list(self, pane: MetricsPane) -> None:
        """The list of every family that the server has."""
        if self._charts is not None:
            self._charts.open_list(pane)

    def open_goals(self, pane: MetricsPane) -> None:
        """The goals of the run, to be read and set."""
        if self._charts is not None:
            self._charts.open_goals(pane, self.wake)


def _os_sentence(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"Cannot read it: {error.strerror or error}{where}."
