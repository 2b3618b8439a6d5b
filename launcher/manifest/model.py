"""What a manifest says, typed. Frozen: an override makes a new Manifest, never changes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from launcher.metrics.goals import Goals

PortType = Literal["http", "tcp", "udp"]
DEFAULT_GRACE_S = 30.0
DEFAULT_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class EnvVar:
    """One entry of ``env:``. One of ``value`` and ``secret`` is set, or neither when the entry is a placeholder."""

    name: str
    value: str | None = None
    secret: str | None = None
    """The name of a secret to look up when the run is created."""
    sensitive: bool = False
    """The value must not be shown, recorded or exported (``secret: true``, or a name such as HF_TOKEN)."""
    placeholder: bool = False
    """``HF_TOKEN: HF_TOKEN`` or ``{YOUR_KEY}``: said in a warning and never passed on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One item of ``run:``: a shell command, or a wait."""

    command: str
    workdir: str | None = None
    wait_s: float | None = None
    """``wait: 10s`` between two commands; ``command`` is empty then."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """One item of ``ports:``. ``port`` None means ``auto``: vdeck chooses a free one."""

    name: str
    port: int | None
    type: PortType = "http"
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    cluster: str | None = None
    preset: str | None = None
    gpus: int | tuple[int, ...] | None = None
    """A count, or pinned indices; None: not said (vdeck decides by what the machine has)."""
    cpu: str | None = None
    memory: str | None = None
    other: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Volume:
    """One entry of ``import``, ``mount`` or ``export``: a path of the container and where it comes from or goes to."""

    path: str
    kind: str
    """git hf dataset model artifact s3 gs volume hostpath nfs … (the scheme or key, lower case)"""
    source: str
    """The URL or reference in one string, e.g. ``https://github.com/o/r``."""
    ref: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vllm:
    """The ``vllm:`` form: vdeck writes the command line from it."""

    model: str
    version: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    """Flag names without dashes to scalars, lists, mappings (JSON) or booleans; order kept."""


@dataclass(frozen=True, slots=True)
class Interactive:
    max_runtime_s: float | None = None
    idle_timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    policy: Literal["never", "on-failure"] = "never"
    max: int = 3


@dataclass(frozen=True, slots=True)
class Manifest:
    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    resources: Resources = field(default_factory=Resources)
    image: str | None = None
    imports: tuple[Volume, ...] = ()
    mounts: tuple[Volume, ...] = ()
    exports: tuple[Volume, ...] = ()
    steps: tuple[Step, ...] = ()
    vllm: Vllm | None = None
    ports: tuple[Port, ...] = ()
    env: tuple[EnvVar, ...] = ()
    interactive: Interactive | None = None
    restart: Restart = field(default_factory=Restart)
    grace_s: float = DEFAULT_GRACE_S
    """``stop: {grace: 30s}``"""
    service_account_name: str | None = None
    termination_protection: bool = False
    goals: Goals = field(default_factory=Goals)
    interval_s: float = DEFAULT_INTERVAL_S
    """``metrics: {interval: 1s}``"""

    @property
    def type(self) -> Literal["batch", "interactive"]:
        """VESSL's run type: the presence of ``interactive:`` alone decides."""
        return "interactive" if self.interactive is not None else "batch"
