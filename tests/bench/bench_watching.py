"""Many servers watched once a second: what vdeck costs, and what vllmstat costs on the same servers in the same run.

    python tests/bench/bench_watching.py [--servers 64,8] [--seconds 30] [--rounds 2] [--size 120x40] [--vllmstat PATH]

The servers are stand-ins in one process: a real 627-line page each, whose counters move as under load. vdeck watches
them as it does in earnest: one supervisor a server, which scrapes and records, and the screen in a pseudo terminal with
the Metrics tab open. vllmstat (a public package, installed into a folder of its own that is removed afterwards) gets
the same servers in its configuration, the same interval and a terminal of the same size; it is measured with all
servers in view, and with one of them opened. Both take turns (A B, B A, …), for other work on the machine slows both.

Printed for each: CPU of the whole process tree as a part of one core; requests that reached the servers; CPU by
request; memory; bytes painted; time from the start of the program to its first figures. Then the ratios. There is no
goal for the sum; the goal for the screen alone is that of bench_screen.py: at most 15 % of a core.

They do not do the same work. vdeck keeps every series of every page on disk for a day (its charts, quantiles and other
figures come from there, also for the time when no screen was open), and shows table and charts at once. vllmstat keeps
120 points of five figures a server in memory, and shows the table or one server. It runs in one process: when a round
over all servers takes longer than the interval, the rounds are further apart, and the requests a second tell it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, HERE]

import processes  # noqa: E402
from machine import speed  # noqa: E402
from stand_ins import StandIns  # noqa: E402
from terminals import Terminal  # noqa: E402
from watchers import FIRST_FIGURES, attached  # noqa: E402

SETTLE_S = 5.0
PACKAGE = "vllmstat==0.9.1"


class Cost(NamedTuple):
    """Of one program over some seconds; CPU as a part of one core."""

    cpu: float
    requests: float
    """That reached the servers, a second."""
    painted: float
    """Bytes a second."""
    memory: processes.Memory
    processes: int


def main() -> None:
    """Measure and print."""
    processes.end_in_order()
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--servers", default="64,8")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--size", default="120x40")
    options.add_argument("--vllmstat", help="the command, when it is installed already")
    given = options.parse_args()
    width, _, height = given.size.partition("x")
    with tempfile.TemporaryDirectory() as folder:
        other = given.vllmstat or install(folder)
        for count in map(int, given.servers.split(",")):
            print(f"{count} servers, {given.size}, {given.rounds} rounds of {given.seconds:g} s; {speed()}", flush=True)
            Bench(count, given.seconds, (int(width), int(height)), other).run(given.rounds)


def install(folder: str) -> str | None:
    """vllmstat in an environment of its own; None, and a word, when it cannot be had."""
    home = os.path.join(folder, "vllmstat")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    got = subprocess.run([f"{home}/bin/pip", "install", "--quiet", PACKAGE], capture_output=True, text=True)
    if got.returncode == 0:
        return f"{home}/bin/vllmstat"
    print(f"{PACKAGE} cannot be installed, vdeck alone is measured: {got.stderr.strip().splitlines()[-1:]}")
    return None


class Bench:
    """One number of servers."""

    def __init__(self, count: int, seconds: float, size: tuple[int, int], other: str | None) -> None:
        self.seconds, self.size, self.other = seconds, size, other
        self.servers = StandIns(count)
        self.costs: dict[str, list[Cost]] = {}
        self.starts: dict[str, list[float]] = {}

    def run(self, rounds: int) -> None:
        """All rounds, then the figures."""
        try:
            for number in range(rounds):
                turns = [self.ours, self.theirs]
                for turn in turns if number % 2 == 0 else reversed(turns):
                    turn()
        finally:
            self.servers.close()
        self.tell()

    def ours(self) -> None:
        """Supervisors first, then the screen, as an operator has it."""
        with tempfile.TemporaryDirectory() as home:
            os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home, VDECK_ENGINES=os.path.join(home, "engines"))
            before, began = self.servers.counts(), time.perf_counter()
            with attached(self.servers.ports) as supervisors:
                self._all_asked(before)
                self._note("vdeck, all supervisors from nothing", time.perf_counter() - began)
                argv = [sys.executable, "-m", "tui.cli"]
                screen = Terminal(argv, os.environ, size=self.size, pattern=FIRST_FIGURES, cwd=ROOT)
                try:
                    self._note("vdeck, the screen", screen.wait(60))
                    screen.press("2")
                    self._measure({"vdeck supervisors": supervisors, "vdeck screen": [screen.pid]}, screen)
                finally:
                    screen.close()

    def theirs(self) -> None:
        """All servers in view, then one of them opened."""
        if self.other is None:
            return
        with tempfile.TemporaryDirectory() as home:
            config = os.path.join(home, "servers.toml")
            with open(config, "w", encoding="utf-8") as file:
                file.write("interval = 1.0\ngpu = false\n")
                for number, port in enumerate(self.servers.ports):
                    file.write(f'[[instance]]\nname = "server-{number}"\nurl = "http://127.0.0.1:{port}"\n')
            argv = [self.other, "--config", config, "--no-gpu"]
            screen = Terminal(argv, {**os.environ, "HOME": home}, size=self.size, pattern=FIRST_FIGURES)
            try:
                self._note("vllmstat", screen.wait(120))
                self._measure({"vllmstat, all servers": [screen.pid]}, screen)
                screen.press("\r")
                self._measure({"vllmstat, one opened": [screen.pid]}, screen)
            finally:
                screen.close()

    def _note(self, what: str, seconds: float) -> None:
        self.starts.setdefault(what, []).append(seconds)

    def _measure(self, roots: dict[str, list[int]], screen: Terminal) -> None:
        """CPU and requests over the next seconds, for each group of processes."""
        time.sleep(SETTLE_S)
        pids = {name: processes.tree(group) for name, group in roots.items()}
        asked, painted, began = self._asked(), screen.bytes, time.monotonic()
        before = {name: processes.cpu_s(group) for name, group in pids.items()}
        time.sleep(self.seconds)
        cpu = {name: processes.cpu_s(group) - before[name] for name, group in pids.items()}
        spent = time.monotonic() - began
        requests, painted = (self._asked() - asked) / spent, screen.bytes - painted
        for name, group in pids.items():
            mine = painted / spent if screen.pid in group else 0.0
            made = 0.0 if name == "vdeck screen" else requests
            cost = Cost(cpu[name] / spent, made, mine, processes.memory(group), len(group))
            self.costs.setdefault(name, []).append(cost)

    def _asked(self) -> int:
        return sum(sum(paths.values()) for paths in self.servers.counts().values())

    def _all_asked(self, before: dict[int, dict[str, int]]) -> None:
        """Wait until every server gave its page once more."""
        deadline = time.monotonic() + 120
        while any(
            paths.get("/metrics", 0) == before[port].get("/metrics", 0) for port, paths in self.servers.counts().items()
        ):
            assert time.monotonic() < deadline, "not every server is watched"
            time.sleep(0.05)

    def tell(self) -> None:
        """Medians of the rounds, and the ratios."""
        heads = ("CPU", 9), ("requests/s", 12), ("CPU/request", 13), ("RSS", 9), ("PSS", 9), ("painted", 10)
        print(f"  {'':<22}" + "".join(f"{head:>{width}}" for head, width in (*heads, ("processes", 11))))
        middle = {name: _median(costs) for name, costs in self.costs.items()}
        ours = middle["vdeck supervisors"], middle["vdeck screen"]
        both = Cost(
            ours[0].cpu + ours[1].cpu, ours[0].requests, ours[1].painted,
            processes.Memory(*map(sum, zip(ours[0].memory, ours[1].memory))), ours[0].processes + ours[1].processes,
        )  # fmt: skip
        for name, cost in {**middle, "vdeck, both": both}.items():
            each = f"{1000 * cost.cpu / cost.requests:.2f} ms" if cost.requests else "-"
            resident, shared_out = (f"{part / 1e6:.0f} MB" for part in cost.memory)
            print(
                f"  {name:<22}{100 * cost.cpu:>7.1f} %{cost.requests:>12.1f}{each:>13}{resident:>9}{shared_out:>9}"
                f"{cost.painted / 1000:>5.1f} kB/s{cost.processes:>11}"
            )
        for what, seconds in self.starts.items():
            print(f"  to first figures: {what} {statistics.median(seconds):.2f} s")
        for name, cost in middle.items():
            if name.startswith("vllmstat"):
                ratio = (cost.cpu / cost.requests) / (both.cpu / both.requests)
                print(f"  {name} / vdeck, both: CPU {cost.cpu / both.cpu:.2f}, CPU by request {ratio:.1f}")


def _median(costs: list[Cost]) -> Cost:
    """Of each column; memory as it was at the end of the last round."""
    cpu, requests, painted = (statistics.median(column) for column in list(zip(*costs))[:3])
    return Cost(cpu, requests, painted, costs[-1].memory, costs[-1].processes)


if __name__ == "__main__":
    main()
