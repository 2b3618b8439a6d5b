"""How a run is brought to its end: politely first, then surely. ``done`` only when no process is left.

What real vLLM servers do decides the numbers: while loading they obey SIGTERM only in their first seconds and SIGINT
after 6 to 19 s, some never; a ready one ends within 3 s, but may hang for ever on a client that still reads, its engine
already gone (facts measured on 0.25 and 0.32).
"""

from __future__ import annotations

import signal
from collections.abc import Mapping

from launcher.runs import process, tree

LOADING_GRACE_S = 8.0
"""Nothing is lost when a server that never answered is killed: it gets at most this long."""
SECOND_SIGNAL_S = 2.0
HUNG_S = 3.0
"""A server whose engine has been gone this long waits for a client, not for its work."""


class Stopper:
    """One attempt to stop all processes of a run. Call ``step`` every 0.1 s with the members of the moment."""

    def __init__(self, *, force: bool, grace_s: float, serving: bool, loading: bool) -> None:
        """``serving``: the server answers; ``loading``: it is a vLLM that does not answer yet."""
        self.force = force
        self.loading = loading
        self.grace_s = min(grace_s, LOADING_GRACE_S) if loading else grace_s
        self._serving = serving
        self._began: float | None = None
        self._had_engine = False
        self._engine_gone: float | None = None
        self._interrupted = False
        self._asked: set[int] = set()

    def step(self, now: float, members: Mapping[int, tree.Proc], wrappers: set[int]) -> bool:
        """Send what is due; True when nothing is left. ``now`` is a monotonic clock, seconds."""
        if not members:
            return True
        if self._began is None:
            self._began = now
        waited = now - self._began
        if self.force or waited >= self.grace_s or self._hangs(now, members):
            for pid in members:
                process.send(pid, signal.SIGKILL)
            return False
        for pid in tree.stop_order(members, wrappers):
            if pid not in self._asked:  # also what was started, or lost its parent, since the last look
                self._asked.add(pid)
                process.send(pid, signal.SIGTERM)
        if self.loading and not self._interrupted and waited >= SECOND_SIGNAL_S:
            self._interrupted = True
            for pid in tree.stop_order(members, wrappers):
                process.send(pid, signal.SIGINT)
        return False

    def hurry(self) -> None:
        """Somebody asked again, with force."""
        self.force = True

    def _hangs(self, now: float, members: Mapping[int, tree.Proc]) -> bool:
        if not self._serving:
            return False
        if any(tree.is_vllm_engine(proc) for proc in members.values()):
            self._had_engine = True
            self._engine_gone = None
        elif self._had_engine and self._engine_gone is None:
            self._engine_gone = now
        return self._engine_gone is not None and now - self._engine_gone >= HUNG_S
