"""No error ends the screen, and the end of the terminal ends nothing else."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest
from deck import deck, painted, polled, three_runs
from fake_fleet import Figures, ready_run, until

import tui
from launcher.errors import VdeckError

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(tui.__file__)))


async def test_a_failing_poll_is_said_and_tried_again():
    fleet = three_runs()
    async with deck(fleet) as (app, pilot):
        fleet.error = VdeckError("the state folder is gone [/x]")
        await polled(app, pilot, fleet)
        await until(pilot, lambda: "! the state folder is gone [/x]" in painted(app))
        assert app.main.table.row_count == 3
        fleet.error = None
        fleet.runs = (ready_run(),)
        await polled(app, pilot, fleet)
        assert app.main.table.row_count == 1 and "state folder" not in painted(app)


async def test_the_first_poll_may_fail():
    fleet = three_runs()
    fleet.error = OSError(13, "Permission denied", "/state")
    from fake_fleet import FakeControl

    from tui.app import VdeckApp

    app = VdeckApp(fleet=fleet, control=FakeControl())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Permission denied: /state" in painted(app))
        fleet.error = None
        app.poll_soon()
        await until(pilot, lambda: app.main.table.row_count == 3)


async def test_a_fault_while_painting_is_said(state_folder):
    fleet = three_runs()
    async with deck(fleet) as (app, pilot):
        fleet.figures = {ready_run().id: Figures(gen_tps="many")}  # type: ignore[arg-type]
        app.poll_soon()
        await until(pilot, lambda: "vdeck made a mistake" in painted(app))
        fleet.figures = {}
        fleet.runs = (ready_run(),)
        await polled(app, pilot, fleet)
        assert app.main.table.row_count == 1 and "mistake" not in painted(app)
    assert "TypeError" in (state_folder / "screen.log").read_text()


SCREEN = f"""
import sys
sys.path[:0] = [{ROOT!r}, {os.path.join(ROOT, "tests", "tui")!r}]
from deck import FakeControl, three_runs
from tui.app import VdeckApp
app = VdeckApp(fleet=three_runs(), control=FakeControl())
app.run()
sys.exit(app.return_code)
"""


class Terminal:
    """The screen in a pseudo terminal of its own."""

    def __init__(self) -> None:
        self.here, there = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCREEN], stdin=there, stdout=there, stderr=there, env=environment,
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(there)

    def read_until(self, word: bytes) -> bytes:
        seen, deadline = b"", time.monotonic() + 10
        while word not in seen:
            assert time.monotonic() < deadline, seen[-500:]
            if select.select([self.here], [], [], 0.1)[0]:
                seen += os.read(self.here, 65536)
        return seen

    def rest(self) -> bytes:
        """What is still to be read, a traceback say; never waits."""
        seen = b""
        while select.select([self.here], [], [], 0)[0]:
            try:
                seen += os.read(self.here, 65536)
            except OSError:  # nobody has the other side any more
                break
        return seen

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal():
    screen = Terminal()
    yield screen
    screen.close()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_the_screen_cleanly(terminal, number):
    terminal.read_until(b"vllm-server")
    terminal.process.send_signal(number)
    told = terminal.read_until(b"\x1b[?1049l")  # the terminal is given back as it was
    code = terminal.process.wait(10)
    assert code == 0, (told + terminal.rest()).decode(errors="replace")[-3000:]


def test_a_lost_terminal_ends_the_screen(terminal):
    terminal.read_until(b"vllm-server")
    os.close(terminal.here)
    assert terminal.process.wait(10) == 0


def test_a_blocked_loop_cannot_keep_a_lost_screen_alive():
    """The loop may hang in a write to the lost terminal: the process must end all the same."""
    here, there = pty.openpty()
    code = f"""
import sys, asyncio, threading
sys.path[:0] = [{ROOT!r}]
from tui import terminal
terminal.LOOK_S = terminal.GRACE_S = 0.2
async def main():
    terminal.Terminal(lambda: None, asyncio.get_running_loop()).watch()
    print("watching", flush=True)
    threading.Event().wait()
asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=there, stdout=there, start_new_session=True)
    os.close(there)
    told = b""
    while b"\n" not in told:  # the whole line: closing in the middle of it would break the print, not the wait
        told += os.read(here, 100)
    assert b"watching" in told
    os.close(here)
    assert process.wait(10) == 0
