"""Does anything move in the processes of a run? CPU time, bytes read and written, the log, GPU memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

LOOK_S = 5.0
"""So often it is looked."""
STILL_S = 60.0
"""So long nothing must have moved before it is said."""
BUSY = 0.01
"""Less than this share of one core is no work: timers, health threads."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Sight(NamedTuple):
    """What was seen at one moment."""

    cpu_s: float
    io_bytes: int
    sizes: int
    """Bytes of the log, and of what is downloaded."""


class Movement:
    """``look`` now and then; ``still_since`` once nothing moved for long enough. Times are seconds of one clock."""

    def __init__(self, sizes: Callable[[], int], gpu_memory: Callable[[Iterable[int]], int | None]) -> None:
        """``gpu_memory`` is asked only when all else stands still."""
        self._sizes = sizes
        self._gpu_memory = gpu_memory
        self._last: Sight | None = None
        self._last_gpu: int | None = None
        self._at = 0.0
        self._moved_at = 0.0
        self._next = 0.0

    def clear(self) -> None:
        """Another start begins."""
        self._last, self._last_gpu, self._next = None, None, 0.0

    def look(self, now: float, pids: Iterable[int]) -> None:
        """Look, when it is time to."""
        if now < self._next:
            return
        self._next = now + LOOK_S
        pids = list(pids)
        seen = Sight(*_used(pids), self._sizes())
        before, since, self._last, self._at = self._last, now - self._at, seen, now
        if before is None or self._differs(before, seen, since) or self._gpu_differs(pids):
            self._moved_at = now

    def still_s(self, now: float) -> float | None:
        """For how long nothing has moved; None while that is not worth a word."""
        quiet = now - self._moved_at
        return quiet if self._last is not None and quiet >= STILL_S else None

    def _differs(self, before: Sight, seen: Sight, since: float) -> bool:
        worked = seen.cpu_s - before.cpu_s
        gone = worked < 0  # a process ended: something happens
        return gone or worked > BUSY * since or seen.io_bytes != before.io_bytes or seen.sizes != before.sizes

    def _gpu_differs(self, pids: list[int]) -> bool:
        before, self._last_gpu = self._last_gpu, self._gpu_memory(pids)
        return self._last_gpu != before


def _used(pids: Iterable[int]) -> tuple[float, int]:
    """CPU seconds, and bytes read from and written to disks, of these processes."""
    cpu, moved = 0.0, 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / _TICKS
            with open(f"/proc/{pid}/io", "rb") as file:
                values = dict(line.split(b": ") for line in file.read().splitlines())
            moved += int(values[b"read_bytes"]) + int(values[b"write_bytes"])
        except (OSError, ValueError, KeyError, IndexError):  # gone, or of another user
            continue
    return cpu, moved


def gpu_memory(gpus: tuple[int, ...], pids: Iterable[int]) -> int | None:
    """Bytes that these processes hold on these GPUs; None without a driver. Loads NVML: ask it last."""
    from launcher.host import driver

    if not gpus or not driver.nvidia_present():
        return None
    from launcher.host.sensors import Sensors

    sensors, wanted = Sensors(), set(pids)
    return sum(used or 0 for index in gpus for pid, used in sensors.holders(index) if pid in wanted)
