"""The protocol of a cluster: a named place where runs run. One file each behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from launcher.manifest.model import Manifest, Port
from launcher.manifest.problems import Problem


class Holdings(NamedTuple):
    """What live runs have: port or GPU index -> the run in words, ``qwen (#217…)``."""

    ports: Mapping[int, str]
    gpus: Mapping[int, str]


class Request(NamedTuple):
    """What a run needs of its place."""

    ports: tuple[Port, ...]
    gpus: int | tuple[int, ...] | None
    """None: whatever the place has, ``gpus_default`` when it has any."""
    gpus_default: int = 1


class Placement(NamedTuple):
    """What it got: one number a port, in the order asked; the GPU indices; notes for the user."""

    ports: tuple[int, ...]
    gpus: tuple[int, ...]
    notes: tuple[str, ...] = ()


class Cluster(Protocol):
    """A place where supervisors are put. All methods are synchronous; call them in a thread from the screen."""

    name: str

    def check(self, manifest: Manifest) -> tuple[Problem, ...]:
        """What of the manifest this place cannot honour. Pure, offline, before anything is made."""
        ...

    def place(self, request: Request, held: Holdings) -> Placement:
        """Choose ports and GPUs. Raises VdeckError naming the holder when that cannot be had."""
        ...

    def launch(self, folder: str, mode: str) -> None:
        """Start a supervisor on a run folder. ``mode``: start, adopt (take over what lives), restart (of an ended
        run)."""
        ...

    def wake(self, supervisor: int) -> None:
        """Tell a supervisor to read its intent now; it would find it by itself a little later."""
        ...
