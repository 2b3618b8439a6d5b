"""``run.json``: what a run was made to do. Written once by the creator, read by everyone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class StepRecord(NamedTuple):
    """One process to start, one after the other. ``display`` is the command as people read it, secrets masked."""

    argv: tuple[str, ...]
    cwd: str
    display: str
    kind: str = "shell"
    """import: fetched before the first command; shell: a step of ``run:``; vllm: the command line vdeck wrote; wait"""
    wait_s: float = 0.0


class PortRecord(NamedTuple):
    name: str
    type: str
    port: int
    host: str = "127.0.0.1"
    """Where it is reached from this machine."""


class Probe(NamedTuple):
    """How readiness is asked for. ``kind``: vllm (health, then models), http (anything that answers), none."""

    kind: str = "none"
    host: str = "127.0.0.1"
    ports: tuple[int, ...] = ()
    """Candidates in the order they are tried; the first that lists a model is the server."""
    names: tuple[str, ...] = ()
    """Model names of which one must be listed; empty: any will do."""
    scheme: str = "http"
    prefix: str = ""
    """What a reverse proxy puts before every path: ``/like/this``."""
    verify: bool = False
    """The certificate of an https server must be good for ``host``: for servers that are not on this machine."""
    foreign: bool = False
    """Not started by vdeck. Its metrics are enough: who has no key for its models may watch it all the same."""


class RunRecord(NamedTuple):
    id: str
    name: str
    created: float
    type: str = "batch"
    description: str = ""
    cluster: str = "local"
    manifest: str | None = None
    base: str = ""
    """Where relative paths start: the manifest's folder, or the one of the command that read it from a pipe."""
    steps: tuple[StepRecord, ...] = ()
    env: Mapping[str, str] = {}
    secret_names: tuple[str, ...] = ()
    ports: tuple[PortRecord, ...] = ()
    gpus: tuple[int, ...] = ()
    engine: str | None = None
    engine_bin: str | None = None
    engine_python: str | None = None
    own_environment: bool = False
    """Steps may ``pip install``: a Python environment of the run's own is made first."""
    model: str | None = None
    probe: Probe = Probe()
    grace_s: float = 30.0
    restart: str = "never"
    restart_max: int = 0
    max_runtime_s: float | None = None
    keep_idle: bool = False
    """VESSL's termination protection: idle instead of ended."""
    notes: tuple[str, ...] = ()
    interval_s: float = 1.0
    """How often the server's metrics are read."""
    attached: str = ""
    """Base URL of a server that vdeck did not start and only watches; empty for a run of our own."""


def to_json(record: RunRecord) -> dict[str, Any]:
    """The document written to the run folder."""
    value = record._asdict()
    value["steps"] = [step._asdict() for step in record.steps]
    value["ports"] = [port._asdict() for port in record.ports]
    value["probe"] = record.probe._asdict()
    value["env"] = dict(record.env)
    return value


def _known(kind: Any, value: Any) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in value.items() if k in kind._fields}


def from_json(value: Mapping[str, Any]) -> RunRecord:
    """The record in a document. Keys of a newer vdeck are ignored. Raises ValueError when it is no run record."""
    try:
        known = _known(RunRecord, value)
        known["steps"] = tuple(StepRecord(**_known(StepRecord, step)) for step in value.get("steps", ()))
        known["ports"] = tuple(PortRecord(**_known(PortRecord, port)) for port in value.get("ports", ()))
        known["probe"] = Probe(**_known(Probe, value.get("probe") or {}))
        record = RunRecord(**known)
        if not isinstance(record.id, str) or not isinstance(record.name, str):
            raise ValueError("id and name must be text")
        record.created + record.interval_s + 0
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    return record
