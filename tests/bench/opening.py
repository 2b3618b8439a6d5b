"""Open the Metrics tab of a run that was recorded for a day, at a window of 24 h, until it is painted."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from typing import Any

import screens

COUNT = 5
QUIET_S = 0.5
"""So long nothing large is written: the picture is complete."""
LARGE = 1500
"""Bytes: more than the clock and a cursor, less than a chart."""
WINDOW_S = 86_400
LONGER = 6
"""At the most so many presses make the window the longest."""


def opening(store: str, size: tuple[int, int]) -> int:
    """Print what it takes; the points that the screen asked for."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home, VDECK_ENGINES=os.path.join(home, "engines"))
        _make_runs(store)
        lines, points = asyncio.run(_Opening(size).run())
    print(*lines, sep="\n")
    return points


def _make_runs(store: str) -> None:
    """Ended runs. The first (lowest in the table) has no metrics: there the window is chosen. Each of the others has
    the day: the same files, which the screen has not read yet when their turn comes."""
    from launcher import paths
    from launcher.metrics.history import History

    history = History(store)
    history.refresh()
    end = (history.latest_ms or 0) / 1000
    for number in range(COUNT + 1):
        run = paths.RunPaths.of(f"3693671{number:05}")
        past = {"status": "terminated", "ready": False, "ended": end, "supervisor": None, "pids": [], "phase": None}
        screens.make_run(run.folder, number, began=end - WINDOW_S + number, **past)
        if number:
            os.symlink(os.path.abspath(store), run.metrics)


class _Opening:
    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.output = screens.encode()
        self.asked: list[tuple[int, int]] = []
        """Width in ms and points of the charts that were worked out."""
        self.last = (0.0, 0.0)
        """When the last large write was: clock, and CPU time of the process."""
        self.output.listeners.append(self._written)

    def _written(self, now: float, size: int) -> None:
        if size > LARGE:
            self.last = (now, time.process_time())

    async def run(self) -> tuple[list[str], int]:
        from launcher.metrics import catalog
        from tui.app import VdeckApp

        real = catalog.charts

        def charts(*args: Any, start_ms: int, end_ms: int, points: int, **more: Any) -> Any:
            found = real(*args, start_ms=start_ms, end_ms=end_ms, points=points, **more)
            self.asked.append((end_ms - start_ms, points))
            return found

        catalog.charts = charts
        try:
            app = VdeckApp()
            async with app.run_test(size=self.size) as pilot:
                return await self._measure(app, pilot)
        finally:
            catalog.charts = real

    async def _measure(self, app: Any, pilot: Any) -> tuple[list[str], int]:
        await screens.until(lambda: app.main.snapshot is not None and bool(app.main.query("DetailTabs")))
        await pilot.press("2")
        await screens.until(lambda: bool(app.main.query("#pane-metrics")))
        app.main.table.focus()
        await pilot.press("G")
        pane = app.main.query_one("#pane-metrics")
        for _ in range(LONGER):
            pane.action_window_longer()
        first, again = [], []
        for _ in range(COUNT):
            await self._quiet()
            await pilot.press("1", "k")
            await self._quiet()
            first.append(await self._open(pilot))
            await pilot.press("1")
            await self._quiet()
            again.append(await self._open(pilot))
        points = self.asked[-1][1]
        head = f"open   Metrics at 24 h, {self.size[0]}x{self.size[1]} ({points} points)"
        return [f"{head}: {_words(first)}, again {_words(again)} (target 300)"], points

    async def _open(self, pilot: Any) -> tuple[float, float]:
        """Seconds from the key to the last write of the picture: by the clock, and of CPU."""
        self.asked.clear()
        began = time.perf_counter(), time.process_time()
        pilot.app.simulate_key("2")
        await screens.until(lambda: any(width > 0.9 * WINDOW_S * 1000 for width, _ in self.asked))
        await self._quiet()
        return self.last[0] - began[0], self.last[1] - began[1]

    async def _quiet(self) -> None:
        """Wait until nothing large has been written for a while."""
        await asyncio.sleep(QUIET_S)
        await screens.until(lambda: time.perf_counter() - self.last[0] > QUIET_S)


def _words(times: list[tuple[float, float]]) -> str:
    wall, cpu = ([1000 * value for value in column] for column in zip(*times))
    return f"{statistics.median(wall):.0f} ms ({min(wall):.0f} to {max(wall):.0f}; CPU {statistics.median(cpu):.0f})"
