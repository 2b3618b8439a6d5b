"""Who has which port and GPU: the folders of the live runs are the reservations, so that none can go stale."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from launcher import paths
from launcher.clusters.base import Holdings
from launcher.errors import VdeckError
from launcher.runs import files, listing
from launcher.runs.view import ENDED


@contextlib.contextmanager
def lock(timeout_s: float = 30.0) -> Iterator[None]:
    """Held while a run gets its id, ports and GPUs and until its record is on disk. Raises VdeckError."""
    try:
        files.make_private(paths.runs_dir())
        os.chmod(paths.home(), 0o700)
        descriptor = os.open(paths.reserve_lock(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VdeckError(
            f"the state folder {paths.home()} cannot be written: {error.strerror}",
            fix="make it writable, free space on its disk, or set VDECK_HOME",
        ) from error
    try:
        if not files.lock_within(descriptor, timeout_s):
            raise VdeckError("another vdeck keeps the reservations locked", fix="try again")
        yield
    finally:
        os.close(descriptor)


def holdings(*, leave_out: str | None = None) -> Holdings:
    """Ports and GPUs of the live runs, each with its holder in words. Call it under ``lock``."""
    ports: dict[int, str] = {}
    gpus: dict[int, str] = {}
    for run_id in listing.run_ids():
        if run_id == leave_out:
            continue
        run = paths.RunPaths.of(run_id)
        stand, _ = listing.load_state(run)
        if stand is not None and stand.status in ENDED:
            continue
        record, _ = listing.load_record(run)
        if record is None:
            continue
        who = f"{record.name} (#{record.id})"
        ports.update((port.port, who) for port in record.ports)
        gpus.update((index, who) for index in record.gpus)
    return Holdings(ports, gpus)


@contextlib.contextmanager
def new_folder() -> Iterator[str]:
    """A new id, its folder made. When the block fails nothing of it is left. Raises VdeckError."""
    run_id = new_id()
    try:
        yield run_id
    except BaseException as error:
        import shutil

        shutil.rmtree(paths.RunPaths.of(run_id).folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise VdeckError(
                f"the run folder cannot be written: {error.strerror}",
                fix=f"free space on the disk of {paths.home()}",
            ) from error
        raise


def new_id() -> str:
    """A new 12-digit id, its folder made: hundredths of a second since 1970, so that ids sort by creation (12 digits
    until the year 2286), the next free one when two are asked for in the same moment. Raises VdeckError."""
    number = int(time.time() * 100)
    while True:
        run_id = f"{number:012d}"
        try:
            os.mkdir(paths.RunPaths.of(run_id).folder, 0o700)
            return run_id
        except FileExistsError:
            number += 1
        except OSError as error:
            raise VdeckError(
                f"the run folder cannot be made: {error.strerror}", fix=f"free space on the disk of {paths.home()}"
            ) from error
