"""Run folders -> RunViews. Light imports: this is what `vdeck run list` pays for."""

from __future__ import annotations

import fcntl
import os
import time
from typing import Any

from launcher import paths
from launcher.runs import files, record, state, tree
from launcher.runs.view import ENDED, Download, Endpoint, PhaseMark, RunView

START_GRACE_S = 10.0
"""A run whose supervisor has not written a state this long after its creation never came up."""


def run_ids() -> list[str]:
    """The ids of all runs, newest first. A state folder that is not there yet has none."""
    try:
        names = os.listdir(paths.runs_dir())
    except FileNotFoundError:
        return []
    return sorted((name for name in names if name.isdigit()), reverse=True)


def supervised(run: paths.RunPaths) -> bool:
    """True while a supervisor lives: it holds the lock. Asking takes a shared lock for a moment and gives it back."""
    try:
        descriptor = os.open(run.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def load_record(run: paths.RunPaths) -> tuple[record.RunRecord | None, str | None]:
    """``run.json`` of a run, or None and why not."""
    value, why = files.read_json(run.record)
    if value is None:
        return None, why
    try:
        return record.from_json(value), None
    except ValueError:
        return None, "run.json is damaged"


def load_state(run: paths.RunPaths) -> tuple[state.State | None, str | None]:
    """``state.json`` of a run, or None and why not."""
    value, why = files.read_json(run.state)
    return (None, why) if value is None else (state.State.from_json(value), None)


def load(run_id: str) -> RunView:
    """One run. Whatever is wrong with its files makes it ``lost`` with a reason, never an exception."""
    run = paths.RunPaths.of(run_id)
    made, why = load_record(run)
    if made is None:
        return RunView(run_id, "-", status="lost", reason=why, folder=run.folder)
    stand, why = load_state(run)
    if stand is None:
        young = time.time() - made.created < START_GRACE_S
        if why is not None and why.endswith("missing") and (young or supervised(run)):
            return view(made, state.State(), run)
        lost = state.State()
        lost.status, lost.reason = "lost", why
        return view(made, lost, run)
    return view(made, stand, run)


def load_all() -> list[RunView]:
    """Every run, newest first."""
    return [load(run_id) for run_id in run_ids()]


def view(made: record.RunRecord, stand: state.State, run: paths.RunPaths) -> RunView:
    """Record and state as one frozen value."""
    seen = RunView(
        id=made.id, name=made.name, type=made.type, status=stand.status, phase=stand.phase, ready=stand.ready,
        reason=stand.reason, description=made.description, cluster=made.cluster, created=made.created,
        started=stand.started, ready_at=stand.ready_at, ended=stand.ended, exit_code=stand.exit_code,
        endpoints=_endpoints(made, stand), model=made.model, served_names=tuple(map(str, stand.served_names)),
        gpus=made.gpus, engine=made.engine, pids=tuple(entry[0] for entry in stand.pids), restarts=stand.restarts,
        manifest=made.manifest or run.manifest, folder=run.folder, phases=_marks(stand.phases), progress=stand.progress,
        commands=tuple(step.display for step in made.steps), step=stand.step, supervisor=stand.supervisor,
        facts=tuple((str(k), str(v)) for k, v in stand.facts.items()), health=stand.health, advice=stand.advice,
        missed=tuple(stand.missed), notify=stand.notify, attached=made.attached,
    )  # fmt: skip
    if made.attached:
        return _told_by_server(seen, made, stand)
    return _starting(seen, stand) if stand.phases and stand.phases[-1][2] is None and not stand.ready else seen


def _starting(seen: RunView, stand: state.State) -> RunView:
    """What only a start has: how far its phase is, what remains, whether anything moves. The supervisor writes down
    what stays the same for a while; the seconds that pass are counted here."""
    from launcher.runs import starts  # not for a list of runs of which none starts

    now = time.time()
    got = stand.download
    download = None if got is None or got[0] is None else Download(got[0], got[1], got[2])
    left = starts.remains(
        stand.expect, max(0.0, now - stand.phases[-1][1]), present_s=download.remains_s if download else None
    )
    since = stand.still_since
    return seen._replace(
        detail=stand.detail, download=download, remains_s=None if left is None else float(round(left)),
        earlier=len(stand.expect) if left is not None else 0,
        still=None if since is None else f"nothing has moved for {max(0, int(now - since))} s",
    )  # fmt: skip


def _told_by_server(seen: RunView, made: record.RunRecord, stand: state.State) -> RunView:
    """What nobody decided here, for vdeck did not start it."""
    told = dict(seen.facts)
    model, engine, _ = told.pop("model", None), told.pop("engine_version", None), told.pop("server_started", None)
    return seen._replace(
        model=model, engine=engine, manifest=None, insecure=not made.probe.verify, facts=tuple(told.items())
    )


def _endpoints(made: record.RunRecord, stand: state.State) -> tuple[Endpoint, ...]:
    if made.attached:
        return tuple(Endpoint("vllm", "http", made.attached, port) for port in made.probe.ports)
    found = []
    for port in made.ports:
        # TLS is a matter of the server alone: the other ports of a run (Prometheus, an app) speak what they declare
        ours = port.port == (stand.server_port or (*made.probe.ports, 0)[0])
        scheme = made.probe.scheme if port.type == "http" and ours else port.type
        host = f"[{port.host}]" if ":" in port.host else port.host
        found.append(Endpoint(port.name, port.type, f"{scheme}://{host}:{port.port}", port.port))
    # the server that answered is the first: `url`, chat and metrics mean it
    return tuple(sorted(found, key=lambda e: e.port != stand.server_port)) if stand.server_port else tuple(found)


def _marks(phases: list[Any]) -> tuple[PhaseMark, ...]:
    marks = []
    for entry in phases:
        if isinstance(entry, list) and len(entry) == 3 and isinstance(entry[1], (int, float)):
            ended = float(entry[2]) if isinstance(entry[2], (int, float)) else None
            marks.append(PhaseMark(str(entry[0]), float(entry[1]), ended))
    return tuple(marks)


def needs_supervisor(seen: RunView) -> bool:
    """True when the run has not ended as far as its files say, and nobody supervises it: it must be adopted.

    A ``lost`` run whose record can be read is worth a try too, when processes of it still live (a damaged state.json),
    and always when it only watches: there is nothing to be lost.
    """
    run = paths.RunPaths(seen.folder)
    if not os.path.isabs(seen.folder):
        return False  # no run of this machine's state folder
    if seen.status in ENDED and not (seen.attached and seen.status == "lost"):
        if seen.status != "lost" or not os.path.exists(run.record):
            return False
        return not supervised(run) and bool(tree.marked(tree.scan(), run.folder))
    if seen.created is not None and seen.supervisor is None and time.time() - seen.created < START_GRACE_S:
        return False
    return not supervised(run)
