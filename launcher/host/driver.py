"""Is there an NVIDIA driver? A look at its device files: microseconds, nothing is loaded."""

from __future__ import annotations

import os

_SIGNS = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg")
"""The last one is how WSL 2 shows it."""


def nvidia_present() -> bool:
    """True when this machine can have NVIDIA GPUs to ask about."""
    return any(os.path.exists(sign) for sign in _SIGNS)
