"""An engine: one vLLM that can be started. Frozen, and cheap to import: `run list` may pass here."""

from __future__ import annotations

from typing import Literal, NamedTuple

Variant = Literal["cpu", "cuda", "rocm", "unknown"]
Source = Literal["path", "installed"]

PATH_NAME = "path"
"""The name of the engine that is not vdeck's own: the `vllm` that the shell would start."""


class Engine(NamedTuple):
    """One vLLM. What the files beside it do not tell is None (or ``unknown``); no process was started to find out."""

    name: str
    """``0.32.0-cpu`` (its folder) for an installed one, ``path`` for the one on PATH."""
    version: str | None
    """As its metadata says it, local part included: ``0.32.0+cpu``."""
    variant: Variant
    vllm: str
    """Absolute path of the executable."""
    python: str | None
    """The interpreter that runs it."""
    source: Source
    folder: str | None = None
    """The environment that vdeck made for it; None when it is not vdeck's own."""
