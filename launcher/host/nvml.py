"""NVML, the library of NVIDIA's driver: loaded once, and only on a machine that has a driver."""

from __future__ import annotations

from typing import Any

from launcher.host import driver

_nvml: Any = None
_tried = False


def library() -> Any:
    """The module ``pynvml``, initialised; None on a machine whose GPUs cannot be asked."""
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


def ask(function: Any, *args: Any) -> Any:
    """What a function of NVML answers; None for a sensor that this card or this driver lacks."""
    try:
        return function(*args)
    except Exception:  # pynvml raises its own family for each sensor that a card lacks
        return None


def text(value: Any) -> str:
    """A name as text; old versions of the library answer bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
