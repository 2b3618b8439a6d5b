"""The metrics tab of a busy server, 14 charts: a frame, a step of the cursor, a second of looking on.

    python tests/bench/bench_charts.py [--seconds 15] [--sizes 120x40,170x55]

The run is a folder as a supervisor leaves it, with five minutes of a real 627-line page recorded and more every second.
The screen is the whole VdeckApp in this process, the detail zoomed; its driver is Textual's headless one made to encode
to ANSI, and its bytes are counted. A frame is other data in every chart: what is worked out, painted and encoded of it,
in CPU time of this process. A step of the cursor is the time from the key to the write that shows it.
Targets: 20 ms for a step; looking on at the shortest window at most 15 % of a core.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, HERE]

import machine  # noqa: E402
import screens  # noqa: E402

RUN_ID = "369367189168"
HISTORY_S = 300
FRAMES = 40
STEPS = 100


def main() -> None:
    """Record, open, measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--sizes", default="120x40,170x55")
    given = options.parse_args()
    print(machine.speed())
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home, VDECK_ENGINES=os.path.join(home, "engines"))
        stop = begin()
        try:
            for size in given.sizes.split(","):
                width, _, height = size.partition("x")
                print(f"{size}:", *asyncio.run(measure((int(width), int(height)), given.seconds)), sep="\n  ")
        finally:
            stop()


def begin() -> Callable[[], None]:
    """A run with a history and goals, recorded further by a thread (some tenths of a percent of a core)."""
    from bench_screen import _make_run
    from busy import BusyServer

    from launcher import paths
    from launcher.metrics.goals import Goal, Goals
    from launcher.metrics.recorder import Recorder
    from launcher.runs import goal_file

    run = paths.RunPaths.of(RUN_ID)
    lock = _make_run(run, 0)
    goal_file.write(run.goals, Goals((Goal("ttft", 0.5), Goal("itl", 0.05), Goal("e2e", 60.0))))
    server, recorder, now = BusyServer(), Recorder(run.metrics), int(time.time())
    for second in range(now - HISTORY_S, now + 1):
        server.tick()
        recorder.record(server.page(), second * 1000)
    ended = threading.Event()

    def more() -> None:
        while not ended.wait(1.0):
            server.tick()
            recorder.record(server.page(), int(time.time() * 1000))

    thread = threading.Thread(target=more, daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join()
        os.close(lock)

    return stop


async def measure(size: tuple[int, int], seconds: float) -> list[str]:
    """The figures of one size."""
    output = screens.encode()
    painted = asyncio.Event()
    output.listeners.append(lambda now, size: painted.set())

    from tui.app import VdeckApp
    from tui.detail.chart import Chart
    from tui.detail.metrics_pane import MetricsPane

    app = VdeckApp()
    async with app.run_test(size=size) as pilot:
        await screens.until(lambda: app.main.snapshot is not None and bool(app.main.query("DetailTabs")))
        await pilot.press("2", "enter", "plus", "left_square_bracket")
        await screens.until(lambda: len(app.main.query(Chart)) >= 14)
        await asyncio.sleep(2)
        pane = app.main.query_one(MetricsPane)
        charts = pane.grid.charts.values()
        in_view = sum(chart.region.overlaps(pane.grid.region) for chart in charts)
        found = [f"{len(charts)} charts of {pane.points} points, {in_view} in view"]
        before, cpu, clock = output.bytes, time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        spent, cpu = time.monotonic() - clock, time.process_time() - cpu
        rate = (output.bytes - before) / spent / 1000
        found.append(f"looking on, window of 1 min: {100 * cpu / spent:.1f} % of a core, {rate:.0f} kB/s")
        await pilot.press("p")
        return [*found, await _frames(app, pane, painted, output), await _steps(app, pane, painted)]


async def _frames(app: object, pane: object, painted: asyncio.Event, output: screens.Output) -> str:
    """Other data each time; the reading of the history apart from the painting."""
    from launcher.metrics import catalog
    from launcher.metrics.goals import Goal
    from tui.app import VdeckApp
    from tui.detail.metrics_pane import MetricsPane

    assert isinstance(app, VdeckApp) and isinstance(pane, MetricsPane)
    history = app.fleet.history(RUN_ID)
    assert history is not None
    start, end = pane.window.shown
    goals = (Goal("ttft", 0.5), Goal("itl", 0.05), Goal("e2e", 60.0))
    read, paint, volume = [], [], []
    for number in range(FRAMES):
        first, last = start - number * 1000, end - number * 1000
        began = time.process_time()
        charts = catalog.charts(history, start_ms=first, end_ms=last, points=pane.points, goals=goals)
        read.append(time.process_time() - began)
        await asyncio.sleep(0.05)
        painted.clear()
        before, began = output.bytes, time.process_time()
        pane.show_charts(charts, first, last)
        await asyncio.wait_for(painted.wait(), 10)
        paint.append(time.process_time() - began)
        volume.append(output.bytes - before)
    size = statistics.median(volume) / 1000
    return f"a frame: read {_ms(read)} CPU, painted and encoded {_ms(paint)} CPU, {size:.0f} kB to the terminal"


async def _steps(app: object, pane: object, painted: asyncio.Event) -> str:
    """From the key to the write. The steps go to and fro inside the window, so that each of them moves."""
    from textual.events import Key

    from tui.app import VdeckApp
    from tui.detail.metrics_pane import MetricsPane

    assert isinstance(app, VdeckApp) and isinstance(pane, MetricsPane)
    times, cpus = [], []
    for number in range(STEPS):
        await asyncio.sleep(0.05)
        painted.clear()
        place, began, cpu = pane.cursor, time.perf_counter(), time.process_time()
        app.post_message(Key("left" if number < 30 or number // 10 % 2 else "right", None))
        while pane.cursor == place:
            assert time.perf_counter() < began + 10, "the cursor does not move"
            painted.clear()
            await asyncio.sleep(0)
        await asyncio.wait_for(painted.wait(), 10)
        times.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu)
    cuts = statistics.quantiles(times, n=100)
    return (
        f"a step of the cursor, key to paint: p50 {cuts[49] * 1000:.1f} ms  p95 {cuts[94] * 1000:.1f} ms  "
        f"p99 {cuts[98] * 1000:.1f} ms; {_ms(cpus)} CPU"
    )


def _ms(values: list[float]) -> str:
    return f"{statistics.median(values) * 1000:.1f} ms"


if __name__ == "__main__":
    main()
