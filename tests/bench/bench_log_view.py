"""A log of any size in the Logs tab: how soon its end is painted, how soon a search shows its first hit, and memory.

    python tests/bench/bench_log_view.py [--size 1GB] [--folder FOLDER] [--times 5] [--screen 120x40]

The screen is the whole VdeckApp in this process, its driver encodes to ANSI. Both figures go from the key to the write
that shows it. The log is made in ``--folder`` (default: a temporary one) and taken away. Goals: opened within 100 ms,
the first hit painted within 50 ms (it stands in the first megabyte, the reader at the end of the file), at most 50 MB
more memory than before, also after the whole file was read through and counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, HERE]

import screens  # noqa: E402
from machine import speed  # noqa: E402

UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
WORD = "needle"


def main() -> None:
    """Make the log, measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--size", default="1GB")
    options.add_argument("--folder")
    options.add_argument("--times", type=int, default=5)
    options.add_argument("--screen", default="120x40")
    given = options.parse_args()
    width, _, height = given.screen.partition("x")
    with tempfile.TemporaryDirectory(dir=given.folder) as home:
        os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home, VDECK_ENGINES=os.path.join(home, "engines"))
        size = int(given.size[:-2]) * UNITS[given.size[-2:].upper()]
        make(size)
        lines = asyncio.run(measure((int(width), int(height)), given.times))
        print(speed(), *lines, speed(), sep="\n")


def make(size: int) -> None:
    """Two ended runs: a short log, and one of ``size`` bytes, most of it an access log; one line has the word."""
    from launcher import paths

    began = time.time() - 7200
    for number in range(2):
        run = paths.RunPaths.of(f"3693671{number:05}")
        screens.make_run(
            run.folder, number, status="terminated", phase=None, ready=False, ended=began + 3600 + number, began=began
        )
        with open(run.output, "wb") as file:
            if number == 0:
                file.write(_block(0, 200))
            else:
                _fill(file.write, size)


def _fill(write: Callable[[bytes], object], size: int) -> None:
    block = _block(0, 10_000)
    write(
        block[:500_000].rpartition(b"\n")[0]
        + f"\n(EngineCore pid=9) INFO 11-22 06:32:15 [x.py:1] the {WORD}\n".encode()
    )
    for _ in range(size // len(block)):
        write(block)


def _block(start: int, count: int) -> bytes:
    lines = []
    for number in range(start, start + count):
        stamp = f"11-22 06:{number // 60 % 60:02}:{number % 60:02}"
        if number % 12 == 0:
            words = f"Avg prompt throughput: {number % 977}.1 tokens/s, Running: {number % 31} reqs, KV: 12.3%"
            lines.append(f"(APIServer pid=4711) INFO {stamp} [loggers.py:259] Engine 000: {words}")
        elif number % 501 == 0:
            lines.append(f"(EngineCore pid=4712) ERROR {stamp} [core.py:99] request {number} failed")
        else:
            client = f"10.0.0.{number % 250}:{number % 60000}"
            lines.append(f'(APIServer pid=4711) INFO:     {client} - "POST /v1/chat/completions HTTP/1.1" 200 OK')
    return ("\n".join(lines) + "\n").encode()


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measure(size: tuple[int, int], times: int) -> list[str]:
    """Go from the short log to the long one again and again; then search."""
    output = screens.encode()

    from textual.events import Key
    from textual.widgets import Input

    from tui.app import VdeckApp
    from tui.detail.log_pane import LogPane
    from tui.detail.log_view import LogView

    app = VdeckApp()

    async def press(key: str, state: Callable[[], bool]) -> float:
        """Milliseconds from the key to the first write after which the state is there."""
        done = asyncio.Event()
        ended = 0.0

        def look(now: float, size: int) -> None:
            nonlocal ended
            if state() and not done.is_set():
                ended = now
                done.set()

        output.listeners.append(look)
        began = time.perf_counter()
        app.post_message(Key(key, key if len(key) == 1 else None))
        await asyncio.wait_for(done.wait(), 60)
        output.listeners.remove(look)
        return 1000 * (ended - began)

    async with app.run_test(size=size) as pilot:
        await screens.until(lambda: app.main.snapshot is not None and bool(app.main.query("DetailTabs")))
        assert app.main.snapshot is not None
        small, big = sorted(run.id for run in app.main.snapshot.runs)
        app.main.select(small)
        await pilot.press("3")
        await screens.until(lambda: bool(app.main.query(LogView)) and bool(app.main.query_one(LogView).cells()))
        pane, view = app.main.query_one(LogPane), app.main.query_one(LogView)

        def shows(run_id: str) -> bool:
            return pane.shown_run is not None and pane.shown_run.id == run_id and bool(view.cells())

        await screens.until(lambda: shows(small))
        await asyncio.sleep(0.5)
        there, back = ("up", "down") if app.main.table.cursor_row else ("down", "up")
        resident = _resident()
        opened = []
        for _ in range(times):
            opened.append(await press(there, lambda: shows(big)))
            await asyncio.sleep(0.3)
            await press(back, lambda: shows(small))
            await asyncio.sleep(0.3)
        await press(there, lambda: shows(big))
        while_read = _Peak()
        began = time.perf_counter()
        await while_read.until(lambda: pane._rows is not None and pane._rows.complete)
        spent = time.perf_counter() - began
        view.focus()
        hits = []
        for _ in range(times):
            await pilot.press("slash")
            field = app.main.query_one("#log-field", Input)
            with field.prevent(Input.Changed):  # the search begins with the last letter
                field.value, field.cursor_position = WORD[:-1], len(WORD) - 1
            hits.append(await press(WORD[-1], lambda: view.current is not None and view.in_view(view.current)))
            await pilot.press("escape")
            await screens.until(lambda: view.at_end)
            await asyncio.sleep(0.2)
        after = _resident()
        rows = view.lines.count if view.lines is not None else 0
    return [
        f"{rows:,} lines, {size[0]}x{size[1]}; opened at its end: "
        f"median {statistics.median(opened):.1f} ms, worst {max(opened):.1f} ms (goal 100)",
        f"read through in {spent:.1f} s beside the screen, which answered within {while_read.worst * 1000:.0f} ms",
        f"first hit painted: median {statistics.median(hits):.1f} ms, worst {max(hits):.1f} ms (goal 50)",
        f"memory: {(while_read.resident - resident) / 1e6:.1f} MB more while reading, "
        f"{(after - resident) / 1e6:.1f} MB more at the end (goal 50)",
    ]


class _Peak:
    """The longest time that the event loop did not come round, and the most memory meanwhile."""

    def __init__(self) -> None:
        self.worst = 0.0
        self.resident = 0

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, time.perf_counter() - began - 0.005)
            self.resident = max(self.resident, _resident())


if __name__ == "__main__":
    main()
