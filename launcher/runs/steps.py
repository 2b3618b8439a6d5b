"""The steps of one attempt, one after the other; which of them runs, and how the last one ended."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from launcher import paths
from launcher.runs import files, process, tree
from launcher.runs.record import RunRecord, StepRecord
from launcher.runs.state import State


class StepEnd:
    """A step ended: its exit code (negative: a signal), None when nobody can say."""

    __slots__ = ("code", "index")

    def __init__(self, index: int, code: int | None) -> None:
        self.index = index
        self.code = code


class Steps:
    """Starts steps and sees them end, also those that an earlier supervisor started."""

    def __init__(self, run: paths.RunPaths, record: RunRecord, state: State) -> None:
        self._run = run
        self._record = record
        self._state = state
        self._waiting_until: float | None = None
        self._codes: dict[int, int] = {}

    @property
    def current(self) -> StepRecord | None:
        """The step that runs, or None."""
        index = self._state.step
        return self._record.steps[index] if index is not None and index < len(self._record.steps) else None

    @property
    def wrapper(self) -> int | None:
        """The pid of the process that waits for the step."""
        return self._state.step_process[0] if self._state.step_process else None

    def start(self, index: int, env: Mapping[str, str]) -> None:
        """Start step ``index``. Raises OSError (folder or program missing)."""
        step = self._record.steps[index]
        state = self._state
        state.step, state.step_process = index, None
        self._waiting_until = None
        if step.kind == "wait":
            return
        if step.kind == "import" and self._is_there(index, step.argv[-1]):
            return
        if step.cwd.startswith(self._run.folder + os.sep):
            os.makedirs(step.cwd, exist_ok=True)
        exit_file = self._run.exit_code(index, state.attempt)
        pid = process.start_step(step.argv, cwd=step.cwd, env=env, output=self._run.output, exit_file=exit_file)
        found = tree.look(pid)
        state.step_process = [pid, found.start if found else 0]
        state.pids.append([pid, found.start if found else 0, pid])

    def reaped(self, pid: int, code: int) -> None:
        """A child of the supervisor ended."""
        self._codes[pid] = code

    def ended(self) -> StepEnd | None:
        """The step that ran has ended, or None while it runs (or none does)."""
        state = self._state
        if state.step is None:
            return None
        if self._waits():
            if self._waiting_until is None:  # begun here, or anew by a second supervisor that knows of no clock
                self._waiting_until = time.monotonic() + self._record.steps[state.step].wait_s
            return StepEnd(state.step, 0) if time.monotonic() >= self._waiting_until else None
        if state.step_process is None:
            return StepEnd(state.step, self._written_code(state.step))
        pid, start = state.step_process
        if pid not in self._codes and tree.alive(pid, start):
            return None
        code = self._codes.pop(pid, None)
        state.step_process = None
        written = self._written_code(state.step)
        return StepEnd(state.step, written if written is not None else _plain(code))

    def has_result(self) -> bool:
        """True when the step that ran has left its exit code (or there is none to leave one)."""
        state = self._state
        if state.status == "idle" or self._waits():
            return True
        return state.step is not None and self._written_code(state.step) is not None

    def _waits(self) -> bool:
        step = self.current
        return step is not None and step.kind == "wait"

    def _is_there(self, index: int, target: str) -> bool:
        """An earlier attempt has imported this: it stays as it is, with what the steps wrote into it. What is left of
        a fetch that was cut off is removed, for git clones into no folder with anything in it. Raises OSError."""
        attempt = self._state.attempt
        if os.path.isdir(target):
            if any(self._written_code(index, earlier) == 0 for earlier in range(attempt)):
                files.write_atomic(self._run.exit_code(index, attempt), b"0\n")
                return True
            if attempt and target.startswith(self._run.work + os.sep):
                import shutil  # 5 ms that hardly any supervisor needs

                shutil.rmtree(target)
        return False

    def _written_code(self, index: int, attempt: int | None = None) -> int | None:
        """What the wrapper wrote; a shell says 128 + n for a command that signal n ended."""
        try:
            with open(self._run.exit_code(index, self._state.attempt if attempt is None else attempt)) as file:
                code = int(file.read())
        except (OSError, ValueError):
            return None
        return _plain(code)


def _plain(code: int | None) -> int | None:
    """A shell's word for a command that signal n ended (128 + n) as Python's (-n)."""
    return 128 - code if code is not None and 128 < code < 192 else code
