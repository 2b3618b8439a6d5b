"""What a manifest needs of its place: ports, GPUs, an engine. Pure."""

from __future__ import annotations

from typing import Any

from launcher.clusters.base import Request
from launcher.manifest.model import Manifest, Port
from launcher.manifest.ports import serving_index
from launcher.runs import command

DEFAULT_PORT = 8000
"""Where ``vllm serve`` listens when nobody says otherwise."""


def request(manifest: Manifest) -> Request:
    """What the manifest needs of its place: ports (the server's first) and GPUs."""
    return Request(_wanted_ports(manifest), manifest.resources.gpus, _default_gpus(manifest))


def _wanted_ports(manifest: Manifest) -> tuple[Port, ...]:
    if manifest.vllm is not None:
        first = serving_index(manifest.ports)
        if first is None:
            return (Port("vllm", None), *manifest.ports)
        return (manifest.ports[first], *(port for n, port in enumerate(manifest.ports) if n != first))
    commands = [step.command for step in manifest.steps]
    if not any(map(command.starts_vllm, commands)):
        return manifest.ports
    literal = command.literal_ports(commands)
    declared = [port.port for port in manifest.ports]
    extra = [Port("vllm", number) for number in literal if number not in declared]
    if not literal and DEFAULT_PORT not in declared and not any("PORT" in text for text in commands):
        extra = [Port("vllm", DEFAULT_PORT)]
    return tuple(sorted((*manifest.ports, *extra), key=lambda port: _rank(port, literal)))


def _rank(port: Port, literal: tuple[int, ...]) -> int:
    if port.port in literal:
        return 0
    named = any(word in port.name.lower() for word in ("vllm", "openai", "llm", "api"))
    return 1 if named else 2 if port.type == "http" else 3


def _default_gpus(manifest: Manifest) -> int:
    """GPUs of a manifest that does not say how many, on a machine that has some."""
    if manifest.vllm is not None:
        args = manifest.vllm.args
        return _whole(args.get("tensor-parallel-size"), 1) * _whole(args.get("pipeline-parallel-size"), 1)
    asks = any(command.starts_vllm(step.command) for step in manifest.steps)
    return 1 if asks or "gpu" in (manifest.resources.preset or "").lower() else 0


def _whole(value: Any, fallback: int) -> int:
    try:
        return max(1, int(value))
    except (TypeError, ValueError):
        return fallback


def needs_engine(manifest: Manifest) -> bool:
    """True when nothing runs without an installed vLLM: the ``vllm:`` form, or commands that start one and install
    none."""
    if manifest.vllm is not None:
        return True
    commands = [step.command for step in manifest.steps]
    installs = any("install" in text and "vllm" in text.partition("install")[2] for text in commands)
    return any(map(command.starts_vllm, commands)) and not installs
