"""Who belongs to the run now. Keeps the list in the state, so that a second supervisor finds the same processes."""

from __future__ import annotations

import os

from launcher.runs import process, tree
from launcher.runs.state import State, boot_id


class Roster:
    """The members of a run, looked at when somebody asks."""

    def __init__(self, folder: str, state: State) -> None:
        self._folder = folder
        self._state = state

    def adopt(self) -> dict[int, tree.Proc]:
        """The members that an earlier supervisor left: by pid and start time, by session, by their mark."""
        if self._state.boot != boot_id():
            self._state.pids, self._state.step_process, self._state.boot = [], None, boot_id()
        found = self._look(marks=True)
        self._note(found)
        return found

    def look(self) -> dict[int, tree.Proc]:
        """The members now; the state has them too."""
        found = self._look(marks=False)
        self._note(found)
        return found

    def surely_none(self) -> dict[int, tree.Proc]:
        """As ``look``, but also asks every process of this machine for the mark: for the word that nothing is left."""
        found = self._look(marks=True)
        self._note(found)
        return found

    def _look(self, *, marks: bool) -> dict[int, tree.Proc]:
        processes = tree.scan()
        return tree.members(
            processes,
            supervisor=os.getpid(),
            known=[(pid, start) for pid, start, _ in self._state.pids],
            sessions={sid for _, _, sid in self._state.pids} - {os.getsid(0)},
            extra=tree.marked(processes, self._folder) if marks else (),
        )

    def _note(self, found: dict[int, tree.Proc]) -> None:
        self._state.pids = [[proc.pid, proc.start, proc.sid] for proc in sorted(found.values())]

    def kill_orphan_engines(self, found: dict[int, tree.Proc]) -> list[int]:
        """Kill engine processes whose API server is gone: they serve nobody and hold the memory (vLLM never ends
        them)."""
        import signal

        orphans = [p.pid for p in found.values() if tree.is_vllm_engine(p) and p.ppid not in found]
        for pid in orphans:
            process.send(pid, signal.SIGKILL)
        return orphans
