"""The GPUs of this machine through NVML. No driver, no GPU, a broken sensor: None, never an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from launcher.host import driver


@dataclass(frozen=True, slots=True)
class Gpu:
    """``memory_*`` in bytes, ``utilization`` 0 to 1; ``pids`` are the processes that hold memory on it."""

    index: int
    name: str
    uuid: str = ""
    memory_used: int | None = None
    memory_total: int | None = None
    utilization: float | None = None
    pids: tuple[int, ...] = ()


_nvml: Any = None
_tried = False


def _library() -> Any:
    global _nvml, _tried
    if not _tried:
        _tried = True
        if driver.nvidia_present():
            try:
                import pynvml

                pynvml.nvmlInit()
                _nvml = pynvml
            except Exception:  # no library, no permission, driver mismatch: this machine has no usable GPU for us
                _nvml = None
    return _nvml


def _ask(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except Exception:  # pynvml raises its own family for each sensor that a card lacks
        return None


def read(*, processes: bool = True) -> tuple[Gpu, ...]:
    """All GPUs as they are now; empty on a machine without any."""
    nvml = _library()
    if nvml is None:
        return ()
    found = []
    for index in range(_ask(nvml.nvmlDeviceGetCount) or 0):
        handle = _ask(nvml.nvmlDeviceGetHandleByIndex, index)
        if handle is None:
            continue
        memory = _ask(nvml.nvmlDeviceGetMemoryInfo, handle)
        rates = _ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        holders = _ask(nvml.nvmlDeviceGetComputeRunningProcesses, handle) if processes else None
        found.append(
            Gpu(
                index,
                _text(_ask(nvml.nvmlDeviceGetName, handle)) or "GPU",
                _text(_ask(nvml.nvmlDeviceGetUUID, handle)),
                None if memory is None else int(memory.used),
                None if memory is None else int(memory.total),
                None if rates is None else rates.gpu / 100,
                tuple(sorted({int(p.pid) for p in holders or ()})),
            )
        )
    return tuple(found)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def allowed(gpus: tuple[Gpu, ...], visible: str | None) -> tuple[Gpu, ...]:
    """The GPUs that the user's CUDA_VISIBLE_DEVICES leaves (``0,2`` or UUIDs, which may be cut short); all without it.

    CUDA stops at the first entry that names no GPU, and so does this.
    """
    if visible is None:
        return gpus
    kept: list[Gpu] = []
    for word in (part.strip() for part in visible.split(",")):
        found = [
            gpu for gpu in gpus if word == str(gpu.index) or (word.startswith("GPU-") and gpu.uuid.startswith(word))
        ]
        if len(found) != 1:
            break
        kept += found
    return tuple(kept)


def assign(
    wanted: int | tuple[int, ...], gpus: tuple[Gpu, ...], held: dict[int, str]
) -> tuple[tuple[int, ...], str | None]:
    """Choose GPUs: the indices, or () and why not.

    ``held`` says which run has which GPU. A count never takes a held one; a pinned index does, for that is asking.
    Among the free ones those with the least memory in use come first (another user's process may sit on one).
    """
    known = {gpu.index for gpu in gpus}
    if isinstance(wanted, tuple):
        missing = [index for index in wanted if index not in known]
        if missing:
            return (), f"there is no GPU {', '.join(map(str, missing))} on this machine (it has {_count(len(gpus))})"
        return wanted, None
    if wanted == 0:
        return (), None
    if not gpus:
        return (), f"the manifest asks for {_count(wanted)} and this machine has none"
    free = sorted((g for g in gpus if g.index not in held), key=lambda g: (g.memory_used or 0, g.index))
    if len(free) < wanted:
        holders = "; ".join(f"GPU {index} is held by {name}" for index, name in sorted(held.items()) if index in known)
        return (), f"the manifest asks for {_count(wanted)}, {len(free)} of {len(gpus)} free" + (
            f" ({holders})" if holders else ""
        )
    return tuple(sorted(gpu.index for gpu in free[:wanted])), None


def _count(number: int) -> str:
    return f"{number} GPU" if number == 1 else f"{number} GPUs"
