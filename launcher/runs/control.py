"""What people can do with runs. The command line and the screen both come here; all functions are synchronous."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from launcher import paths
from launcher.clusters.base import Holdings
from launcher.errors import UsageError, VdeckError
from launcher.metrics.goals import Goals
from launcher.runs import adopt, asking, files, goal_file, intent, listing, reserve, secrets
from launcher.runs import events as event_log
from launcher.runs.events import Event
from launcher.runs.mending import bundle as bundle
from launcher.runs.mending import carry_out as carry_out
from launcher.runs.mending import explain as explain
from launcher.runs.mending import propose as propose
from launcher.runs.mending import redactor as redactor
from launcher.runs.view import RunView

if TYPE_CHECKING:
    # YAML and what reads it are imported where a manifest is read: most commands never do
    from launcher.host.servers import Server
    from launcher.manifest.model import Manifest
    from launcher.manifest.overrides import Overrides
    from launcher.manifest.problems import Problem
    from launcher.runs.plan import Plan

POLL_S = 0.1
RECENT = 20


class Prepared(NamedTuple):
    """What `create` would do. ``plan`` is None when the manifest has errors or something is missing (``refusal``)."""

    manifest: Manifest | None
    problems: tuple[Problem, ...]
    plan: Plan | None
    refusal: VdeckError | None = None


def prepare(text: str, *, file: str = "", overrides: Overrides | None = None) -> Prepared:
    """Look what would run, without making anything: the exact commands, ports and GPUs of this moment. Never raises for
    a bad manifest or a full machine: the problems and the refusal say it."""
    from launcher.manifest import reader
    from launcher.manifest.overrides import Overrides
    from launcher.runs import creation

    reading = reader.read_text(text, file=file, overrides=overrides or Overrides())
    if reading.manifest is None:
        return Prepared(None, reading.problems, None)
    try:
        creation.known_cluster(overrides)
        plan = creation.draft(reading.manifest, file)
    except VdeckError as error:
        return Prepared(reading.manifest, reading.problems, None, error)
    return Prepared(reading.manifest, reading.problems, plan)


def create(text: str, *, file: str = "", overrides: Overrides | None = None) -> RunView:
    """Make a run of a manifest and start it. Raises ManifestError with all problems, or VdeckError; nothing is left
    then."""
    from launcher.manifest import reader
    from launcher.manifest.overrides import Overrides
    from launcher.manifest.problems import ManifestError
    from launcher.runs import creation

    reading = reader.read_text(text, file=file, overrides=overrides or Overrides())
    if reading.manifest is None:
        raise ManifestError(reading.problems, file)
    run_id = creation.create(reading.manifest, text, file, overrides)
    if file:
        remember(file)
    return listing.load(run_id)


def attach(
    url: str, *, name: str | None = None, key_variable: str | None = None, insecure: bool = False, check: bool = True
) -> RunView:
    """Watch a server that vdeck did not start. Raises VdeckError when nobody answers there (unless ``check`` is off),
    when it is no vLLM, or when a run has that address; nothing is left then."""
    from launcher.runs import attach

    key = attach.key_of(key_variable)
    return listing.load(attach.attach(url, name=name, api_key=key, insecure=insecure, check=check))


def found_servers() -> tuple[Server, ...]:
    """The vLLM servers of this machine that could be attached: neither ours nor watched already."""
    from launcher.runs import attach

    return attach.found()


def read(run_id: str) -> RunView:
    """The run with this id. Raises UsageError when there is none."""
    if not os.path.isdir(paths.RunPaths.of(run_id).folder):
        raise UsageError(f"there is no run {run_id}", fix="`vdeck run list` shows all runs")
    return listing.load(run_id)


def resolve(word: str) -> RunView:
    """The run that ``word`` means: its id, a unique prefix of it (`#` allowed in front), or the name of the one live
    run that bears it (without a live one, of the only run). Raises UsageError naming the candidates."""
    wanted = word.lstrip("#")
    ids = listing.run_ids()
    if wanted in ids:
        return listing.load(wanted)
    by_prefix = [run_id for run_id in ids if wanted and run_id.startswith(wanted)]
    if len(by_prefix) == 1:
        return listing.load(by_prefix[0])
    named = [run for run in listing.load_all() if run.name == word]
    live = [run for run in named if run.live]
    if len(live) == 1 or (not live and len(named) == 1):
        return (live or named)[0]
    candidates = [run.id for run in live or named] or by_prefix
    if candidates:
        shown = ", ".join(candidates[:8]) + (", …" if len(candidates) > 8 else "")
        raise UsageError(f"{word} means {len(candidates)} runs ({shown})", fix="give more digits of the id")
    raise UsageError(f"there is no run {word}", fix="`vdeck run list` shows all runs")


def terminate(run_id: str, *, force: bool = False) -> None:
    """Ask a run to end; returns at once (`wait` tells when it has). An ended run is left as it is."""
    run = read(run_id)
    asking.refuse_attached(run, "terminated")
    if run.live:
        asking.ask(run, intent.Intent("stop", force))


def restart(run_id: str) -> None:
    """Stop a live run and start it again, or start an ended one again: same manifest, ports, GPUs and folder."""
    run = read(run_id)
    asking.refuse_attached(run, "restarted")
    if run.live and asking.ask(run, intent.Intent("restart", at=time.time()), answer_s=2.0):
        return
    from launcher.runs import creation

    creation.start_again(run_id)


def clone(run_id: str) -> RunView:
    """A new run of the same manifest and overrides, in the place of the old one's file so that relative paths hold."""
    run = read(run_id)
    asking.refuse_attached(run, "cloned")
    return create(manifest_text(run_id), file=run.manifest or "", overrides=overrides(run_id))


def overrides(run_id: str) -> Overrides:
    """What a run was created with beside its manifest (`--name`, `--env`, `--set`, `--cluster`)."""
    import json

    from launcher.manifest.overrides import Overrides

    try:
        kept = json.loads(secrets.read(paths.RunPaths.of(run_id).secrets).get(secrets.OVERRIDES, "{}"))
        pairs = {key: tuple((str(a), str(b)) for a, b in kept.get(key, ())) for key in ("env", "sets")}
        return Overrides(kept.get("name"), pairs["env"], pairs["sets"], kept.get("cluster"))
    except (ValueError, TypeError, AttributeError):
        return Overrides()


def delete(run_id: str) -> None:
    """Remove the record of an ended run, with log and history. Raises UsageError while it lives. An attached run is
    detached first: its supervisor ends, its server is left alone."""
    run = read(run_id)
    if run.attached:
        asking.detach(run)
    elif run.live or not asking.ends_soon(run.folder):
        raise UsageError(f"run {run_id} is {run.status}", fix=f"first `vdeck run terminate {run_id}`")
    elif run.status == "lost" and (left := asking.left_behind(run.folder)):
        raise UsageError(
            f"run {run_id} is lost and {len(left)} of its processes live", fix=f"first: kill -9 {' '.join(left)}"
        )
    trash = f"{run.folder}.deleted"
    try:
        os.rename(run.folder, trash)  # no reader ever sees half a run
        shutil.rmtree(trash)
    except OSError as error:
        raise VdeckError(f"run {run_id} cannot be deleted: {error.strerror}", fix=f"look at {run.folder}") from error


def wait(
    run_id: str,
    until: str = "ready",
    timeout_s: float | None = None,
    on_change: Callable[[RunView], None] | None = None,
) -> RunView:
    """Wait until a run is ready (or has ended), or until it has ended. Returns the run as it is then, also at the
    timeout. ``on_change`` gets every new state on the way."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    last: RunView | None = None
    keeper = adopt.Adopter()
    while True:
        run = read(run_id)
        if run != last and on_change is not None:
            on_change(run)
        last = run
        if not run.live or (until == "ready" and run.ready) or (deadline is not None and time.monotonic() > deadline):
            return run
        keeper.look((run,))
        time.sleep(POLL_S)


def goals(run_id: str) -> Goals:
    """The goals of a run. Raises VdeckError when their file is damaged, UsageError when there is no such run."""
    found, why = goal_file.read(paths.RunPaths(read(run_id).folder).goals)
    if found is None:
        raise VdeckError(f"run {run_id}: {why}", fix=f"vdeck run goals {run_id} --clear")
    return found


def set_goals(run_id: str, wanted: Goals) -> None:
    """Replace the goals of a live run; its supervisor takes them within a second. Raises VdeckError."""
    run = read(run_id)
    if not run.live:
        raise UsageError(f"run {run_id} ({run.name}) has ended: nobody judges its goals any more")
    try:
        goal_file.write(paths.RunPaths(run.folder).goals, wanted)
    except OSError as error:
        raise VdeckError(f"the goals cannot be written: {error.strerror}", fix="free space on the disk") from error


def events(run_id: str) -> tuple[Event, ...]:
    """What happened to a run, oldest first; secrets masked (an older vdeck wrote them down as the server said them)."""
    found = event_log.read(paths.RunPaths(read(run_id).folder).events)
    mask = redactor(run_id)
    return tuple(event._replace(text=mask(event.text)) for event in found)


def manifest_text(run_id: str) -> str:
    """The manifest as it was given."""
    try:
        with open(paths.RunPaths.of(run_id).manifest, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise VdeckError(f"the manifest of run {run_id} cannot be read: {error.strerror}") from error


def api_key(run_id: str) -> str | None:
    """The key that the run's server asks for, if any."""
    return secret_values(run_id).get("VLLM_API_KEY")


def secret_values(run_id: str) -> dict[str, str]:
    """The secret values of a run by name: to talk to its server, and to mask them in its log."""
    return secrets.variables(paths.RunPaths.of(run_id).secrets)


def recent_manifests() -> tuple[str, ...]:
    """The manifest files started last, newest first, those that are still there."""
    try:
        with open(paths.recent_manifests(), encoding="utf-8", errors="replace") as file:
            return tuple(path for path in file.read().splitlines() if os.path.isfile(path))
    except OSError:
        return ()


def remember(file: str) -> None:
    """Put a manifest file on top of the recent ones; not being able to is no fault."""
    path = os.path.abspath(file)
    if path.startswith(os.path.join(paths.home(), "")):
        return  # the copy that a run keeps for itself, the one of our Prometheus: nobody's own
    known: Iterable[str] = (entry for entry in recent_manifests() if entry != path)
    with contextlib.suppress(OSError):
        files.write_atomic(paths.recent_manifests(), "\n".join([path, *known][:RECENT]).encode())


def holders() -> Holdings:
    """Which run has which port and GPU."""
    return reserve.holdings()
