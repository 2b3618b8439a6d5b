"""The GPUs of this machine through NVML. No driver, no GPU, a broken sensor: None, never an error."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.host.nvml import ask, library, text


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


def read(*, processes: bool = True) -> tuple[Gpu, ...]:
    """All GPUs as they are now; empty on a machine without any."""
    nvml = library()
    if nvml is None:
        return ()
    found = []
    for index in range(ask(nvml.nvmlDeviceGetCount) or 0):
        handle = ask(nvml.nvmlDeviceGetHandleByIndex, index)
        if handle is None:
            continue
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, handle)
        rates = ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        holders = ask(nvml.nvmlDeviceGetComputeRunningProcesses, handle) if processes else None
        found.append(
            Gpu(
                index,
                text(ask(nvml.nvmlDeviceGetName, handle)) or "GPU",
                text(ask(nvml.nvmlDeviceGetUUID, handle)),
                None if memory is None else int(memory.used),
                None if memory is None else int(memory.total),
                None if rates is None else rates.gpu / 100,
                tuple(sorted({int(p.pid) for p in holders or ()})),
            )
        )
    return tuple(found)


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
