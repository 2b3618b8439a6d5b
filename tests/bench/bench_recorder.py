"""What recording costs: CPU, memory and disk for one busy server at 1 Hz. And what reading it back costs.

    python tests/bench/bench_recorder.py [--seconds 30] [--hours 24] [--only live|disk|read|open] [--folder STORE]

live: a stand-in server in another process answers a real 627-line page whose counters change as under load; a bare
      process (no pytest, no screen) scrapes it once a second. Target: at most 0.8 % of one core, 40 MB resident.
disk: the same pages recorded as fast as possible, with times one second apart. Target: at most 25 MB for 24 h.
open: the whole screen (ANSI encoding on) with runs that have this store: from the key that opens the Metrics tab, at a
      window of 24 h, to the last byte of the picture. Target: at most 300 ms. "Again": the blocks are unpacked already.
read: the charts of several windows alone, with as many points as the screen asked for, and the figures of the table.
      Cold: a new History, the files in the page cache. Warm: the same again. Target: at most 300 ms for 24 h.

The store takes minutes to record; --folder keeps it, and one that is there is not recorded again.
"""

from __future__ import annotations

import argparse
import http.server
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, HERE]

from busy import BusyServer  # noqa: E402
from machine import speed  # noqa: E402

SIZES = ((120, 40), (200, 60))
ZOOMED = 380
"""The points of one chart that has all the width of a terminal of 200 columns."""


def serve() -> None:
    """The stand-in: prints its port, then answers a new page at every request."""
    server = BusyServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.tick()
            body = server.page()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=1.0.0; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    listener = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    print(listener.server_address[1], flush=True)
    listener.serve_forever()


SCRAPE = """
import os, sys, time
from launcher import paths
from launcher.host.sensors import Reading
from launcher.metrics.gpu_page import GpuPages
from launcher.metrics.recorder import Recorder
from launcher.metrics.scrape import Scraper
from launcher.runs.keeper import Keeper
from launcher.runs.observe import Observer
from launcher.runs.state import State
port, seconds, folder, gpus = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
scraper, recorder, pages = Scraper("127.0.0.1", port), Recorder(folder), GpuPages()
observer = Observer(Keeper(paths.RunPaths(folder), State()), lambda kind: None)
def extra(second):
    if not gpus:
        return None
    busy = second % 7 / 7
    readings = [
        Reading(i, "GPU", busy, 7e10 + second, 8e10, 600 + busy, 700.0, 60.0, 1.98e9, 2.6e9, ((1, 6 * 10**10),))
        for i in range(gpus)
    ]
    return pages.page(readings, lambda pid: "VLLM::EngineCore")
recorder.record(scraper.get(), time.time_ns() // 1_000_000)  # the first page is parsed slowly, once
before, begun, longest = time.process_time(), time.monotonic(), 0.0
for second in range(1, seconds + 1):
    time.sleep(max(0.0, begun + second - time.monotonic()))
    page, started = scraper.get(), time.perf_counter()
    observer.page(recorder.record(page, time.time_ns() // 1_000_000, extra=extra(second)), time.monotonic())
    longest = max(longest, time.perf_counter() - started)
cpu, wall = time.process_time() - before, time.monotonic() - begun
resident = int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
print(cpu, wall, resident, longest, len(sys.modules), recorder.faults.count)
"""
"""What the supervisor does, and nothing beside it: scrape, record, judge. The sensors of a GPU are made up here; what
NVML takes is said by ``vdeck doctor --gpus`` on a machine that has some."""


def live(seconds: int, gpus: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            argv = [sys.executable, "-c", SCRAPE, port, str(seconds), folder, str(gpus)]
            words = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT).stdout.split()
        finally:
            server.kill()
            server.wait()
    cpu, wall, resident, longest = (float(word) for word in words[:4])
    print(
        f"live   {gpus} GPUs: {cpu / wall * 100:.2f} % of a core (target 0.8), "
        f"{cpu / seconds * 1000:.2f} ms CPU a scrape"
    )
    print(f"       {resident / 1e6:.1f} MB resident (target 40), {words[4]} modules loaded")
    print(f"       longest record() {longest * 1000:.1f} ms, faults {words[5]}")


def disk(hours: float, folder: str) -> None:
    from launcher.metrics.recorder import Recorder

    server, recorder = BusyServer(), Recorder(folder)
    now = 1_795_000_000_000
    cpu = longest = 0.0
    count = int(hours * 3600)
    for _ in range(count):
        server.tick()
        page = server.page()
        now += 1000 + server.random.randrange(-4, 5)
        started = time.perf_counter()
        recorder.record(page, now)
        spent = time.perf_counter() - started
        cpu += spent
        longest = max(longest, spent)
    recorder.close()
    sizes: dict[str, int] = {}
    for entry in os.scandir(folder):
        sizes[entry.name.partition("-")[0]] = sizes.get(entry.name.partition("-")[0], 0) + entry.stat().st_size
    total = sum(sizes.values())
    print(f"disk   {hours:g} h: {total / 1e6:.2f} MB; 24 h at that rate: {total / hours * 24 / 1e6:.1f} MB (target 25)")
    print("       " + ", ".join(f"{level} {size / 1e6:.2f} MB" for level, size in sorted(sizes.items())))
    print(f"       {total / count:.0f} bytes a sample")
    print(f"       record() {cpu / count * 1000:.2f} ms mean, {longest * 1000:.1f} ms at most")


def read(folder: str, points: list[int]) -> None:
    """Each window at each number of points, cold and warm; then the figures of the table."""
    for name, seconds in (("24 h", 86_400), ("6 h", 21_600), ("1 h", 3600), ("5 min", 300)):
        for count in points:
            _charts(folder, name, seconds, count)
    _figures(folder)


def _charts(folder: str, name: str, seconds: int, points: int) -> None:
    from launcher.metrics import catalog
    from launcher.metrics.history import History

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(5):
        clock = time.process_time()
        history = History(folder)
        for found in times:
            history.refresh()
            end = history.latest_ms or 0
            charts = catalog.charts(history, start_ms=end - seconds * 1000, end_ms=end, points=points)
            found.append(time.process_time() - clock)
            clock = time.process_time()
        assert all(panel.note is None for panel in charts.panels if not panel.absent), charts.panels
    cold, warm = (sorted(found)[2] * 1000 for found in times)
    print(f"read   {name}, {points} points: {cold:.0f} ms cold, {warm:.0f} ms warm (CPU; target for 24 h: 300)")


def _figures(folder: str) -> None:
    from launcher.metrics import figures
    from launcher.metrics.history import History

    history = History(folder)
    history.refresh()
    for name, look in (("of the table", figures.brief), ("of the chosen run", figures.current)):
        spent = []
        for _ in range(101):
            started = time.process_time()
            look(history, now_ms=(history.latest_ms or 0) + 300)
            spent.append(time.process_time() - started)
        print(f"       figures {name}: {sorted(spent)[50] * 1000:.2f} ms (median)")


def opened(folder: str) -> list[int]:
    """Print what the screen takes to open the day, at each size; the points that it asked for."""
    from opening import opening

    return [opening(folder, size) for size in SIZES]


def stored(folder: str) -> bool:
    """Whether a day was recorded there before."""
    from launcher.metrics.history import History

    history = History(folder)
    history.refresh()
    latest, earliest = history.latest_ms, history.earliest_ms
    return latest is not None and earliest is not None and latest - earliest > 0.99 * 86_400_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--hours", type=float, default=24.0)
    options.add_argument("--only", choices=("live", "disk", "read", "open"))
    options.add_argument("--folder", help="keep the store of `disk` here, or read the one that is here")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        serve()
        return
    print(speed())
    if chosen.only in (None, "live"):
        live(chosen.seconds, 0)
        live(chosen.seconds, 8)
    if chosen.only == "live":
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or temporary
        if not stored(folder):
            disk(chosen.hours, folder)
        elif chosen.only == "disk":
            print(f"disk   {folder} has a day already")
        points = opened(folder) if chosen.only in (None, "open", "read") else []
        if chosen.only in (None, "read"):
            read(folder, [*points, ZOOMED])


if __name__ == "__main__":
    main()
