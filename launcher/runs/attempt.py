"""One attempt of a run: its environment, its steps, and what the log tells of the start."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from launcher import paths
from launcher.host import driver
from launcher.runs import command, environment, pyenv
from launcher.runs.keeper import Keeper
from launcher.runs.record import RunRecord, StepRecord
from launcher.runs.start_watch import StartWatch
from launcher.runs.steps import Steps
from launcher.runs.watch import LogWatch


class Attempt:
    """Starts the steps of a run and follows the phases in its log. A second supervisor goes on with the same one."""

    def __init__(
        self,
        run: paths.RunPaths,
        record: RunRecord,
        keeper: Keeper,
        secrets: Mapping[str, str],
        inherited: Mapping[str, str],
    ) -> None:
        self.steps = Steps(run, record, keeper.state)
        self._run = run
        self._record = record
        self._keeper = keeper
        self._state = keeper.state
        self._secrets = secrets
        self._inherited = inherited
        self._watch: LogWatch | None = None
        self._start: StartWatch | None = None
        """While a server starts, and not after."""

    @property
    def watching(self) -> bool:
        """The log is followed: a phase may begin at any moment."""
        return self._watch is not None and not self._state.ready

    def reset(self) -> None:
        """Forget the attempt before this one."""
        state = self._state
        state.wanted, state.served, state.ready, state.ready_at = None, False, False, None
        state.started = state.ended = state.exit_code = state.server_port = state.step = None
        state.phase, state.phases, state.progress, state.facts, state.served_names = None, [], None, {}, []
        state.log_start = size(self._run.output)
        self._watch = self._start = None

    def adopt(self) -> None:
        """Go on with an attempt that another supervisor began: its log is read again from where it starts."""
        self._watch = LogWatch(self._run.output, self._state.log_start)
        if not self._state.served:
            self._start = self._begin_start(self.steps.current, whole=False)

    def start(self, index: int) -> None:
        """Start step ``index``. Raises VdeckError (no environment) or OSError (folder or program missing)."""
        step = self._record.steps[index]
        self.steps.start(index, self._environment())
        count = len(self._record.steps)
        if count > 1:
            self._keeper.event("step", f"step {index + 1} of {count}: {step.display.strip().partition(chr(10))[0]}")
        if step.kind == "vllm" or command.starts_vllm(step.display):
            self._watch = LogWatch(self._run.output, size(self._run.output))
            self._start = self._begin_start(step, whole=True)
            self._phase("imports")
        elif count > 1:
            self._state.progress = f"step {index + 1}/{count}"

    def _environment(self) -> dict[str, str]:
        own = None
        if self._record.own_environment:
            own = self._run.environment
            python = self._record.engine_python or getattr(sys, "_base_executable", None) or sys.executable
            pyenv.create(own, python=python, engine_bin=self._record.engine_bin)
        return environment.build(
            self._record,
            folder=self._run.folder,
            own_env=own,
            secrets=self._secrets,
            inherited=self._inherited,
            nvidia=driver.nvidia_present(),
        )

    def _begin_start(self, step: StepRecord | None, *, whole: bool) -> StartWatch:
        env = {**self._inherited, **self._record.env, **self._secrets}
        return StartWatch(self._run, self._record, self._keeper, env=env, step=step, whole=whole)

    def served(self) -> None:
        """The server is ready: the start is over."""
        if self._start is not None:
            self._start.ready()
            self._start = None

    def follow(self, now: float) -> None:
        """Read what was logged since the last call (phases that began, progress, facts), and look whether it moves.
        ``now``: monotonic seconds."""
        self._follow_log()
        if self._start is not None:
            self._start.look(now)

    def _follow_log(self) -> None:
        if self._watch is None:
            return
        for name in self._watch.read():
            if name != "ready" and all(entry[0] != name for entry in self._state.phases):
                self._phase(name)
        if self._state.phase is not None:
            found = self._watch.tracker
            self._state.progress = found.progress or (self._start.progress if self._start is not None else None)
            self._state.detail = found.detail
        self._state.facts = {str(key): str(value) for key, value in self._watch.tracker.facts.items()}

    def _phase(self, name: str) -> None:
        self._state.enter_phase(name, time.time())
        if self._start is not None:
            self._start.phase()
        self._keeper.event("phase", name)


def size(path: str) -> int:
    """The length of a file in bytes, 0 when there is none."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
