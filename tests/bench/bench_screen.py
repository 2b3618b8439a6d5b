"""The screen with 64 live runs and a log of 5,000 lines a second in view: CPU, bytes to the terminal, key to paint.

    python tests/bench/bench_screen.py [--seconds 20] [--runs 64] [--lines 5000] [--size 120x40]

The runs are folders as a supervisor leaves them, read by the real Fleet: another process holds their locks, records a
627-line page of a busy server into every history once a second, and writes the log of the newest run. The screen is the
whole VdeckApp in this process; its driver is Textual's headless one made to encode to ANSI, and its bytes are counted.
CPU is that of this process, all threads, as a part of one core. Targets: 15 % of a core; key to paint p99 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, HERE]

import screens  # noqa: E402
from machine import speed  # noqa: E402

BATCHES = 20
"""Writes to the log a second."""
HISTORY_S = 90
KEYS = 300


def main() -> None:
    """Start the writer, measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--runs", type=int, default=64)
    options.add_argument("--lines", type=int, default=5000)
    options.add_argument("--size", default="120x40")
    options.add_argument("--write", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.write:
        write(given.write, given.runs, given.lines)
        return
    width, _, height = given.size.partition("x")
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home, VDECK_ENGINES=os.path.join(home, "engines"))
        words = ("--write", home, "--runs", str(given.runs), "--lines", str(given.lines))
        writer = subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE)
        try:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
            print(speed(), *asyncio.run(measure((int(width), int(height)), given.seconds)), speed(), sep="\n")
        finally:
            writer.kill()
            writer.wait()


# -- the other process: what supervisors and a server would write


def write(home: str, runs: int, lines: int) -> None:
    """Make the folders, say so, and go on until killed."""
    from busy import BusyServer

    from launcher import paths
    from launcher.metrics.recorder import Recorder

    folders = [paths.RunPaths.of(f"3693671{number:05}") for number in range(runs)]
    locks = [_make_run(run, number) for number, run in enumerate(folders)]
    server, now = BusyServer(), int(time.time())
    recorders = [Recorder(run.metrics) for run in folders]
    for second in range(now - HISTORY_S, now):
        server.tick()
        page = server.page()
        for recorder in recorders:
            recorder.record(page, second * 1000)
    print("ready", flush=True)
    due, batch = time.time(), 0
    with open(folders[-1].output, "ab", buffering=0) as log:
        while locks:
            if batch % BATCHES == 0:
                server.tick()
                page = server.page()
                for recorder in recorders:
                    recorder.record(page, int(time.time() * 1000))
            log.write(b"".join(_line(batch * 1000 + n) for n in range(lines // BATCHES)))
            batch, due = batch + 1, due + 1 / BATCHES
            time.sleep(max(0.0, due - time.time()))


def _line(number: int) -> bytes:
    words = f"Engine 000: Avg prompt throughput: {number % 977}.1 tokens/s, Running: {number % 31} reqs, KV: 12.3%"
    stamp = time.strftime("%m-%d %H:%M:%S")
    return f"\x1b[36m(EngineCore pid=4711)\x1b[0;0m INFO {stamp} [loggers.py:259] {words} {number}\n".encode()


def _make_run(run: object, number: int) -> int:
    """A ready run with a lock that is held, so that nobody adopts it."""
    from launcher import paths

    assert isinstance(run, paths.RunPaths)
    screens.make_run(run.folder, number)
    os.makedirs(run.metrics)
    with open(run.output, "wb") as file:
        file.write(b"".join(_line(n) for n in range(200)))
    lock = os.open(run.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


# -- the screen


async def measure(size: tuple[int, int], seconds: float) -> list[str]:
    """Open the log of the newest run and count; then press keys. (While an app runs, it takes what is printed.)"""
    output = screens.encode()

    from tui.app import VdeckApp
    from tui.detail.log_view import LogView

    def lines() -> int:
        shown = app.main.query_one(LogView).lines if app.main.query(LogView) else None
        return shown.count if shown is not None else 0

    app = VdeckApp()
    async with app.run_test(size=size) as pilot:
        await screens.until(lambda: app.main.snapshot is not None and bool(app.main.query("DetailTabs")))
        snapshot = app.main.snapshot
        assert snapshot is not None and len(snapshot.figures) == len(snapshot.runs), "not every run has figures"
        await pilot.press("3")
        await screens.until(lambda: lines() > 10_000)
        await asyncio.sleep(2)
        view = app.main.query_one(LogView)
        before, begun, cpu, clock = output.bytes, lines(), time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        spent, cpu = time.monotonic() - clock, time.process_time() - cpu
        seen = (lines() - begun) / spent
        words = (
            f"{len(snapshot.runs)} runs at 1 Hz, {seen:,.0f} log lines/s followed, {size[0]}x{size[1]}: "
            f"{100 * cpu / spent:.1f} % of a core, {(output.bytes - before) / spent / 1000:.0f} kB/s to the terminal"
        )
        assert seen > 0 and output.bytes > before
        return [words, *await _keys(app, view, output)]


async def _keys(app: object, view: object, output: screens.Output) -> list[str]:
    """Two thirds scroll in the busy log, the rest goes from run to run: from the key to the write that shows it."""
    from textual.events import Key

    from tui.app import VdeckApp
    from tui.detail.log_view import LogView

    assert isinstance(app, VdeckApp) and isinstance(view, LogView)
    table = app.main.table
    times: dict[str, list[float]] = {"log": [], "runs": []}

    async def press(key: str, state: Callable[[], float], into: list[float]) -> None:
        before, done = state(), asyncio.Event()

        def look(now: float, size: int) -> None:
            if state() != before and not done.is_set():
                into.append(now - began)
                done.set()

        output.listeners.append(look)
        began = time.perf_counter()
        app.post_message(Key(key, None))
        try:
            await asyncio.wait_for(done.wait(), 10)
        except TimeoutError:
            raise AssertionError(f"{key}: nothing came of it") from None
        output.listeners.remove(look)
        await asyncio.sleep(0.05)

    view.focus()
    for _ in range(KEYS * 2 // 3):
        view.set_follow(True)
        await asyncio.sleep(0.05)
        await press("up", lambda: view.at_end, times["log"])
    table.focus()
    await asyncio.sleep(0.5)
    for number in range(KEYS // 3):
        await press("down" if number % 40 < 20 else "up", lambda: table.cursor_row, times["runs"])
    found = []
    both = times["log"] + times["runs"]
    for name, values in (("in the log", times["log"]), ("from run to run", times["runs"]), ("all", both)):
        cuts = statistics.quantiles(values, n=100)
        found.append(
            f"key to paint, {name}, {len(values)} keys: p50 {cuts[49] * 1000:.1f} ms  p95 {cuts[94] * 1000:.1f} ms  "
            f"p99 {cuts[98] * 1000:.1f} ms  max {max(values) * 1000:.1f} ms"
        )
    return found


if __name__ == "__main__":
    main()
