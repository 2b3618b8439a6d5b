"""The first line of the screen: how many runs, how full the GPUs, what time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui import format as fmt
from tui.render.cells import Cell, cell_width, clip
from tui.render.spark import fill
from tui.render.state import look, starting

if TYPE_CHECKING:
    from launcher.fleet import Snapshot
    from launcher.host.gpus import Gpu
    from launcher.runs.view import RunView

_GIB = 1024**3
_GAP: Cell = (("  ", ""),)


def header_line(snapshot: Snapshot | None, width: int) -> Cell:
    """The header in exactly one line of ``width`` cells; the GPUs tell less when there is less room."""
    left: Cell = (("vdeck", "title"),)
    if snapshot is None:
        return left
    left += counts(snapshot.runs)
    clock: Cell = ((fmt.clock(snapshot.taken), "muted"),)
    room = width - cell_width(left) - cell_width(clock) - 4
    middle = next((form for form in gpu_forms(snapshot.gpus) if cell_width(form) <= room), ())
    blank = width - cell_width(left) - cell_width(middle) - cell_width(clock) - 2
    return clip((*left, (" " * max(2, blank), ""), *middle, ("  ", ""), *clock), width)


def counts(runs: Sequence[RunView]) -> Cell:
    """``  3 runs  2 ready  1 starting  1 failed``; what there is none of is left out."""
    parts: list[tuple[int, str, str]] = [
        (sum(run.ready and run.live for run in runs), "ready", "good"),
        (sum(starting(run) for run in runs), "starting", "busy"),
        (sum(look(run).glyph == "◑" for run in runs), "not ready", "warn"),
        (sum(run.status == "failed" for run in runs), "failed", "bad"),
        (sum(run.status == "lost" for run in runs), "lost", "warn"),
    ]
    shown: Cell = ((f"  {len(runs)} run{'' if len(runs) == 1 else 's'}", ""),)
    for number, word, style in parts:
        if number:
            shown += ((f"  {number} {word}", style),)
    return shown


def gpu_forms(gpus: Sequence[Gpu]) -> Iterator[Cell]:
    """The same GPUs in ever fewer words: bar and figures, figures, load alone, all of them in one figure."""
    if not gpus:
        yield (("CPU", "muted"),)
        return
    yield _joined([_one(gpu, bar=True) for gpu in gpus])
    yield _joined([_one(gpu, bar=False) for gpu in gpus])
    yield _joined([((f"GPU{gpu.index} ", "muted"), (fmt.percent(_filled(gpu)), _heat(gpu))) for gpu in gpus])
    used = sum(gpu.memory_used or 0 for gpu in gpus)
    total = sum(gpu.memory_total or 0 for gpu in gpus)
    number = f"{len(gpus)} GPU{'s' if len(gpus) > 1 else ''}"
    yield ((f"{number} ", "muted"), (f"{used / _GIB:.0f}/{total / _GIB:.0f} GB", ""))
    yield ((number, "muted"),)


def _joined(forms: list[Cell]) -> Cell:
    joined: Cell = ()
    for form in forms:
        joined += form if not joined else _GAP + form
    return joined


def _one(gpu: Gpu, *, bar: bool) -> Cell:
    words: Cell = ((f"GPU {gpu.index} ", "muted"),)
    if bar:
        words += ((fill(_filled(gpu), 5) + " ", _heat(gpu)),)
    words += ((_memory(gpu), ""),)
    if gpu.utilization is not None:
        words += ((f" {gpu.utilization * 100:.0f} %", ""),)
    return words


def _memory(gpu: Gpu) -> str:
    """Memory used and there, in GiB (sold as GB)."""
    if gpu.memory_used is None or not gpu.memory_total:
        return fmt.UNKNOWN
    return f"{gpu.memory_used / _GIB:.0f}/{gpu.memory_total / _GIB:.0f} GB"


def _filled(gpu: Gpu) -> float | None:
    return gpu.memory_used / gpu.memory_total if gpu.memory_used is not None and gpu.memory_total else None


def _heat(gpu: Gpu) -> str:
    """A full GPU is what vLLM makes of it (it takes 90 % by design), so only the last few percent are a warning."""
    filled = _filled(gpu)
    if filled is None:
        return "muted"
    return "warn" if filled > 0.97 else "good"
