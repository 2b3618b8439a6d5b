"""Every sensor of a GPU that a record should hold, through NVML. What a card lacks is None, never an error.

``gpus.read`` is the short form for the header of the screen: it asks for four things and this for eight.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from launcher.host import nvml


class Reading(NamedTuple):
    """One GPU at one moment; None where the sensor is missing or failed."""

    gpu: int
    """Its index, NVML's."""
    name: str = "GPU"
    utilization: float | None = None
    """Share of the last sampling period (up to a second) in which a kernel ran, 0 to 1."""
    memory_used: float | None = None
    """Bytes, by all processes and the driver."""
    memory_total: float | None = None
    power: float | None = None
    """Watts."""
    power_limit: float | None = None
    """Watts: the limit that is enforced now."""
    temperature: float | None = None
    """Degrees Celsius, of the GPU itself."""
    sm_clock: float | None = None
    """Hertz."""
    memory_clock: float | None = None
    """Hertz."""
    processes: tuple[tuple[int, int], ...] = ()
    """(pid, bytes) of every process whose memory on the GPU is known."""


class Sensors:
    """Asks the same GPUs again and again; what never changes is asked once."""

    def __init__(self) -> None:
        self._nvml = nvml.library()
        self._cards: dict[int, tuple[Any, str]] = {}
        """Handle and name by index."""

    def count(self) -> int:
        """How many GPUs this machine has; 0 without a driver."""
        return 0 if self._nvml is None else nvml.ask(self._nvml.nvmlDeviceGetCount) or 0

    def read(self, indexes: Iterable[int]) -> tuple[Reading, ...]:
        """The GPUs with these indexes as they are now; one that cannot be reached is left out."""
        return tuple(found for index in indexes if (found := self._read(index)) is not None)

    def holders(self, index: int) -> tuple[tuple[int, int | None], ...]:
        """(pid, bytes) of the processes that hold memory on a GPU; bytes None where the driver does not say (WSL)."""
        card = self._card(index)
        if card is None:
            return ()
        found = nvml.ask(self._nvml.nvmlDeviceGetComputeRunningProcesses, card[0])
        return tuple((int(one.pid), one.usedGpuMemory) for one in found or ())

    def _card(self, index: int) -> tuple[Any, str] | None:
        if self._nvml is None:
            return None
        known = self._cards.get(index)
        if known is None:
            handle = nvml.ask(self._nvml.nvmlDeviceGetHandleByIndex, index)
            if handle is None:
                return None
            name = nvml.text(nvml.ask(self._nvml.nvmlDeviceGetName, handle)) or "GPU"
            known = self._cards[index] = (handle, name)
        return known

    def _read(self, index: int) -> Reading | None:
        card = self._card(index)
        if card is None:
            return None
        lib, (handle, name) = self._nvml, card
        rates = nvml.ask(lib.nvmlDeviceGetUtilizationRates, handle)
        memory = nvml.ask(lib.nvmlDeviceGetMemoryInfo, handle)
        return Reading(
            index,
            name,
            None if rates is None else rates.gpu / 100,
            None if memory is None else float(memory.used),
            None if memory is None else float(memory.total),
            _scaled(nvml.ask(lib.nvmlDeviceGetPowerUsage, handle), 1e-3),
            _scaled(nvml.ask(lib.nvmlDeviceGetEnforcedPowerLimit, handle), 1e-3),
            _scaled(nvml.ask(lib.nvmlDeviceGetTemperature, handle, _TEMPERATURE_GPU), 1.0),
            _scaled(nvml.ask(lib.nvmlDeviceGetClockInfo, handle, _CLOCK_SM), 1e6),
            _scaled(nvml.ask(lib.nvmlDeviceGetClockInfo, handle, _CLOCK_MEMORY), 1e6),
            tuple((pid, used) for pid, used in self.holders(index) if used is not None),
        )


# NVML's own numbers (nvml.h): fixed, and so a stand-in for the library need not have them.
_TEMPERATURE_GPU = 0
_CLOCK_SM = 1
_CLOCK_MEMORY = 2


def _scaled(value: Any, factor: float) -> float | None:
    return None if value is None else float(value) * factor
