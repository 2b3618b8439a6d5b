"""Manifest + place + engine -> the run record. Pure but for looking whether folders exist: nothing is made here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from launcher import paths
from launcher.clusters.base import Placement
from launcher.engines.engine import Engine
from launcher.logs.redact import Redactor
from launcher.manifest.model import Manifest
from launcher.runs import command, needs, shell_steps, variables
from launcher.runs.record import PortRecord, Probe, RunRecord, StepRecord


class Plan(NamedTuple):
    """What will run, exactly. ``secret_values`` goes to secrets.env and nowhere else."""

    record: RunRecord
    secret_values: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """Each command as a shell takes it, secrets not in it."""
        return tuple(step.display for step in self.record.steps)


def make(
    manifest: Manifest, *, run_id: str, created: float, folder: str, base: str, source: str | None,
    placement: Placement, engine: Engine | None, inherited: Mapping[str, str], memory_bytes: int | None,
) -> Plan:  # fmt: skip
    """The plan of one run. ``base``: the manifest's folder, where relative paths start; ``inherited``: the environment
    that the run will grow up in; ``memory_bytes``: free memory, by which the CPU engine's KV cache is sized."""
    env, secret_values, notes = variables.split(manifest, inherited)
    notes = [*placement.notes, *notes]
    ports = [
        PortRecord(port.name, port.type, number, "127.0.0.1")
        for port, number in zip(needs.request(manifest).ports, placement.ports)
    ]
    model: str | None
    if manifest.vllm is not None:
        assert engine is not None
        model = manifest.vllm.model
        args, said = _server_args(manifest, engine, {**inherited, **env}, memory_bytes)
        notes += said
        steps = [_serve_step(manifest, engine, args, ports[0].port, base)]
        ports[0] = ports[0]._replace(host=_reach(str(args.get("host", "127.0.0.1"))))
        probe = _vllm_probe(args, ports[0], model, base)
        secret_values.update(variables.secret_args(manifest.vllm.args))
    else:
        steps, said = shell_steps.make(manifest, base, paths.RunPaths(folder).work)
        notes += said
        probe = _guess_probe(manifest, ports)
        model = command.named_model((s.command for s in manifest.steps), env)
    if "VLLM_API_KEY" in inherited and "VLLM_API_KEY" not in secret_values and probe.kind == "vllm":
        secret_values["VLLM_API_KEY"] = inherited["VLLM_API_KEY"]  # the server will ask us for it too
    mask = Redactor(secret_values.values())  # a key that the manifest has in clear is shown by nothing of ours
    steps = [step._replace(display=mask(step.display)) for step in steps]
    record = RunRecord(
        id=run_id, name=manifest.name, created=created, type=manifest.type, description=manifest.description,
        cluster="local", manifest=source, base=base, steps=tuple(steps), env=env, secret_names=tuple(secret_values),
        ports=tuple(ports), gpus=placement.gpus,
        engine=None if engine is None else engine.name, engine_bin=None if engine is None else
        os.path.dirname(engine.vllm), engine_python=None if engine is None else engine.python,
        own_environment=any(step.kind == "shell" for step in steps), model=model, probe=probe, grace_s=manifest.grace_s,
        restart=manifest.restart.policy, restart_max=manifest.restart.max,
        max_runtime_s=manifest.interactive.max_runtime_s if manifest.interactive else None,
        keep_idle=manifest.termination_protection or (manifest.interactive is not None and not steps),
        notes=tuple(notes), interval_s=manifest.interval_s,
    )  # fmt: skip
    return Plan(record, secret_values, tuple(notes))


def _server_args(
    manifest: Manifest, engine: Engine, env: Mapping[str, str], memory_bytes: int | None
) -> tuple[dict[str, Any], list[str]]:
    """The manifest's arguments, and for the CPU engine a KV cache that fits: its own default, 92 % of the memory of one
    NUMA node, fails on most machines."""
    assert manifest.vllm is not None
    args = dict(manifest.vllm.args)
    sized = {"kv-cache-memory-bytes", "gpu-memory-utilization"} & set(args) or env.get("VLLM_CPU_KVCACHE_SPACE")
    if engine.variant != "cpu" or sized or not memory_bytes:
        return args, []
    mib = max(256, min(4096, memory_bytes // 4 // 2**20 // 256 * 256))
    args["kv-cache-memory-bytes"] = f"{mib}M"
    return args, [f"KV cache: {mib} MiB of memory, chosen by vdeck (args: kv-cache-memory-bytes)"]


def _serve_step(manifest: Manifest, engine: Engine, args: Mapping[str, Any], port: int, base: str) -> StepRecord:
    assert manifest.vllm is not None
    folder = command.local_model(manifest.vllm.model, base)
    name = os.path.basename(folder.rstrip("/")) if folder is not None else None
    host = str(args.get("host", "127.0.0.1"))
    model = folder or manifest.vllm.model
    argv = command.serve(engine.vllm, model, args, host=host, port=port, served_name=name)
    return StepRecord(argv, base, command.display(argv), "vllm")


def _vllm_probe(args: Mapping[str, Any], port: PortRecord, model: str, base: str) -> Probe:
    served = args.get("served-model-name")
    folder = command.local_model(model, base)
    if served is None:
        names: tuple[str, ...] = (os.path.basename(folder.rstrip("/")) if folder else model,)
    else:
        names = tuple(map(str, served)) if isinstance(served, (list, tuple)) else (str(served),)
    scheme = "https" if args.get("ssl-keyfile") or args.get("ssl-certfile") else "http"
    return Probe("vllm", port.host, (port.port,), names, scheme)


def _guess_probe(manifest: Manifest, ports: list[PortRecord]) -> Probe:
    http = tuple(port.port for port in ports if port.type == "http")
    servers = [step.command for step in manifest.steps if command.starts_vllm(step.command)]
    if servers:
        return Probe("vllm", "127.0.0.1", http, scheme="https" if any(map(command.wants_tls, servers)) else "http")
    return Probe("http" if http else "none", "127.0.0.1", http)


def _reach(host: str) -> str:
    """The address by which a server that listens on ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1", "*": "127.0.0.1"}.get(host, host)
