"""The supervisor: one small detached process per run. It starts the commands, watches, records, stops them.

Standard library only and few modules of it: every run pays for this process as long as it lives.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback

from launcher import paths
from launcher.prometheus.target_file import TargetFile
from launcher.runs import files, intent, listing, masking, process, secrets
from launcher.runs.attached import Watching
from launcher.runs.keeper import Keeper
from launcher.runs.life import Life
from launcher.runs.state import State

DONE = ("completed", "failed", "terminated")
"""What nobody takes back; a ``lost`` run may yet be found."""
LOCK_TRIES_S = 2.0
"""A reader that asks whether somebody supervises holds a shared lock for a moment: try again that long."""


def main(folder: str, mode: str) -> None:
    """Supervise the run in ``folder`` until it has ended. ``mode``: start, adopt or restart. Ends at once when somebody
    else supervises it."""
    run = paths.RunPaths(folder)
    lock = _lock(run.lock)
    if lock is None:
        return
    Supervisor(run, mode).loop()
    os.close(lock)


def _lock(path: str) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if files.lock_within(descriptor, LOCK_TRIES_S):
        return descriptor
    os.close(descriptor)
    return None


class Supervisor:
    """The loop around the life of one run: signals, intents, time."""

    def __init__(self, run: paths.RunPaths, mode: str) -> None:
        self._run = run
        self._mode = mode
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        self._intent_stamp: tuple[int, int] | None = None
        self._asked_to_end = False

    def loop(self) -> None:
        """Until the run has ended and that is on disk."""
        self._signals()
        process.become_subreaper()
        record, why = listing.load_record(self._run)
        old, damage = listing.load_state(self._run)
        if self._mode == "adopt" and old is not None and old.status in DONE:
            return  # it ended by the book while somebody, who saw it live a moment ago, missed its supervisor
        state = old or State()
        keeper = Keeper(self._run, state)
        state.supervisor = os.getpid()
        if record is None:
            keeper.status("lost", why)
            state.supervisor = None
            keeper.save(time.monotonic())
            return
        values = secrets.variables(self._run.secrets)
        keeper.mask = masking.of(self._run, record)
        life: Life | Watching
        if record.attached:
            life = Watching(self._run, record, keeper, values)
        else:
            life = Life(self._run, record, keeper, values, dict(os.environ))
        life.begin(self._mode, damage if old is None else None)
        target = TargetFile(self._run, lambda: listing.view(record, state, self._run))
        while not (life.over and (keeper.save(time.monotonic()) or not os.path.isdir(self._run.folder))):
            pause = self._turn(life, keeper, target)
            select.select([self._wake], [], [], pause)
            self._drain()

    def _turn(self, life: Life | Watching, keeper: Keeper, target: TargetFile) -> float:
        """One turn; how long to sleep until the next, in seconds. A fault of ours is written down and does not end
        us."""
        try:
            self._obey(life, keeper)
            pause = life.tick(time.monotonic())
            keeper.save(time.monotonic())
            target.follow(keeper.state, time.monotonic())
            return 0.05 if life.over else pause
        except Exception:
            traceback.print_exc()
            sys.stderr.flush()
            keeper.event("problem", "the supervisor met an error of its own (supervisor.log has it)")
            return 1.0

    def _obey(self, life: Life | Watching, keeper: Keeper) -> None:
        if life.over:
            return  # whoever asks now is answered by the next supervisor (control.restart starts one)
        if self._asked_to_end:
            self._asked_to_end = False
            life.stop(force=False, grace_s=None, why="the supervisor was asked to end (SIGTERM)")
        try:
            found = os.stat(self._run.intent)
        except OSError:
            return
        stamp = (found.st_ino, found.st_mtime_ns)
        if stamp == self._intent_stamp:
            return
        self._intent_stamp = stamp
        wanted = intent.read(self._run.intent)
        if wanted is None or wanted.at <= keeper.state.obeyed:
            return
        keeper.state.obeyed = wanted.at
        if wanted.want == "restart":
            life.restart()
        else:
            life.stop(force=wanted.force, grace_s=wanted.grace_s, why=None)

    def _signals(self) -> None:
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        # empty handlers, not SIG_IGN: an ignored signal would be ignored by every process of the run too
        for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_term)

    def _on_term(self, *_: object) -> None:
        self._asked_to_end = True

    def _drain(self) -> None:
        try:
            while os.read(self._wake, 4096):
                pass
        except BlockingIOError:
            pass
