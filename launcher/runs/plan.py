"""Manifest + place + engine -> the run record. Pure but for looking whether folders exist: nothing is made here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any, NamedTuple

from launcher import paths
from launcher.clusters.base import Placement, Request
from launcher.engines.engine import Engine
from launcher.errors import VdeckError
from launcher.manifest.model import Manifest, Port, Volume
from launcher.manifest.ports import serving_index
from launcher.runs import command, secrets
from launcher.runs.record import PortRecord, Probe, RunRecord, StepRecord

DEFAULT_PORT = 8000
"""Where ``vllm serve`` listens when nobody says otherwise."""


class Plan(NamedTuple):
    """What will run, exactly. ``secret_values`` goes to secrets.env and nowhere else."""

    record: RunRecord
    secret_values: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """Each command as a shell takes it, secrets not in it."""
        return tuple(step.display for step in self.record.steps)


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


def make(
    manifest: Manifest, *, run_id: str, created: float, folder: str, base: str, source: str | None,
    placement: Placement, engine: Engine | None, inherited: Mapping[str, str], memory_bytes: int | None,
) -> Plan:  # fmt: skip
    """The plan of one run. ``base``: the manifest's folder, where relative paths start; ``inherited``: the
    environment that
    the run will grow up in; ``memory_bytes``: free memory, by which the CPU engine's KV cache is sized."""
    env, secret_values, notes = _environment(manifest, inherited)
    notes = [*placement.notes, *notes]
    ports = [
        PortRecord(port.name, port.type, number, "127.0.0.1")
        for port, number in zip(request(manifest).ports, placement.ports)
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
        secret_values.update(_secret_args(manifest.vllm.args))
    else:
        steps, said = _steps(manifest, base, paths.RunPaths(folder).work)
        notes += said
        probe = _guess_probe(manifest, ports)
        model = command.named_model((s.command for s in manifest.steps), env)
    if "VLLM_API_KEY" in inherited and "VLLM_API_KEY" not in secret_values and probe.kind == "vllm":
        secret_values["VLLM_API_KEY"] = inherited["VLLM_API_KEY"]  # the server will ask us for it too
    record = RunRecord(
        id=run_id, name=manifest.name, created=created, type=manifest.type, description=manifest.description,
        cluster="local", manifest=source, steps=tuple(steps), env=env, secret_names=tuple(secret_values),
        ports=tuple(ports), gpus=placement.gpus,
        engine=None if engine is None else engine.name, engine_bin=None if engine is None else
        os.path.dirname(engine.vllm), engine_python=None if engine is None else engine.python,
        own_environment=any(step.kind == "shell" for step in steps), model=model, probe=probe, grace_s=manifest.grace_s,
        restart=manifest.restart.policy, restart_max=manifest.restart.max,
        max_runtime_s=manifest.interactive.max_runtime_s if manifest.interactive else None,
        keep_idle=manifest.termination_protection or (manifest.interactive is not None and not steps),
        notes=tuple(notes),
    )  # fmt: skip
    return Plan(record, secret_values, tuple(notes))


def _environment(manifest: Manifest, inherited: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    env: dict[str, str] = {}
    secret_values: dict[str, str] = {}
    notes: list[str] = []
    for entry in manifest.env:
        if entry.placeholder:
            inherits = " (the one of your environment is)" if inherited.get(entry.name) else ""
            notes.append(f"{entry.name} is a placeholder and is not passed on{inherits}")
        elif entry.secret is not None:
            value = secrets.look_up(entry.secret, entry.name)
            if value is None:
                notes.append(f"secret {entry.secret} for {entry.name} is not known here; the run goes on without it")
            else:
                secret_values[entry.name] = value
        elif entry.value is not None:
            (secret_values if entry.sensitive or secrets.is_sensitive(entry.name) else env)[entry.name] = entry.value
    return env, secret_values, notes


def _secret_args(args: Mapping[str, Any]) -> dict[str, str]:
    """Secrets that the manifest has among the arguments, as the variables that vLLM reads instead. Raises
    VdeckError."""
    found: dict[str, str] = {}
    for flag, variable in command.SECRET_FLAGS.items():
        value = args.get(flag)
        values = list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]
        if len(values) > 1:
            raise VdeckError(
                f"{len(values)} values for {flag}: vLLM takes several only in its command line, which
                everybody can read", fix=f"give one, or write env: {{{variable}: {{secret: NAME}}}}",
          
             )
        if values:
            found[variable] = str(values[0])
    return found


def
_server_args(     manifest: Manifest, engine: Engine, env: Mapping[str, str], memory_bytes: int | None
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
    if any(command.starts_vllm(step.command) for step in manifest.steps):
        return Probe("vllm", "127.0.0.1", http)
    return Probe("http" if http else "none", "127.0.0.1", http)


def _reach(host: str) -> str:
    """The address by which a server that listens on ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1", "*": "127.0.0.1"}.get(host, host)


def _steps(manifest: Manifest, base: str, work: str) -> tuple[list[StepRecord], list[str]]:
    steps: list[StepRecord] = []
    notes: list[str] = []
    imported = [volume.path for volume in manifest.imports if volume.kind == "git"]
    for volume in manifest.imports:
        if volume.kind == "git":
            steps.append(_clone(volume, work))
            notes.append(f"{volume.path} is fetched to {_mapped(volume.path, work)}")
    shell = shutil.which("bash") or "/bin/sh"
    for step in manifest.steps:
        if step.wait_s is not None:
            steps.append(StepRecord((), base, f"wait {step.wait_s:g} s", "wait", step.wait_s))
            continue
        cwd = _workdir(step.workdir, base, work, imported)
        if cwd.startswith(work + os.sep) and step.workdir:
            note = f"{step.workdir} is not on this machine; the run uses {cwd}"
            notes += [] if note in notes else [note]
        steps.append(StepRecord((shell, "-c", step.command), cwd, step.command.strip(), "shell"))
    return steps, notes


def _mapped(path: str, work: str) -> str:
    return os.path.normpath(os.path.join(work, os.path.normpath("/" + path).lstrip("/")))


def _workdir(workdir: str | None, base: str, work: str, imported: list[str]) -> str:
    """Where a step starts: a folder of this machine when it is one, else its place below the run's work folder."""
    if not workdir:
        return base
    if not os.path.isabs(workdir):
        return os.path.normpath(os.path.join(base, os.path.expanduser(workdir)))
    below_import = any(os.path.normpath(workdir + "/").startswith(os.path.normpath(path)) for path in imported)
    return workdir if os.path.isdir(workdir) and not below_import else _mapped(workdir, work)


def _clone(volume: Volume, work: str) -> StepRecord:
    url = volume.source
    if url.startswith("git://github.com"):
        url = "https" + url[3:]
    elif "://" not in url and not url.startswith(("/", ".", "git@")):
        url = f"https://{url}"
    target = _mapped(volume.path, work)
    branch = ("--branch", volume.ref) if volume.ref else ()
    argv = ("git", "clone", "--depth", "1", *branch, "--", url, target)
    return StepRecord(argv, work, command.display(argv), "import")
