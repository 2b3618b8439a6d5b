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
from launcher.runs.record import RunRecord
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
        self._start = StartWatch(record, keeper)
        self._settled = True

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
        state.expect = state.still = None
        state.log_start = size(self._run.output)
        self._watch = None

    def adopt(self) -> None:
        """Go on with an attempt that another supervisor began: its log is read again from where it starts."""
        self._watch = LogWatch(self._run.output, self._state.log_start)
        self._start.begin(self._record.env)
        self._settled = self._state.ready

    def start(self, index: int) -> None:
        """Start step ``index``. Raises VdeckError (no environment) or OSError (folder or program missing)."""
        step = self._record.steps[index]
        env = self._environment()
        self.steps.start(index, env)
        count = len(self._record.steps)
        if count > 1:
            self._keeper.event("step", f"step {index + 1} of {count}: {step.display.strip().partition(chr(10))[0]}")
        if step.kind == "vllm" or command.starts_vllm(step.display):
            self._watch = LogWatch(self._run.output, size(self._run.output))
            self._start.begin(env)
            self._settled = False
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

    def follow_log(self) -> None:
        """Read what was logged since the last call: phases that began, progress, facts."""
        if self._watch is None:
            return
        for name in self._watch.read():
            if name != "ready" and all(entry[0] != name for entry in self._state.phases):
                self._phase(name)
        if self._state.phase is not None:
            self._state.progress = self._watch.tracker.progress
        self._state.facts = {str(key): str(value) for key, value in self._watch.tracker.facts.items()}
        self._start.tick(time.monotonic(), [entry[0] for entry in self._state.pids])

    def settle(self) -> None:
        """The server is ready: the start is over, once."""
        if not self._settled and self._state.ready:
            self._settled = True
            self._start.ready()

    def over(self) -> None:
        """The attempt ends, however far it came."""
        self._settled = True
        self._start.over()

    def _phase(self, name: str) -> None:
        self._state.enter_phase(name, time.time())
        self._start.phase(name)
        self._keeper.event("phase", name)


def size(path: str) -> int:
    """The length of a file in bytes, 0 when there is none."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
