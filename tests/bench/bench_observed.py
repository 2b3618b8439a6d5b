"""What a server loses by being watched: throughput of one real vLLM, watched by vdeck once a second, and not.

    python tests/bench/bench_observed.py [--rounds 15] [--seconds 3] [--lanes 8] [--size 120x40] [--port PORT]

One vLLM (the tiny example on the CPU, or the one that serves on PORT of this machine already) stays up all the time
under a steady load of so many requests at once. First a vdeck supervisor watches it, attached: it scrapes /metrics and
records at 1 Hz. Then, too, the whole screen in a pseudo terminal with the Metrics tab open. Whoever watches is held
still (SIGSTOP) and let go in turn: a round is four short stretches, watched, not, not, watched, so that a drift of the
machine falls out, and many rounds stand against the noise of those who share it.

Printed for both: generated tokens a second (the server's own counter), watched by unwatched stretches of each round:
the median and the middle half of the rounds. Goal: at least 0.99. Beside it the CPU time that the processes of the
server spend on a token, in the same way; there more than 1 is worse. "Noise" is the second unwatched stretch against
the first: how far the same comparison goes astray where nothing differs. Before all that: what one page costs the
server, by many in a row while it is idle. "By account" is that and the CPU time of those who watch, each second, taken
from the cores that the server keeps busy: the most that it can lose where it uses all there are, and the one figure
that does not shake with the machine.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

import processes  # noqa: E402
from load import Load  # noqa: E402
from terminals import Terminal  # noqa: E402
from watchers import FIRST_FIGURES, attached  # noqa: E402

from launcher.host import ports  # noqa: E402
from launcher.metrics.exposition import Parser  # noqa: E402
from launcher.metrics.scrape import Scraper  # noqa: E402
from launcher.runs import control  # noqa: E402

MANIFEST = ROOT / "examples" / "tiny.yaml"
START_S = 300.0
SETTLE_S = 2.0
TURN_S = 0.3
"""After a change of turns, before it counts."""
WARM_S = 10.0
TURNS = (True, False, False, True)
PAGES = 200


class Stretch(NamedTuple):
    """``speed``: generated tokens a second; ``cost``: CPU seconds of the server by token; ``watching``: cores that
    those who watch used."""

    speed: float
    cost: float
    watching: float


def main() -> None:
    """Measure and print."""
    processes.end_in_order()
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--lanes", type=int, default=8)
    options.add_argument("--size", default="120x40")
    options.add_argument("--port", type=int, help="of a vLLM that runs; without, one is started")
    given = options.parse_args()
    width, _, height = given.size.partition("x")
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home)
        port, pid = stack.enter_context(server()) if given.port is None else (given.port, running(given.port))
        bench = Bench(port, pid, given.seconds, (int(width), int(height)))
        bench.page_cost()
        load = Load(port, given.lanes)
        stack.callback(load.close)
        time.sleep(WARM_S)
        for screen in (False, True):
            bench.run(given.rounds, screen=screen)


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """The command line that vdeck would run, started by hand; port and pid, once it serves."""
    prepared = control.prepare(MANIFEST.read_text(), file=str(MANIFEST))
    assert prepared.plan is not None, prepared.refusal
    port = prepared.plan.record.ports[0].port
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            list(prepared.plan.record.steps[0].argv), stdout=log, stderr=log, env=env, start_new_session=True
        )
        try:
            deadline = time.monotonic() + START_S
            while not _answers(port):
                assert child.poll() is None and time.monotonic() < deadline, "vLLM did not start"
                time.sleep(0.2)
            yield port, child.pid
        finally:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def running(port: int) -> int:
    """The process that serves on this port."""
    found = ports.holder(port)
    if found is None or found.pid is None:
        raise SystemExit(f"error: no process of this user serves on port {port}")
    return found.pid


def _answers(port: int) -> bool:
    try:
        Scraper("127.0.0.1", port).get()
    except OSError:
        return False
    return True


class Bench:
    """One server under load."""

    def __init__(self, port: int, pid: int, seconds: float, size: tuple[int, int]) -> None:
        self.port, self.seconds, self.size = port, seconds, size
        self.pids = processes.tree([pid])
        self.scraper = Scraper("127.0.0.1", port)
        self.page_s = 0.0

    def page_cost(self) -> None:
        """CPU of the idle server for one page."""
        time.sleep(SETTLE_S)
        before, began = processes.cpu_s(self.pids), time.monotonic()
        for _ in range(PAGES):
            page = self.scraper.get()
        spent, took = processes.cpu_s(self.pids) - before, time.monotonic() - began
        before = processes.cpu_s(self.pids)
        time.sleep(took)
        self.page_s = (spent - (processes.cpu_s(self.pids) - before)) / PAGES
        size = f"{len(page) / 1000:.0f} kB"
        print(f"one page of {size} costs the server {self.page_s * 1000:.1f} ms of CPU, above its idling", flush=True)

    def run(self, rounds: int, *, screen: bool) -> None:
        """All rounds with the supervisor, or with supervisor and screen; then the ratios."""
        with self._watched(screen=screen) as pids:
            time.sleep(SETTLE_S)
            try:
                found = [[self._stretch(pids, watched=watched) for watched in TURNS] for _ in range(rounds)]
            finally:
                _send(pids, signal.SIGCONT)  # who is held still cannot be detached
        self._tell("supervisor and screen" if screen else "supervisor", found)

    @contextmanager
    def _watched(self, *, screen: bool) -> Iterator[list[int]]:
        """Who watches: their pids."""
        with attached([self.port]) as supervisors:
            if not screen:
                yield supervisors
                return
            argv = [sys.executable, "-m", "tui.cli"]
            terminal = Terminal(argv, os.environ, size=self.size, pattern=FIRST_FIGURES, cwd=str(ROOT))
            try:
                terminal.wait(60)
                terminal.press("2")
                yield [*supervisors, terminal.pid]
            finally:
                terminal.close()

    def _stretch(self, pids: list[int], *, watched: bool) -> Stretch:
        _send(pids, signal.SIGCONT if watched else signal.SIGSTOP)
        time.sleep(TURN_S)
        tokens, cpu, began = self._tokens(), processes.cpu_s(self.pids), time.monotonic()
        watching = processes.cpu_s(pids)
        time.sleep(self.seconds)
        spent = time.monotonic() - began
        cpu, tokens = processes.cpu_s(self.pids) - cpu, self._tokens() - tokens
        assert tokens > 0
        return Stretch(tokens / spent, cpu / tokens, (processes.cpu_s(pids) - watching) / spent)

    def _tokens(self) -> float:
        """Generated so far."""
        page = Parser().parse(self.scraper.get())
        pairs = zip(page.series, page.values)
        return sum(value for series, value in pairs if series.name == "vllm:generation_tokens_total")

    def _tell(self, who: str, rounds: list[list[Stretch]]) -> None:
        speed = statistics.median(one.speed for stretches in rounds for one in stretches)
        cores = statistics.median(one.speed * one.cost for stretches in rounds for one in stretches)
        print(f"{who}: {len(rounds)} rounds, {speed:.0f} tokens/s, {cores:.2f} cores", flush=True)
        watching = statistics.mean(one.watching for stretches in rounds for one in (stretches[0], stretches[3]))
        taken = self.page_s + watching
        print(
            f"  by account: one page {1000 * self.page_s:.1f} ms of CPU each second, those who watch "
            f"{1000 * watching:.1f} ms, of {cores:.2f} busy cores: {1 - taken / cores:.4f} is left (goal 0.99)"
        )
        for column, title in (
            (0, "throughput, watched by unwatched (goal: at least 0.99)"),
            (1, "server CPU by token"),
        ):
            values = [[stretch[column] for stretch in stretches] for stretches in rounds]
            print(f"  {title}: {_middle([(a + d) / (b + c) for a, b, c, d in values])}")
            print(f"    noise: {_middle([c / b for _, b, c, _ in values])}")


def _middle(ratios: list[float]) -> str:
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"median {middle:.3f} (middle half {low:.3f} to {high:.3f})"


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


if __name__ == "__main__":
    main()
