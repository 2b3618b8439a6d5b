"""The GPUs of a run, seen by its supervisor: which they are, and what their sensors say, as a page to record."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from launcher.host import driver, ports
from launcher.runs import tree
from launcher.text import clean_line, shorten

if TYPE_CHECKING:
    from launcher.host.sensors import Sensors
    from launcher.metrics.exposition import Page
    from launcher.metrics.gpu_page import GpuPages

LOOK_S = 10.0
"""How often it is looked on which GPUs a server sits that vdeck gave none to (an attached one)."""
_NAME = 40


class GpuWatch:
    """On a machine without a driver this asks for nothing, loads nothing and costs nothing."""

    def __init__(self, gpus: tuple[int, ...], members: Callable[[], Collection[int]]) -> None:
        """``gpus``: those that the run was given; ``members``: the pids of its processes now."""
        self._given = gpus
        self._members = members
        self._sensors: Sensors | None = None
        self._pages: GpuPages | None = None
        self._pids: Collection[int] = ()
        self._found: tuple[int, ...] = ()
        self._next_look = 0.0
        self._present = driver.nvidia_present()

    def page(self, now: float) -> Page | None:
        """What the sensors say; None when the run has no GPU. ``now``: monotonic seconds."""
        if not self._present:
            return None
        if self._sensors is None or self._pages is None:
            # here, not above: a supervisor on a machine without a GPU does without these modules
            from launcher.host.sensors import Sensors
            from launcher.metrics.gpu_page import GpuPages

            self._sensors, self._pages = Sensors(), GpuPages()
        if self._given:
            self._pids = self._members()
        elif now >= self._next_look:  # whose GPUs must be found first, and that is worth a look now and then only
            self._next_look = now + LOOK_S
            self._pids = self._members()
            self._found = self._held(self._sensors)
        gpus = self._given or self._found
        if not gpus:
            return None
        return self._pages.page(self._sensors.read(gpus), lambda pid: process_name(pid) if pid in self._pids else None)

    def _held(self, sensors: Sensors) -> tuple[int, ...]:
        """The GPUs on which a process of the run holds memory."""
        return tuple(
            index for index in range(sensors.count()) if any(pid in self._pids for pid, _ in sensors.holders(index))
        )


def family(port: int) -> frozenset[int]:
    """The pids of a server that vdeck did not start: who listens on ``port`` of this machine, and all below it."""
    pid = ports.holder(port).pid
    if pid is None:
        return frozenset()
    return frozenset(tree.members(tree.scan(), supervisor=os.getpid(), extra=(pid,)))


def process_name(pid: int) -> str | None:
    """What a process is called: vLLM's own title whole (``VLLM::EngineCore``; comm has 15 bytes), else the command."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            title = file.read(200).partition(b"\0")[0].decode("utf-8", "replace").strip()
    except OSError:
        return None
    if not title.startswith("VLLM::"):
        found = tree.look(pid)
        title = found.comm if found is not None else ""
    return shorten(clean_line(title), _NAME) or None
