"""Does a start still move? Log, CPU time, disk, GPU memory of its processes, looked at every few seconds."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from launcher.host import driver

if TYPE_CHECKING:
    from launcher.host.sensors import Sensors

LOOK_S = 5.0
STILL_S = 60.0
"""So long nothing may move before it is worth a word."""
IDLE_SHARE = 0.01
"""Less CPU than this share of one core is what waiting costs."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Vitals(NamedTuple):
    """What has moved when it differs; ``cpu`` in clock ticks, the others in bytes."""

    pids: frozenset[int]
    cpu: int
    disk: int
    log: int
    other: int
    """What else grows: the folder that a download fills."""


class StallWatch:
    """Call ``look`` at least every LOOK_S; ``since`` is when something last moved (the clock of ``look``)."""

    def __init__(
        self, log: str, gpus: Collection[int] = (), *, still_s: float = STILL_S, look_s: float = LOOK_S
    ) -> None:
        self._log = log
        self._gpus = tuple(gpus)
        self._still_s, self._look_s = still_s, look_s
        self._seen: Vitals | None = None
        self._seen_at = 0.0
        self._moved_at = 0.0
        self._memory: tuple[float | None, ...] = ()
        self._sensors: Sensors | None = None

    @property
    def moved_at(self) -> float:
        """When something last moved."""
        return self._moved_at

    def look(self, now: float, pids: Collection[int], other: int = 0) -> bool | None:
        """True: nothing has moved for long; False: it moves; None: too early to look again. ``now``: monotonic."""
        if self._seen is not None and now - self._seen_at < self._look_s:
            return None
        found = vitals(self._log, pids, other)
        if self._seen is None or moved(self._seen, found, now - self._seen_at) or self._gpu_moved():
            self._moved_at = now
        self._seen, self._seen_at = found, now
        return now - self._moved_at >= self._still_s

    def _gpu_moved(self) -> bool:
        """Asked last, for it costs the most."""
        if not self._gpus or not driver.nvidia_present():
            return False
        if self._sensors is None:
            from launcher.host.sensors import Sensors

            self._sensors = Sensors()
        memory = tuple(one.memory_used for one in self._sensors.read(self._gpus))
        before, self._memory = self._memory, memory
        return memory != before


def moved(before: Vitals, now: Vitals, seconds: float) -> bool:
    """Whether anything but waiting happened between two looks."""
    if (before.pids, before.disk, before.log, before.other) != (now.pids, now.disk, now.log, now.other):
        return True
    return (now.cpu - before.cpu) / _TICKS > IDLE_SHARE * max(seconds, 0.001)


def vitals(log: str, pids: Collection[int], other: int = 0) -> Vitals:
    """The present counts. A process that is gone counts nothing: then the set of pids has changed too."""
    cpu = disk = 0
    alive: set[int] = set()
    for pid in pids:
        ticks = _cpu(pid)
        if ticks is not None:
            alive.add(pid)
            cpu += ticks
            disk += _disk(pid)
    try:
        size = os.path.getsize(log)
    except OSError:
        size = 0
    return Vitals(frozenset(alive), cpu, disk, size, other)


def _cpu(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return None


def _disk(pid: int) -> int:
    """Bytes that went to or came from a disk (or a network file system); what the page cache gave costs CPU."""
    total = 0
    try:
        with open(f"/proc/{pid}/io", "rb") as file:
            for line in file:
                name, _, value = line.partition(b":")
                if name in (b"read_bytes", b"write_bytes"):
                    total += int(value)
    except (OSError, ValueError):
        pass
    return total
