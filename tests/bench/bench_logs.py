"""What a log of 1 GB costs: to open at its end, to hold, to follow, to search, against grep, less and toolong.

    python tests/bench/bench_logs.py [--size BYTES] [--without-toolong]

Goals: open at most 100 ms, memory at most 50 MB above the start, first hit at most 50 ms, 1 GB/s for a literal or a
case-sensitive pattern, 150 MB/s without case. toolong (a public package, no dependency) is installed in an environment
of its own in the temporary folder; without it, the bench says so.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "bench")]

from machine import speed  # noqa: E402
from terminals import Terminal  # noqa: E402

from launcher.logs.lens import Lens  # noqa: E402
from launcher.logs.map import LogMap  # noqa: E402
from launcher.logs.rows import Rows  # noqa: E402
from launcher.logs.search import Pending, Search  # noqa: E402

LINES = 200_000
LAST = "the very last line of it"
FOLLOWED_PER_S = 5000
FOLLOW_S = 10.0


def line(number: int, rnd: random.Random) -> str:
    """92 % access log, then figures, notes, warnings, and an error in a thousand lines."""
    at, kind = time.strftime("%m-%d %H:%M:%S", time.gmtime(1_790_000_000 + number // 1000)), rnd.random()
    if kind < 0.92:
        port = rnd.randrange(30000, 60000)
        return f'(APIServer pid=4711) INFO:     127.0.0.1:{port} - "POST /v1/chat/completions HTTP/1.1" 200 OK\n'
    if kind < 0.97:
        figures = f"{rnd.random() * 9000:.1f} tokens/s, Running: {rnd.randrange(99)} reqs, Waiting: 0 reqs"
        return f"(APIServer pid=4711) INFO {at} [loggers.py:273] Engine 000: Avg generation throughput: {figures}\n"
    if kind < 0.99:
        return (
            f"(EngineCore pid=4800) INFO {at} [scheduler.py:90] request chatcmpl-{rnd.getrandbits(64):016x} finished\n"
        )
    if kind < 0.999:
        return f"(Worker_TP0 pid=4900) WARNING {at} [shm_broadcast.py:111] No available shared memory broadcast block\n"
    return f"(EngineCore pid=4800) ERROR {at} [core.py:946] request req-{number} failed: boom\n"


def make(path: str, size: int) -> None:
    """A log of at least so many bytes, with a needle in the middle."""
    rnd = random.Random(1)
    block = "".join(line(number, rnd) for number in range(LINES))
    with open(path, "w", encoding="ascii") as file:
        while file.tell() < size // 2:
            file.write(block)
        file.write("  a needle-Alpha in the haystack\n")
        while file.tell() < size:
            file.write(block)
        file.write(f"{LAST}\n")


def resident_mb() -> float:
    """Resident memory of this process, mapped pages included."""
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds, and what came out."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def opened(path: str) -> str:
    """The last screen of a log, as at the start."""
    rows = Rows(LogMap(path))
    return rows.lines(rows.count - 50, 50)[-1].raw


def counted(path: str, pattern: str, ignore: bool, lens: Lens = Lens()) -> int:  # noqa: B008
    """All hits, by steps as the screen makes them."""
    search = Search(LogMap(path), lens, pattern, ignore)
    while True:
        count, done = search.count_step(0.01)
        if done:
            return count


def first_hit(path: str, pattern: str) -> bool:
    """The first hit upwards from the end."""
    log = LogMap(path)
    search = Search(log, Lens(), pattern, False)
    while isinstance(found := search.previous(log.size), Pending):
        pass
    return found is not None


def scanned(path: str, lens: Lens) -> int:
    """Every row of a lens counted."""
    rows = Rows(LogMap(path), lens)
    while not rows.complete:
        rows.step()
    return rows.count


def grep(options: Sequence[str], pattern: str, path: str) -> int:
    """What ``grep -c`` counts."""
    done = subprocess.run(["grep", *options, "-e", pattern, path], capture_output=True, text=True, check=False)
    return int(done.stdout)


def compare(path: str, name: str, pattern: str, ignore: bool) -> None:
    """A count of ours and of grep, one after the other, twice: the better of each."""
    size = os.path.getsize(path)
    options = ["-ciE"] if ignore else ["-cE"]
    ours = [timed(lambda: counted(path, pattern, ignore)) for _ in range(2)]
    theirs = [timed(lambda: grep(options, pattern, path)) for _ in range(2)]
    assert ours[0][1] == theirs[0][1], (ours, theirs)
    mine, other = min(ours)[0], min(theirs)[0]
    print(
        f"count, {name}: {size / mine / 1e6:,.0f} MB/s, {mine / other:.2f} x grep {' '.join(options)} "
        f"({size / other / 1e6:,.0f} MB/s), {ours[0][1]:,} hits"
    )


def follow(path: str) -> None:
    """The share of a core that following takes while somebody writes."""
    writing = threading.Event()

    def work() -> None:
        argv = [sys.executable, "-c", _WRITER, path, str(FOLLOWED_PER_S)]
        with subprocess.Popen(argv) as child:
            writing.wait()
            child.kill()

    log = LogMap(path)
    for name, lens in (("everything", Lens()), ("without access log", Lens(hide_access=True))):
        rows = Rows(log, lens)
        while not rows.complete:
            rows.step()
        writing.clear()
        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(1.0)
        cpu, began, before = time.process_time(), time.perf_counter(), log.size
        while time.perf_counter() - began < FOLLOW_S:
            log.refresh()
            rows.refresh()
            rows.lines(rows.count - 50, 50)
            time.sleep(0.1)
        share = (time.process_time() - cpu) / (time.perf_counter() - began)
        grown = (log.size - before) / FOLLOW_S / 1000
        print(
            f"follow {FOLLOWED_PER_S:,} lines/s ({grown:,.0f} kB/s), {name}, 10 looks/s: {share * 100:.1f} % of a core"
        )
        writing.set()
        thread.join()


_WRITER = """
import sys, time
path, rate = sys.argv[1], int(sys.argv[2])
line = '(APIServer pid=4711) INFO:     127.0.0.1:4000 - "POST /v1/chat/completions HTTP/1.1" 200 OK\\n'
with open(path, 'a', buffering=1) as file:
    began = time.perf_counter(); written = 0
    while True:
        due = int((time.perf_counter() - began) * rate)
        if due > written:
            file.write(line * (due - written)); file.flush(); written = due
        time.sleep(0.02)
"""


def in_terminal(argv: Sequence[str], pattern: bytes) -> float:
    """Seconds until a program has painted a text."""
    terminal = Terminal(argv, os.environ, size=(120, 40), pattern=pattern)
    try:
        return terminal.wait(120)
    finally:
        terminal.close()


def toolong(folder: str) -> str | None:
    """The program, in an environment of its own; None when it cannot be had."""
    place = Path(folder, "toolong")
    venv.create(place, with_pip=True)
    argv = [str(place / "bin" / "pip"), "install", "--quiet", "toolong"]
    done = subprocess.run(argv, capture_output=True, timeout=300, check=False)
    return str(place / "bin" / "tl") if done.returncode == 0 else None


def foreign(path: str, folder: str, without_toolong: bool) -> None:
    """less and toolong open the same file."""
    if shutil.which("less"):
        print(f"less +G: {in_terminal(['less', '+G', path], LAST.encode()) * 1000:,.0f} ms to its last line")
    else:
        print("less is not installed")
    program = None if without_toolong else toolong(folder)
    if program is None:
        print("toolong: left out" if without_toolong else "toolong: could not be installed")
        return
    try:
        print(f"toolong: {in_terminal([program, path], b'very.last') * 1000:,.0f} ms to its last line")
    except SystemExit as error:
        print(f"toolong: {str(error)[:200]}")


def main() -> None:
    """Make the log, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1_000_000_000)
    parser.add_argument("--without-toolong", action="store_true")
    parser.add_argument("--make", metavar="PATH", help="only make the log")
    chosen = parser.parse_args()
    if chosen.make:
        make(chosen.make, chosen.size)
        return
    with tempfile.TemporaryDirectory(prefix="vdeck-bench-") as folder:
        path = os.path.join(folder, "output.log")
        argv = [sys.executable, __file__, "--make", path, "--size", str(chosen.size)]
        subprocess.run(argv, check=True)  # in another process: its memory is not ours
        print(f"log: {os.path.getsize(path):,} bytes; {speed()}")
        start = resident_mb()
        seconds, last = timed(lambda: opened(path))
        assert last == LAST
        print(f"open at the end: {seconds * 1000:.1f} ms (goal: at most 100 ms)")
        seconds, rows = timed(lambda: scanned(path, Lens()))
        print(f"all lines counted: {seconds:.2f} s, {rows:,} rows")
        seconds, _ = timed(lambda: first_hit(path, "boom"))
        print(f"first hit, upwards from the end: {seconds * 1000:.1f} ms (goal: at most 50 ms)")
        seconds, _ = timed(lambda: first_hit(path, "needle-Alpha"))
        print(f"the only hit, half the file away: {seconds * 1000:.0f} ms")
        compare(path, "literal", "needle-Alpha", False)
        compare(path, "literal without case", "needle-alpha", True)
        compare(path, "pattern", r"req-[0-9]+ failed", False)
        compare(path, "pattern without case", r"REQ-[0-9]+ FAILED", True)
        compare(path, "literal in nearly every line", "POST", False)
        for name, lens in (("errors", Lens(levels=frozenset({"ERROR"}))), ("no access log", Lens(hide_access=True))):
            seconds, rows = timed(lambda lens=lens: scanned(path, lens))  # type: ignore[misc]
            print(f"filter, {name}: {os.path.getsize(path) / seconds / 1e6:,.0f} MB/s, {rows:,} rows")
        print(f"memory after all that: {resident_mb() - start:.1f} MB above the start (goal: at most 50 MB)")
        foreign(path, folder, chosen.without_toolong)
        follow(path)


if __name__ == "__main__":
    main()
