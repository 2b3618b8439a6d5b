"""The end of the screen, however it comes, is not the end of a run: nor of its log, nor of its history."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher.fleet import Fleet
from launcher.host import ports
from launcher.runs import control
from launcher.runs.record import PortRecord, Probe

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
MAX_GAP_MS = 3_500
"""Between two samples of a 1 Hz history: a busy machine may be late, but nothing is left out."""


class Screen:
    """``vdeck`` in a terminal of its own; what it writes is read all the time, as a terminal does."""

    def __init__(self) -> None:
        self.here, there = pty.openpty()
        fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli"], stdin=there, stdout=there, stderr=there, env=environment, cwd=ROOT,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(there)
        self.seen = b""
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._closing.is_set():
            try:
                if select.select([self.here], [], [], 0.05)[0]:
                    self.seen += os.read(self.here, 65536)
            except OSError:
                return

    def shows(self, word: str) -> bool:
        return word.encode() in self.seen

    def hang_up(self) -> None:
        """Close the terminal's other end: what closing a window does."""
        self._closing.set()
        self._reader.join()
        os.close(self.here)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if not self._closing.is_set():
            self.hang_up()


@pytest.fixture
def screens() -> Iterator[list[Screen]]:
    opened: list[Screen] = []
    yield opened
    for screen in opened:
        screen.close()


def start_ticking_server() -> tuple[str, int]:
    """A run whose log has a numbered line ten times a second."""
    port = kit.free_port()
    ticks = kit.shell("(i=0; while :; do echo tick $i; i=$((i+1)); sleep 0.1; done) &")
    run_id = kit.start(
        ticks, kit.server_step(port), name="survivor", ports=(PortRecord("vllm", "http", port),),
        probe=Probe("vllm", "127.0.0.1", (port,), ("tiny",)),
    )  # fmt: skip
    return run_id, port


def ticks(run_id: str) -> list[int]:
    return [int(found) for found in re.findall(r"^tick (\d+)$", kit.output(run_id), re.MULTILINE)]


def sample_times(run_id: str) -> list[int]:
    """When the samples of the run were taken, in ms."""
    history = Fleet().history(run_id)
    if history is None:
        return []
    history.refresh()
    now = int(time.time() * 1000)
    return list(history.window(now - 600_000, now).times)


def server_pids(run_id: str) -> list[int]:
    """The processes of the server itself (the ticker's come and go)."""
    commands = {pid: _command(pid) for pid in kit.processes(run_id)}
    return [pid for pid, command in commands.items() if b"standin.py" in command]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


ENDS: dict[str, Callable[[Screen], object]] = {
    "kill -9": lambda screen: screen.process.send_signal(signal.SIGKILL),
    "SIGHUP": lambda screen: screen.process.send_signal(signal.SIGHUP),
    "hang up": lambda screen: screen.hang_up(),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_run_goes_on(screens: list[Screen], how: str) -> None:
    run_id, port = start_ticking_server()
    first = Screen()
    screens.append(first)
    wait_for(lambda: kit.ready(run_id), what="ready")
    wait_for(lambda: first.shows("survivor") and first.shows("ready"), what="the run on the screen")
    wait_for(lambda: len(sample_times(run_id)) >= 2, what="a history")
    supervisor, servers = kit.supervisor(run_id), server_pids(run_id)
    assert servers

    ENDS[how](first)
    code = first.process.wait(15)
    assert code == (-signal.SIGKILL if how == "kill -9" else 0)
    ended_at = int(time.time() * 1000)
    said, sampled = len(ticks(run_id)), len(sample_times(run_id))

    wait_for(lambda: len(ticks(run_id)) > said + 20 and len(sample_times(run_id)) > sampled + 2, what="log and history")
    run = next(run for run in Fleet().poll().runs if run.id == run_id)
    assert run.ready and run.status == "running" and run.restarts == 0
    assert kit.supervisor(run_id) == supervisor and server_pids(run_id) == servers
    assert ticks(run_id) == list(range(len(ticks(run_id)))), "a line is missing"
    times = sample_times(run_id)
    assert times[-1] > ended_at and max(b - a for a, b in pairwise(times)) < MAX_GAP_MS

    again = Screen()
    screens.append(again)
    wait_for(lambda: again.shows("survivor") and again.shows("ready"), what="the run on the next screen")
    control.terminate(run_id, force=True)
    wait_for(lambda: kit.ended(run_id), what="the end of the run")
    assert kit.processes(run_id) == [] and ports.is_free(port)
