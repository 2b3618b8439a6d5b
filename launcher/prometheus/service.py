"""The one Prometheus of this state folder: started, stopped and looked at. It is an ordinary run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterable, Iterator

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.prometheus import choice, config, manifest, target_file
from launcher.runs import control, files, listing
from launcher.runs.view import RunView

RETENTION_S = 15 * 86400.0
"""Prometheus' own default."""
READY_S = 30.0
STOP_S = 60.0


def ours(runs: Iterable[RunView]) -> RunView | None:
    """The live run that is the Prometheus of this state folder: by its manifest, for anybody may call a run so."""
    known = paths.prometheus_manifest()
    return next((run for run in runs if run.live and run.manifest == known), None)


def address(runs: Iterable[RunView]) -> str | None:
    """The base URL of the Prometheus that history is read from: the configured one, else ours when it is ready.

    Raises UsageError when what is configured makes no sense.
    """
    chosen = choice.choose()
    if chosen is not None and chosen.kind == "url":
        return chosen.value
    run = ours(runs)
    return run.url if run is not None and run.ready else None


def start(*, port: int | None = None, retention_s: float = RETENTION_S) -> RunView:
    """Start it and return the run, which need not be ready yet. Raises VdeckError: there is none to start, one runs
    already, or what `run create` may raise."""
    binary = _binary()
    with _lock():
        runs = listing.load_all()
        running = ours(runs)
        if running is not None:
            where = f" at {running.url}" if running.ready else ""
            raise VdeckError(
                f"run {running.id} is the Prometheus of this state folder already{where}",
                fix="to change its port or retention, first `vdeck prometheus stop`",
            )
        target_file.sweep({run.id for run in runs if run.live})
        text = manifest.text(
            binary, config=paths.prometheus_config(), data=paths.prometheus_data(), port=port, retention_s=retention_s
        )
        try:
            for folder in (paths.prometheus_targets(), paths.prometheus_data()):
                files.make_private(folder)
            glob = os.path.join(_escaped(paths.prometheus_targets()), "*.json")
            files.write_atomic(paths.prometheus_config(), config.document(glob).encode())
            files.write_atomic(paths.prometheus_manifest(), text.encode())
        except OSError as error:
            raise _unwritable(error) from error
        return control.create(text, file=paths.prometheus_manifest())


def wait_ready(run: RunView, timeout_s: float = READY_S) -> RunView:
    """Wait until it answers queries. Raises VdeckError when it ends first, or takes longer."""
    from launcher.prometheus.query import Client

    deadline = time.monotonic() + timeout_s
    seen = control.wait(run.id, "ready", timeout_s)
    while seen.live and time.monotonic() < deadline:
        if seen.ready and seen.url is not None:
            with Client(seen.url) as client:
                if client.ready():
                    return seen
        time.sleep(control.POLL_S)
        seen = control.read(run.id)
    fix = f"see vdeck run logs {run.id}"
    if seen.live:
        raise VdeckError(f"Prometheus (run {run.id}) is not ready after {timeout_s:g} s", fix=fix)
    raise VdeckError(f"Prometheus (run {run.id}) {seen.status}: {seen.reason or 'it ended'}", fix=fix)


def stop() -> RunView | None:
    """Stop it and wait until no process of it is left; None when there is none. Its data stay."""
    run = ours(listing.load_all())
    if run is None:
        return None
    control.terminate(run.id)
    seen = control.wait(run.id, "end", STOP_S)
    if seen.live:
        raise VdeckError(f"run {run.id} does not end", fix=f"vdeck run terminate {run.id} --force")
    return seen


def data_bytes() -> int:
    """What its data take on the disk."""
    total = 0
    for folder, _, names in os.walk(paths.prometheus_data()):
        for name in names:
            with contextlib.suppress(OSError):  # a block that is being replaced
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
    return total


def _binary() -> str:
    chosen = choice.choose()
    if chosen is None:
        raise VdeckError("there is no Prometheus on this machine", fix=choice.ADVICE)
    if chosen.kind == "url":
        raise UsageError(
            f"{chosen.source} names a Prometheus that runs already ({chosen.value})",
            fix="history is read from there; name a binary instead if vdeck is to run one",
        )
    return chosen.value


def _escaped(folder: str) -> str:
    """A folder inside a glob of Prometheus (Go's filepath.Match)."""
    return "".join(f"\\{char}" if char in "*?[\\" else char for char in folder)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Two commands at once start one Prometheus; its data folder stands only one."""
    try:
        files.make_private(paths.prometheus_dir())
        descriptor = os.open(paths.prometheus_lock(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unwritable(error: OSError) -> VdeckError:
    return VdeckError(
        f"{paths.prometheus_dir()} cannot be written: {error.strerror}", fix="free space on its disk, or mend its owner"
    )
