"""A stand-in for pynvml: cards whose sensors answer, fail, or are missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

GIB = 2**30


class FakeNvml:
    """``cards``: for each GPU the value of each sensor by its function's name; one that is not there raises."""

    def __init__(self, *cards: dict[str, Any]) -> None:
        self.cards = list(cards)
        self.calls: list[str] = []

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        if not 0 <= index < len(self.cards):
            raise RuntimeError("not found")
        return index

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("nvml"):
            raise AttributeError(name)

        def sensor(handle: int, kind: int | None = None) -> Any:
            self.calls.append(name)
            key = name if kind is None else f"{name}:{kind}"
            if key not in self.cards[handle]:
                raise RuntimeError("not supported")
            return self.cards[handle][key]

        return sensor


def process(pid: int, used: int | None) -> SimpleNamespace:
    return SimpleNamespace(pid=pid, usedGpuMemory=used)


def h100(*processes: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    """A card of which every sensor answers."""
    return {
        "nvmlDeviceGetName": "NVIDIA H100",
        "nvmlDeviceGetUUID": "GPU-1",
        "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=92, memory=40),
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=70 * GIB, total=80 * GIB, free=10 * GIB),
        "nvmlDeviceGetPowerUsage": 612_500,
        "nvmlDeviceGetEnforcedPowerLimit": 700_000,
        "nvmlDeviceGetTemperature:0": 61,
        "nvmlDeviceGetClockInfo:1": 1980,
        "nvmlDeviceGetClockInfo:2": 2619,
        "nvmlDeviceGetComputeRunningProcesses": list(processes),
        **changes,
    }
