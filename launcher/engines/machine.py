"""What this machine offers an engine: a GPU, a Python, room on the disk."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import NamedTuple

from launcher.engines.environment import for_tools
from launcher.errors import VdeckError
from launcher.runs import process

OLDEST, NEWEST = (3, 10), (3, 13)
"""The Pythons that vLLM has packages for."""
_NAMES = ("python3.12", "python3.11", "python3.13", "python3.10")
_PROBE = "import ensurepip, venv, sys; print('vdeck-python %d.%d' % sys.version_info[:2])"


class Python(NamedTuple):
    path: str
    version: tuple[int, int]


def gpu_present() -> bool:
    """Whether an NVIDIA driver with a GPU is here: its files, or what NVML says (WSL has no device files)."""
    if os.path.exists("/proc/driver/nvidia/version") or os.path.exists("/dev/nvidia0"):
        return True
    try:
        import pynvml

        pynvml.nvmlInit()
        try:
            return bool(pynvml.nvmlDeviceGetCount() > 0)
        finally:
            pynvml.nvmlShutdown()
    except Exception:  # no library, no driver, a library that fits no driver: whatever it is, no GPU can be used
        return False


def find_python() -> Python:
    """The Python for a new engine: vdeck's own if vLLM supports it, else one on PATH. Raises VdeckError."""
    tried = []
    own = getattr(sys, "_base_executable", "") or sys.executable
    candidates = [own] if OLDEST <= sys.version_info[:2] <= NEWEST else []
    candidates += [path for path in (shutil.which(name) for name in _NAMES) if path]
    for path in candidates:
        version, said = _probe(path)
        if version is not None and OLDEST <= version <= NEWEST:
            return Python(path, version)
        tried.append(f"{path}: {said}")
    without_venv = any("ensurepip" in line for line in tried)
    raise VdeckError(
        "no Python from 3.10 to 3.13 that can make environments was found",
        detail="\n".join(tried) or "no python3.10 … python3.13 on PATH",
        fix="install your system's python3-venv package" if without_venv else "put a python3.12 on PATH",
    )


def _probe(path: str) -> tuple[tuple[int, int] | None, str]:
    """Run it: a name on PATH may be a shim of something that is not installed, and Debian's lacks ensurepip."""
    try:
        code, output = process.run([path, "-I", "-c", _PROBE], env=for_tools(os.environ), timeout_s=30)
    except VdeckError as error:
        return None, error.title
    found = re.search(r"^vdeck-python (\d+)\.(\d+)$", output, re.MULTILINE)
    if found is not None:
        return (int(found[1]), int(found[2])), f"Python {found[1]}.{found[2]}"
    lines = output.strip().splitlines()
    return None, lines[-1] if lines else f"exit code {code}"


def check_room(folder: str, needed: int) -> None:
    """Raise VdeckError when the disk of ``folder`` has less than ``needed`` bytes free (what is in it counts)."""
    place = folder
    while not os.path.exists(place):
        place = os.path.dirname(place)
    free = shutil.disk_usage(place).free
    have = size_of(folder)
    if free + have < needed:
        raise VdeckError(
            f"not enough room for the engine: {gigabytes(free)} free, about {gigabytes(needed - have)} needed",
            detail=f"in {folder}",
            fix="free some space, or put engines elsewhere with VDECK_ENGINES=/big/disk/engines",
        )


def size_of(folder: str) -> int:
    """Bytes on the disk under a folder; 0 when it is not there."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512
            except OSError:
                continue
    return total


def gigabytes(size: int) -> str:
    """Bytes as ``2.5 GB`` (powers of ten, as disks are sold)."""
    return f"{size / 1e9:.1f} GB"
