"""What recording costs: CPU, memory and disk for one busy server at 1 Hz. And what reading it back costs.

    python tests/bench/bench_recorder.py [--seconds 30] [--hours 24] [--only live|disk]

live: a stand-in server in another process answers a real 627-line page whose counters change as under load; a bare
      process (no pytest, no screen) scrapes it once a second. Target: at most 0.8 % of one core, 40 MB resident.
disk: the same pages recorded as fast as possible, with times one second apart. Target: at most 25 MB for 24 h. Then the
      panels of several windows and the figures of the table are read from it. Target: at most 300 ms for 24 h.
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(ROOT, "tests", "launcher", "metrics", "metrics-h200.txt.gz")
sys.path.insert(0, ROOT)


class BusyServer:
    """A page that moves as that of a server with ten requests a second: most histograms change every second."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        with gzip.open(PAGE, "rt", encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.at = {line.rpartition(" ")[0]: i for i, line in enumerate(self.lines) if line and line[0] != "#"}
        self.values = {front: float(self.lines[i].rpartition(" ")[2]) for front, i in self.at.items()}
        self.buckets: dict[str, list[tuple[float, str]]] = {}
        for front in self.at:
            name, brace, rest = front.partition("_bucket{")
            if brace and ("completions" in rest or "handler" not in rest):
                bound = rest.partition('le="')[2].partition('"')[0]
                self.buckets.setdefault(name, []).append((float(bound), front))

    def set(self, front: str, value: float) -> None:
        self.values[front] = value
        self.lines[self.at[front]] = f"{front} {value!r}"

    def add(self, prefix: str, amount: float) -> None:
        for front in self.at:
            if front.startswith(prefix):
                self.set(front, self.values[front] + amount)
                return
        raise KeyError(prefix)

    def observe(self, name: str, values: list[float]) -> None:
        for bound, front in self.buckets[name]:
            count = sum(1 for value in values if value <= bound)
            if count:
                self.set(front, self.values[front] + count)
        rest = self.buckets[name][0][1].partition("{")[2]
        part = '{handler="/v1/completions"' if "completions" in rest else ("{" if "engine" in rest else "")
        self.add(f"{name}_count{part}", len(values))
        self.add(f"{name}_sum{part}", sum(values))

    def tick(self) -> None:
        """One second of load."""
        rnd = self.random
        done = max(0, round(rnd.gauss(10, 3)))
        started = max(0, round(rnd.gauss(10, 3)))
        steps = max(1, round(rnd.gauss(38, 2)))
        running = round(rnd.gauss(60, 4))
        tokens = running * steps
        prompt = [round(rnd.lognormvariate(6, 0.8)) for _ in range(started)]
        output = [round(rnd.lognormvariate(5.3, 0.6)) for _ in range(done)]
        self.set(next(f for f in self.at if f.startswith("vllm:num_requests_running")), float(running))
        waiting = float(max(0, round(rnd.gauss(2, 2))))
        self.set(next(f for f in self.at if f.startswith("vllm:num_requests_waiting{")), waiting)
        self.set(next(f for f in self.at if f.startswith("vllm:kv_cache_usage")), running * 520 / 56_227)
        self.add("vllm:generation_tokens_total", tokens)
        self.add("vllm:prompt_tokens_total", sum(prompt))
        self.add("vllm:prompt_tokens_by_source_total", sum(prompt))
        self.add("vllm:prefix_cache_queries_total", sum(prompt))
        self.add("vllm:prefix_cache_hits_total", sum(prompt) // 48 * 16)
        self.add("process_cpu_seconds_total", round(rnd.gauss(0.4, 0.03), 2))
        self.add("python_gc_objects_collected_total", rnd.randrange(400))
        self.add('vllm:request_success_total{engine="0",finished_reason="length"', done)
        self.add('http_requests_total{handler="/v1/completions"', done)
        self.observe("vllm:iteration_tokens_total", [running + rnd.choice((0, 0, 0, 300)) for _ in range(steps)])
        self._tokens(tokens)
        self._requests(prompt, output)

    def _tokens(self, tokens: int) -> None:
        """Token latencies by the bucket: 2,000 of them a second one by one would take longer than the recording."""
        name = "vllm:inter_token_latency_seconds"
        share = [0.02, 0.55, 0.38, 0.04, 0.01]
        below = 0.0
        for index, (_, front) in enumerate(self.buckets[name]):
            below += share[index] if index < len(share) else 0.0
            noise = self.random.randrange(9) if index < 4 else 0
            self.set(front, self.values[front] + min(tokens, round(tokens * below) - noise))
        self.add(f"{name}_count", tokens)
        self.add(f"{name}_sum", tokens * self.random.gauss(0.026, 0.001))

    def _requests(self, prompt: list[int], output: list[int]) -> None:
        rnd = self.random
        self.observe("vllm:time_to_first_token_seconds", [rnd.lognormvariate(-2, 0.7) for _ in prompt])
        for name, scale in (
            ("e2e_request_latency", 6.0),
            ("request_inference_time", 5.5),
            ("request_decode_time", 5.0),
            ("request_prefill_time", 0.1),
            ("request_queue_time", 0.05),
        ):
            self.observe(f"vllm:{name}_seconds", [rnd.lognormvariate(0, 0.5) * scale for _ in output])
        self.observe("vllm:request_time_per_output_token_seconds", [rnd.gauss(0.027, 0.003) for _ in output])
        for name in ("request_generation_tokens", "request_max_num_generation_tokens"):
            self.observe(f"vllm:{name}", [float(one) for one in output])
        for name in ("request_prompt_tokens", "request_prefill_kv_computed_tokens"):
            self.observe(f"vllm:{name}", [float(one) for one in prompt[: len(output)]])
        self.observe("vllm:request_params_n", [1.0 for _ in output])
        self.observe("vllm:request_params_max_tokens", [512.0 for _ in output])
        seconds = [rnd.lognormvariate(1.8, 0.5) for _ in output]
        self.observe("http_request_duration_highr_seconds", seconds)
        self.observe("http_request_duration_seconds", seconds)

    def page(self) -> bytes:
        return "\n".join(self.lines).encode()


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


def read(folder: str) -> None:
    """Cold: a new History, the files in the page cache. Warm: the next second, the blocks unpacked already."""
    from launcher.metrics import catalog, figures
    from launcher.metrics.history import History

    for name, seconds in (("24 h", 86_400), ("6 h", 21_600), ("1 h", 3600), ("5 min", 300)):
        started = time.perf_counter()
        history = History(folder)
        history.refresh()
        spent = []
        for _ in range(2):
            end = history.latest_ms or 0
            panels = catalog.charts(history, start_ms=end - seconds * 1000, end_ms=end, points=300).panels
            spent.append(time.perf_counter() - started)
            started = time.perf_counter()
        assert all(panel.note is None for panel in panels if not panel.absent), panels
        print(f"read   {name}: {spent[0] * 1000:.0f} ms cold, {spent[1] * 1000:.0f} ms warm (target for 24 h: 300)")
    spent = []
    for _ in range(101):
        started = time.perf_counter()
        figures.current(history, now_ms=(history.latest_ms or 0) + 300)
        spent.append(time.perf_counter() - started)
    print(f"       figures of the table: {sorted(spent)[50] * 1000:.2f} ms (median)")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--hours", type=float, default=24.0)
    options.add_argument("--only", choices=("live", "disk"))
    options.add_argument("--folder", help="keep the store of `disk` here")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        serve()
    else:
        if chosen.only in (None, "live"):
            live(chosen.seconds, 0)
            live(chosen.seconds, 8)
        with tempfile.TemporaryDirectory() as temporary:
            folder = chosen.folder or temporary
            if chosen.only in (None, "disk"):
                disk(chosen.hours, folder)
                read(folder)


if __name__ == "__main__":
    main()
