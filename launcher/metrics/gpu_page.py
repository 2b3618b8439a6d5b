"""What the sensors of GPUs say, as a page of metrics: recorded beside the page of the server, in the same row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from .exposition import Page
from .series import Series

if TYPE_CHECKING:
    from launcher.host.sensors import Reading

UTILIZATION: Final = "vdeck:gpu_utilization_ratio"
MEMORY_USED: Final = "vdeck:gpu_memory_used_bytes"
MEMORY_TOTAL: Final = "vdeck:gpu_memory_total_bytes"
PROCESS_MEMORY: Final = "vdeck:gpu_process_memory_bytes"
POWER: Final = "vdeck:gpu_power_watts"
POWER_LIMIT: Final = "vdeck:gpu_power_limit_watts"
TEMPERATURE: Final = "vdeck:gpu_temperature_celsius"
SM_CLOCK: Final = "vdeck:gpu_sm_clock_hertz"
MEMORY_CLOCK: Final = "vdeck:gpu_memory_clock_hertz"

_SENSORS: Final[tuple[tuple[str, str, Callable[[Reading], float | None]], ...]] = (
    (UTILIZATION, "Share of the time in which a kernel ran.", lambda gpu: gpu.utilization),
    (MEMORY_USED, "GPU memory in use, by everybody.", lambda gpu: gpu.memory_used),
    (MEMORY_TOTAL, "GPU memory.", lambda gpu: gpu.memory_total),
    (POWER, "Power that the GPU draws.", lambda gpu: gpu.power),
    (POWER_LIMIT, "Power limit that is enforced.", lambda gpu: gpu.power_limit),
    (TEMPERATURE, "Temperature of the GPU.", lambda gpu: gpu.temperature),
    (SM_CLOCK, "Clock of the multiprocessors.", lambda gpu: gpu.sm_clock),
    (MEMORY_CLOCK, "Clock of the memory.", lambda gpu: gpu.memory_clock),
)
_KINDS: Final = dict.fromkeys((*(row[0] for row in _SENSORS), PROCESS_MEMORY), "gauge")
_HELPS: Final = {
    **{name: text for name, text, _ in _SENSORS},
    PROCESS_MEMORY: "GPU memory of the run's own processes, by their name.",
}


class GpuPages:
    """Makes pages of readings. The same series is the same object from page to page: the recorder is quick then."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, str], Series] = {}

    def page(self, readings: Iterable[Reading], names: Callable[[int], str | None]) -> Page:
        """One page. ``names`` gives the name of a process of the run, None for one that is none of it; the memory of
        processes of one name is added up. A sensor without a value has no series."""
        series: list[Series] = []
        values: list[float] = []
        for gpu in readings:
            for name, _, sensor in _SENSORS:
                value = sensor(gpu)
                if value is not None:
                    series.append(self._series(name, gpu.gpu))
                    values.append(value)
            ours: dict[str, int] = {}
            for pid, used in gpu.processes:
                process = names(pid)
                if process is not None:
                    ours[process] = ours.get(process, 0) + used
            for process in sorted(ours):
                series.append(self._series(PROCESS_MEMORY, gpu.gpu, process))
                values.append(float(ours[process]))
        return Page(series, values, _KINDS, _HELPS, 0)

    def _series(self, name: str, gpu: int, process: str = "") -> Series:
        key = (name, gpu, process)
        known = self._known.get(key)
        if known is None:
            labels = (("gpu", str(gpu)), ("process", process)) if process else (("gpu", str(gpu)),)
            known = self._known[key] = Series(name, labels)
        return known
