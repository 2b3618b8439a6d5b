"""How a supervisor is asked for something, and what is known of one that does not answer."""

from __future__ import annotations

import time

from launcher import paths
from launcher.clusters import registry
from launcher.errors import UsageError, VdeckError
from launcher.runs import adopt, intent, listing, tree
from launcher.runs.view import ENDED, RunView

POLL_S = 0.02
DETACH_S = 10.0
"""A supervisor in the middle of a question to a slow server reads its intent when that is over."""


def ask(run: RunView, wanted: intent.Intent, *, answer_s: float = 0.0) -> bool:
    """Leave the intent and wake the supervisor up, or start one when there is none. With ``answer_s`` wait at most that
    long for it to obey; False when the run ended before it could. Raises VdeckError when the disk is full."""
    folder = paths.RunPaths(run.folder)
    try:
        intent.write(folder.intent, wanted)
    except OSError as error:
        raise VdeckError(
            f"run {run.id} cannot be told: {error.strerror}", fix=f"free space on the disk of {paths.home()}"
        ) from error
    if run.supervisor is not None and listing.supervised(folder):
        registry.get(run.cluster).wake(run.supervisor)
    elif listing.needs_supervisor(run):
        adopt.adopt(run)
    deadline = time.monotonic() + answer_s
    while time.monotonic() < deadline:
        stand, _ = listing.load_state(folder)
        if stand is not None and stand.obeyed >= wanted.at:
            return True
        if stand is not None and stand.status in ENDED:
            return False
        time.sleep(POLL_S)
    return True


def ends_soon(folder: str, timeout_s: float = 2.0) -> bool:
    """The supervisor of an ended run leaves within moments: True once it has."""
    deadline = time.monotonic() + timeout_s
    while listing.supervised(paths.RunPaths(folder)):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def left_behind(folder: str) -> list[str]:
    """The process ids that still carry the mark of this run folder, as text."""
    return [str(pid) for pid in sorted(tree.marked(tree.scan(), folder))]


def detach(run: RunView) -> None:
    """End the supervisor of an attached run, if it has one. Raises VdeckError when it does not end in time: it asks a
    server that keeps silent, and obeys afterwards."""
    if listing.supervised(paths.RunPaths(run.folder)):
        ask(run, intent.Intent("stop"))
        if not ends_soon(run.folder, DETACH_S):
            raise VdeckError(f"the supervisor of run {run.id} is busy", fix="it detaches soon: delete it again then")


def refuse_attached(run: RunView, what: str) -> None:
    """Raises UsageError for a run whose server vdeck did not start; ``what``: terminated, restarted, cloned."""
    if run.attached:
        raise UsageError(
            f"run {run.id} ({run.name}) watches a server that vdeck did not start: it cannot be {what} from here",
            fix=f"do it where the server was started; `vdeck run delete {run.id}` detaches, and leaves it alone",
        )
