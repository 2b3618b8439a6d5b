"""What a server loses by being watched: throughput of one real vLLM, watched by vdeck once a second, and not.

    python tests/bench/bench_observed.py [--rounds 8] [--seconds 8] [--lanes 8] [--size 120x40]

One vLLM (the tiny example on the CPU), started by hand, stays up all the time under a steady load of so many requests
at once. Only the watching starts and stops. Each round has four stretches, so that a slow drift falls out:

    unwatched, supervisor, screen, unwatched        (in every other round: unwatched, screen, supervisor, unwatched)

supervisor: a vdeck supervisor, attached to the server, scrapes /metrics and records at 1 Hz
screen: the same, and the whole screen beside it in a pseudo terminal with the Metrics tab open

Printed by round and as the median: generated tokens a second (the server's own counter) against the mean of the two
unwatched stretches of the round. Goal: at least 0.99. Second, and quieter on a machine that others load: CPU time that
the processes of the server spend on a token, in the same way; here more than 1 is worse. "Noise" is the second
unwatched stretch against the first: what the same comparison says where nothing differs. Before all that: what one page
costs the server, by many in a row while it is idle. On a machine with few cores the screen, too, takes its share.
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

from launcher.metrics.exposition import Parser  # noqa: E402
from launcher.metrics.scrape import Scraper  # noqa: E402
from launcher.runs import control  # noqa: E402

MANIFEST = ROOT / "examples" / "tiny.yaml"
START_S = 300.0
SETTLE_S = 2.0
PAGES = 200


class Stretch(NamedTuple):
    """``speed``: generated tokens a second; ``cost``: CPU seconds of the server by token."""

    speed: float
    cost: float


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=8)
    options.add_argument("--seconds", type=float, default=8)
    options.add_argument("--lanes", type=int, default=8)
    options.add_argument("--size", default="120x40")
    given = options.parse_args()
    width, _, height = given.size.partition("x")
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home)
        port, pid = stack.enter_context(server())
        bench = Bench(port, pid, given.seconds, (int(width), int(height)))
        bench.page_cost()
        load = Load(port, given.lanes)
        stack.callback(load.close)
        time.sleep(10)
        for number in range(given.rounds):
            bench.round(number)
        bench.tell()


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
        self.rounds: list[dict[str, Stretch]] = []

    def page_cost(self) -> None:
        """CPU of the idle server for one page."""
        time.sleep(SETTLE_S)
        before, began = processes.cpu_s(self.pids), time.monotonic()
        for _ in range(PAGES):
            page = self.scraper.get()
        spent, took = processes.cpu_s(self.pids) - before, time.monotonic() - began
        before = processes.cpu_s(self.pids)
        time.sleep(took)
        each = (spent - (processes.cpu_s(self.pids) - before)) / PAGES
        print(f"one page of {len(page) / 1000:.0f} kB costs the server {each * 1000:.1f} ms of CPU, above its idling")

    def round(self, number: int) -> None:
        """Four stretches."""
        found = {"first": self._stretch()}
        turns = [("supervisor", False), ("screen", True)]
        for name, screen in turns if number % 2 == 0 else reversed(turns):
            with self._watched(screen=screen):
                found[name] = self._stretch()
        found["second"] = self._stretch()
        self.rounds.append(found)
        speeds = ", ".join(f"{name} {one.speed:.0f}" for name, one in found.items())
        print(f"round {number + 1}, tokens/s: {speeds}", flush=True)

    @contextmanager
    def _watched(self, *, screen: bool) -> Iterator[None]:
        with attached([self.port]):
            if not screen:
                yield
                return
            argv = [sys.executable, "-m", "tui.cli"]
            terminal = Terminal(argv, os.environ, size=self.size, pattern=FIRST_FIGURES, cwd=str(ROOT))
            try:
                terminal.wait(60)
                terminal.press("2")
                yield
            finally:
                terminal.close()

    def _stretch(self) -> Stretch:
        time.sleep(SETTLE_S)
        tokens, cpu, began = self._tokens(), processes.cpu_s(self.pids), time.monotonic()
        time.sleep(self.seconds)
        spent = time.monotonic() - began
        cpu, tokens = processes.cpu_s(self.pids) - cpu, self._tokens() - tokens
        assert tokens > 0
        return Stretch(tokens / spent, cpu / tokens)

    def _tokens(self) -> float:
        """Generated so far."""
        page = Parser().parse(self.scraper.get())
        names = [series.name for series in page.series]
        return page.values[names.index("vllm:generation_tokens_total")]

    def tell(self) -> None:
        """Ratios of every round, and their medians."""
        for title, column, goal in (("throughput", 0, " (goal: at least 0.99)"), ("server CPU by token", 1, "")):
            for name, words in (("supervisor", "supervisor"), ("screen", "supervisor and screen"), ("noise", "noise")):
                ratios = [self._ratio(one, name, column) for one in self.rounds]
                each = " ".join(f"{ratio:.3f}" for ratio in ratios)
                note = goal if name != "noise" else ""
                print(f"{title}, {words}: median {statistics.median(ratios):.3f}{note}   {each}")

    def _ratio(self, one: dict[str, Stretch], name: str, column: int) -> float:
        first, second = one["first"][column], one["second"][column]
        return second / first if name == "noise" else one[name][column] / ((first + second) / 2)


if __name__ == "__main__":
    main()
