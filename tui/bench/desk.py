"""Does what the benchmark tab asks for: reads results, starts, cancels, compares, exports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from launcher.bench.plan import Plan
from launcher.errors import VdeckError
from launcher.runs.view import RunView
from launcher.text import clean_line
from tui.bench import text
from tui.bench.sources import BenchSources
from tui.bench.wants import CancelBench, CompareBenches, CopyBenches, DeleteBench, ExportBenches, Measure, Want

if TYPE_CHECKING:
    from launcher.bench.result import Bench
    from tui.bench.pane import BenchPane
    from tui.detail.sources import Sources

GROUP = "bench-desk"
_WINDOW_MS = 180_000
"""Of the server's charts beside a benchmark that runs."""


class BenchDesk:
    """The benchmarks of one run. ``host``: the widget that the workers belong to."""

    def __init__(self, host: Widget, sources: Sources, run: RunView) -> None:
        self._host = host
        self._all = sources
        self._sources: BenchSources = sources.bench
        self._run = run
        self._live: str | None = None
        """Id of the benchmark that ran at the last look."""

    async def feed(self, pane: BenchPane, sleep: Callable[[float], Awaitable[None]], period_s: float) -> None:
        """Look again and again; the server's charts too while something is measured."""
        while True:
            benches = await asyncio.to_thread(self._sources.benches, self._run)
            pane.show_benches(benches)
            self._tell_end(benches)
            if pane.live is not None:
                now = int(time.time() * 1000)
                charts = await asyncio.to_thread(self._all.charts, self._run, now - _WINDOW_MS, now, 120)
                pane.show_charts(charts)
            await sleep(period_s if pane.live is not None else 2 * period_s)

    def _tell_end(self, benches: tuple[Bench, ...]) -> None:
        """A word when the benchmark that was under way has ended."""
        before = next((bench for bench in benches if bench.id == self._live), None)
        if before is not None and not before.live:
            bad = before.status in ("failed", "lost")
            self._host.notify(text.ended(before), severity="error" if bad else "information", markup=False, timeout=8)
        self._live = next((bench.id for bench in benches if bench.live), None)

    def want(self, pane: BenchPane, want: Want) -> None:
        """Do what the pane asks for."""
        works: dict[type, Callable[[BenchPane, Any], Coroutine[Any, Any, None]]] = {
            Measure: self._measure, CancelBench: self._cancel, DeleteBench: self._delete,
            CompareBenches: self._compare, CopyBenches: self._copy, ExportBenches: self._export,
        }  # fmt: skip
        work = works[type(want)](pane, want)
        self._host.run_worker(self._guarded(work), group=GROUP, exit_on_error=False)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except VdeckError as error:
            self._host.notify(error.sentence(), severity="error", markup=False, timeout=8)
        except OSError as error:
            self._host.notify(f"That did not work: {error.strerror or error}.", severity="error", markup=False)

    # -- start

    async def _measure(self, pane: BenchPane, want: Measure) -> None:
        run = pane.shown_run or self._run
        plan = want.like.plan if want.like is not None else self._last_plan(pane)
        if want.at_once:
            plan = replace(plan, seed=None)
        else:
            from tui.bench.dialog import BenchDialog

            note = await asyncio.to_thread(self._traffic, run)
            dialog = BenchDialog(run.name, plan, lambda typed: self._sources.command(run, typed), note)
            chosen = await self._host.app.push_screen_wait(dialog)
            if chosen is None:
                return
            plan = chosen
        started = await asyncio.to_thread(self._sources.start, run, plan)
        self._live = started.id
        pane.show_benches(await asyncio.to_thread(self._sources.benches, run))

    def _last_plan(self, pane: BenchPane) -> Plan:
        """The dialog begins with the last plan of the run, under no label; else with a small sweep."""
        if pane.benches:
            return replace(pane.benches[0].plan, label="")
        return Plan()

    def _traffic(self, run: RunView) -> str:
        """A warning when the server is busy now: whatever else it answers is in the figures."""
        now = int(time.time() * 1000)
        charts = self._all.charts(run, now - 15_000, now, 2)
        panel = next((panel for panel in charts.panels if panel.key == "requests"), None) if charts else None
        busy = sum(series.current or 0 for series in panel.series) if panel is not None else 0
        return f"The server answers {busy:.0f} requests now: they will be in the figures." if busy >= 1 else ""

    # -- the others

    async def _cancel(self, pane: BenchPane, want: CancelBench) -> None:
        if await self._sure("Cancel the benchmark?", "What it has measured so far is kept.", "Cancel it"):
            await asyncio.to_thread(self._sources.cancel, want.bench)

    async def _delete(self, pane: BenchPane, want: DeleteBench) -> None:
        name = clean_line(want.bench.plan.label or want.bench.id)
        if await self._sure(f"Delete the result {name}?", "Its files go. It cannot be brought back.", "Delete"):
            await asyncio.to_thread(self._sources.delete, want.bench)
            pane.show_benches(await asyncio.to_thread(self._sources.benches, self._run))

    async def _sure(self, title: str, says: str, button: str) -> bool:
        from tui.screens.confirm import ConfirmScreen, Question

        screen: ConfirmScreen = ConfirmScreen(Question(title, says, button, (self._run,)), time.time())
        return bool(await self._host.app.push_screen_wait(screen))  # type: ignore[arg-type]

    async def _compare(self, pane: BenchPane, want: CompareBenches) -> None:
        from tui.bench.comparing import ComparisonScreen
        from tui.bench.picking import BenchDialogPicking

        pair = want.benches
        if len(pair) == 1:
            others = [one for one in await asyncio.to_thread(self._sources.everything) if one.points]
            entries = [one for one in others if one.id != pair[0].id]
            other = await self._host.app.push_screen_wait(BenchDialogPicking(entries))
            if other is None:
                return
            pair = (pair[0], other)
        a, b = pair
        found = await asyncio.to_thread(self._sources.compare, a, b)
        swapped = await asyncio.to_thread(self._sources.compare, b, a)
        await self._host.app.push_screen(ComparisonScreen(found, swapped))

    async def _copy(self, pane: BenchPane, want: CopyBenches) -> None:
        self._host.app.copy_to_clipboard(await asyncio.to_thread(self._sources.markdown, want.benches))
        self._host.notify("Copied as Markdown.", markup=False)

    async def _export(self, pane: BenchPane, want: ExportBenches) -> None:
        path = await asyncio.to_thread(self._sources.export, want.benches)
        self._host.notify(f"Saved to {clean_line(path)}", markup=False, timeout=8)
