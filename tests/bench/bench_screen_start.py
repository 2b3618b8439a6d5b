"""Start of the screen to its first data, against an empty Textual app. Prints both medians and their ratio.

    python tests/bench/bench_screen_start.py [PAIRS]

Both run in a pseudo terminal, one after the other, in pairs, so that a busy machine slows both. A start ends when the
bytes of the picture are written to the terminal: for the empty app its one word, for vdeck the name of the first run.
Each starts twice before it counts (bytecode, disk cache).
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORD = "first-data"

EMPTY = f"""
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static({WORD!r})
Empty().run()
"""

VDECK = f"""
import sys
sys.path.insert(0, {ROOT!r})
from tui.cli import main
main([])
"""

RUNS = 3


def main() -> None:
    """Measure and print."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as home:
        _make_runs(home)
        for _ in range(2):
            start(EMPTY, home)
            start(VDECK, home)
        times = [(start(EMPTY, home), start(VDECK, home)) for _ in range(pairs)]
    empty, vdeck = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(b / a for a, b in times)
    print(f"empty Textual app: {empty * 1000:.0f} ms   vdeck to first data: {vdeck * 1000:.0f} ms   ratio: {ratio:.2f}")


def _make_runs(home: str) -> None:
    """Ended runs as the state folder keeps them: nothing to adopt, everything to read."""
    for number in range(RUNS):
        folder = os.path.join(home, "runs", f"36936718910{number}")
        os.makedirs(folder)
        record = {"id": f"36936718910{number}", "name": f"{WORD}-{number}", "created": time.time() - 60 * number - 60}
        state = {"status": "terminated", "started": record["created"], "ended": time.time() - 5, "exit_code": 0}
        for name, value in (("run.json", record), ("state.json", state)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                json.dump(value, file)


def start(code: str, home: str) -> float:
    """Seconds from the start of the process to the word in its output; the process is ended afterwards."""
    here, there = pty.openpty()
    ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {
        **os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "VDECK_HOME": home,
        "VDECK_CONFIG": home, "VDECK_ENGINES": os.path.join(home, "engines"),
    }  # fmt: skip
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=there, stdout=there, stderr=there, env=environment, start_new_session=True
    )
    os.close(there)
    try:
        return _wait_for(here, WORD.encode(), began)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        os.close(here)


def _wait_for(terminal: int, word: bytes, began: float) -> float:
    seen = b""
    while time.perf_counter() - began < 30:
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536)
            if word in seen:
                return time.perf_counter() - began
    raise SystemExit(f"no {word!r} within 30 s; the terminal got: {seen[-2000:]!r}")


if __name__ == "__main__":
    main()
