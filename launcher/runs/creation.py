"""How a run comes to be: engine, place, folder, record, supervisor. Nothing is left behind when a part of it fails."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict

from launcher import paths
from launcher.clusters import registry
from launcher.clusters.base import Holdings, Placement
from launcher.engines import find
from launcher.engines.engine import Engine
from launcher.errors import UsageError, VdeckError
from launcher.host import memory
from launcher.manifest.model import Manifest
from launcher.manifest.overrides import Overrides
from launcher.manifest.problems import ManifestError
from launcher.runs import files, goal_file, listing, needs, plan, record, reserve, secrets

DRAFT_ID = "000000000000"


def draft(manifest: Manifest, file: str) -> plan.Plan:
    """The plan as it would be now, nothing made. Raises VdeckError (no engine, port taken, no GPU)."""
    placement = _place(manifest, reserve.holdings())
    return _plan(manifest, file, DRAFT_ID, placement)


def create(manifest: Manifest, text: str, file: str, overrides: Overrides | None = None) -> str:
    """Make the run folder and start its supervisor; return the id. Raises VdeckError."""
    known_cluster(overrides)
    cluster = registry.get(manifest.resources.cluster)
    errors = tuple(problem for problem in cluster.check(manifest) if problem.severity == "error")
    if errors:
        raise ManifestError(errors, file)
    with reserve.lock():
        placement = _place(manifest, reserve.holdings())
        with reserve.new_folder() as run_id:
            made = _plan(manifest, file, run_id, placement)
            run = paths.RunPaths.of(run_id)
            files.write_atomic(run.manifest, text.encode())
            secrets.write(run.secrets, {**made.secret_values, **_kept(overrides)})
            files.write_json(run.record, record.to_json(made.record))
            if manifest.goals.goals:
                goal_file.write(run.goals, manifest.goals)
            cluster.launch(run.folder, "start")
    return run_id


def known_cluster(overrides: Overrides | None) -> None:
    """A cluster that somebody asks for must be there; one that a manifest of VESSL names is a note. Raises
    UsageError."""
    if overrides is not None and overrides.cluster is not None and overrides.cluster not in registry.names():
        raise UsageError(
            f"there is no cluster {overrides.cluster}", fix=f"configured here: {', '.join(registry.names())}"
        )


def _kept(overrides: Overrides | None) -> dict[str, str]:
    if overrides is None or overrides == Overrides():
        return {}
    return {secrets.OVERRIDES: json.dumps(asdict(overrides))}


def start_again(run_id: str) -> None:
    """Start an ended run again in its folder, if its ports and GPUs are still to be had. Raises VdeckError."""
    run = paths.RunPaths.of(run_id)
    made, why = listing.load_record(run)
    if made is None:
        raise UsageError(f"run {run_id} cannot be started again: {why}", fix="create it from its manifest")
    with reserve.lock():
        held = reserve.holdings(leave_out=run_id)
        for port in made.ports:
            if port.port in held.ports:
                raise VdeckError(
                    f"port {port.port} is taken by the run {held.ports[port.port]}", fix="clone this run instead"
                )
        for index in made.gpus:
            if index in held.gpus:
                raise VdeckError(f"GPU {index} is taken by the run {held.gpus[index]}", fix="clone this run instead")
        registry.get(made.cluster).launch(run.folder, "restart")
        _wait_for_start(run)


def _wait_for_start(run: paths.RunPaths, timeout_s: float = 5.0) -> None:
    """Until the new supervisor has the lock: before that the run still looks ended, and its ports free."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        stand, _ = listing.load_state(run)
        if stand is not None and stand.ended is None and listing.supervised(run):
            return
        time.sleep(0.01)


def _place(manifest: Manifest, held: Holdings) -> Placement:
    cluster = registry.get(manifest.resources.cluster)
    return cluster.place(needs.request(manifest), held)


def _plan(manifest: Manifest, file: str, run_id: str, placement: Placement) -> plan.Plan:
    source, base = _origin(file)
    return plan.make(
        manifest, run_id=run_id, created=time.time(), folder=paths.RunPaths.of(run_id).folder, base=base, source=source,
        placement=placement, engine=_engine(manifest, bool(placement.gpus)), inherited=os.environ,
        memory_bytes=memory.available_bytes(),
    )  # fmt: skip


def _origin(file: str) -> tuple[str | None, str]:
    """The manifest's file, and where its relative paths start. A run that was read from a pipe has its manifest in its
    own folder only: a clone of it starts where the first one did."""
    source = os.path.abspath(file) if file else None
    if source is None:
        return None, os.getcwd()
    folder = os.path.dirname(source)
    if os.path.dirname(folder) == paths.runs_dir():
        made, _ = listing.load_record(paths.RunPaths(folder))
        if made is not None and made.base:
            return made.manifest, made.base
    return source, folder


def _engine(manifest: Manifest, gpu: bool) -> Engine | None:
    version = manifest.vllm.version if manifest.vllm is not None else None
    try:
        return find.choose(version, gpu=gpu)
    except VdeckError:
        if needs.needs_engine(manifest):
            raise
        return None
