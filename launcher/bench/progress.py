"""What a client prints -> where it is. Pure: bytes in, steps and counts out.

Both clients print the same lines, and a bar that is written over with carriage returns:
`` 53%|█████▎    | 17/32 [00:01<00:00, 19.21it/s]``.
"""

from __future__ import annotations

import re

from launcher.bench.result import Progress

STEPS = ("client starts", "warming up", "measuring", "done")
_STARTS = (
    ("Starting initial single prompt test run", "warming up"),
    ("Warming up with", "warming up"),
    ("Starting main benchmark run", "measuring"),
    ("============ Serving Benchmark Result", "done"),
)
_BAR = re.compile(rb"\s(\d+)/(\d+) \[[^,\]]*(?:, +([\d.]+|\?)(it/s|s/it))?")
_BREAK = re.compile(rb"[\r\n]+")
_KEPT = 4096


class Parser:
    """Follows the output of one load."""

    def __init__(self, load: int, total: int) -> None:
        self.progress = Progress(load, STEPS[0], 0, total)
        self._rest = b""

    def feed(self, data: bytes) -> Progress:
        """Take in what was printed since; where the client is now."""
        *lines, self._rest = _BREAK.split(self._rest + data)
        self._rest = self._rest[-_KEPT:]
        for line in lines:
            self._line(line)
        if self._rest.endswith(b"]"):  # a bar is closed by the carriage return of the next one: do not wait for it
            self._line(self._rest)
        return self.progress

    def _line(self, line: bytes) -> None:
        now = self.progress
        for begin, step in _STARTS:
            if begin.encode() in line:
                self.progress = now._replace(step=step, done=now.total if step == "done" else 0, rate=None)
                return
        if now.step != "measuring":
            return
        found = _BAR.search(line)
        if found is None or int(found[2]) != now.total:  # other bars (a download, the prompts) count other things
            return
        self.progress = now._replace(done=min(int(found[1]), now.total), rate=_rate(found[3], found[4]))


def _rate(number: bytes | None, unit: bytes | None) -> float | None:
    try:
        value = float(number or b"")
    except ValueError:
        return None
    return value if unit == b"it/s" else (1 / value if value else None)
