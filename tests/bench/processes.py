"""CPU and memory of process trees, as the kernel counts them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from typing import NamedTuple

TICK = os.sysconf("SC_CLK_TCK")


class Memory(NamedTuple):
    """Bytes. ``shared_out``: pages that several processes have are shared out among them (PSS), else each counts all
    of its own (RSS)."""

    resident: int
    shared_out: int


def tree(roots: Iterable[int]) -> list[int]:
    """These processes and all that descend from them, those that live."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(int(name))
            if fields is not None:
                children.setdefault(int(fields[1]), []).append(int(name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found and _stat(pid) is not None:
            found.append(pid)
            waiting += children.get(pid, [])
    return found


def end_in_order() -> None:
    """Let SIGTERM end this program as an exception does, so that what it started is ended too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time so far of these processes and of their children that have ended, in seconds."""
    return sum(sum(map(int, fields[11:15])) for pid in pids if (fields := _stat(pid)) is not None) / TICK


def memory(pids: Iterable[int]) -> Memory:
    """Of all these processes together."""
    found = {"Rss": 0, "Pss": 0}
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in found:
                    found[name] += int(rest.split()[0]) * 1024
    return Memory(found["Rss"], found["Pss"])


def _stat(pid: int) -> list[str] | None:
    """The fields after the name: state, parent, …; None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None
