"""The memory of this machine."""

from __future__ import annotations


def available_bytes() -> int | None:
    """What a new process may take without swapping (``MemAvailable``), or None where /proc does not say."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
