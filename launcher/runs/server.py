"""The supervisor's view of the server: ready or not, and its metrics, once a second."""

from __future__ import annotations

import os
import time
from collections.abc import Collection

from launcher.host import ports
from launcher.metrics.recorder import Recorder
from launcher.metrics.scrape import Scraper
from launcher.runs import foreign, readiness, tree
from launcher.runs.gpu_watch import GpuWatch, family
from launcher.runs.keeper import Keeper
from launcher.runs.observe import Observer
from launcher.runs.record import RunRecord

PROBE_S = 0.25
RETRY_S = 1.0
"""After a failed scrape the next comes so soon, however seldom the manifest wants them: an outage shows in seconds."""
TIMEOUT_S = 2.0
LOST_AFTER = 3
"""Failed scrapes in a row before the server counts as not ready: one slow answer is no outage."""


class ServerWatch:
    """Asks for readiness until it comes, then scrapes. Owns the recorder of the run."""

    def __init__(self, record: RunRecord, keeper: Keeper, api_key: str | None) -> None:
        self._record = record
        self._keeper = keeper
        self._api_key = api_key
        self._recorder: Recorder | None = None
        self._scraper: Scraper | None = None
        self._foreign = foreign.Foreign(record, keeper, api_key) if record.attached else None
        self._failures = 0
        self._interval_s = max(0.2, min(record.interval_s, 60.0))
        self._observer = Observer(keeper, self.mark)
        self._gpus = GpuWatch(record.gpus, self._members)
        self.next_at = 0.0
        """When something is due, on the monotonic clock."""

    def begin(self) -> None:
        """A new attempt, or an adopted one: ask at once."""
        self._failures = 0
        self._close_scraper()
        self._observer.clear()
        self.next_at = 0.0

    def tick(self, now: float) -> None:
        """Do what is due. Blocks for 2 s at the most, 3 s when the server stops answering."""
        self._observer.look(now)
        if self._record.probe.kind == "none" or now < self.next_at:
            return
        state = self._keeper.state
        if not state.ready:
            self.next_at = now + (foreign.ASK_S if self._foreign is not None else PROBE_S)
            self._ask()
        if state.ready:
            # on a fixed grid, so that a slow answer does not make the next one late
            due = self.next_at + self._interval_s
            self.next_at = due if now < due <= now + self._interval_s else now + self._interval_s
            self._scrape(now)
            if self._failures:
                self.next_at = min(self.next_at, now + RETRY_S)

    def _ask(self) -> None:
        state = self._keeper.state
        answer = readiness.ask(self._record.probe, api_key=self._api_key, timeout_s=TIMEOUT_S)
        if not answer.ready:
            if self._foreign is not None:
                self._foreign.silent(answer.why)
            elif not state.served:
                state.reason = f"not ready: {answer.why}" if answer.heard else None
            return
        stranger = self._stranger(answer.port)
        if stranger is not None:
            state.reason = stranger
            return
        now = time.time()
        state.ready, state.server_port, state.reason = True, answer.port, answer.why
        state.served_names = list(answer.names)
        if self._foreign is not None:
            self._foreign.came(answer.port)
        state.ready_at = state.ready_at or now
        if not state.served:
            state.served = True
            if self._record.probe.kind == "vllm" and self._foreign is None:
                state.enter_phase("ready", now)
                state.close_phase(now)
            self.mark("ready")
            took = f" after {now - state.started:.1f} s" if state.started else ""
            self._keeper.event("ready", f"ready on port {answer.port}{took}")
        else:
            self._keeper.event("ready", f"ready again on port {answer.port}")

    def _stranger(self, port: int | None) -> str | None:
        """Who answers in our place, in words. Two servers that load can bind one port; the first to listen answers for
        both, under the same model name even. So who listens must be one of ours; where that cannot be seen (a
        container's proxy, another user) a server that vdeck did not start itself is believed."""
        found = ports.holder(port) if port is not None and self._foreign is None else None
        if found is None or (found.pid is not None and self._is_ours(found.pid)):
            return None
        if found.pid is None and not any(step.kind == "vllm" for step in self._record.steps):
            return None
        return f"not ready: port {port} is answered by {found}, which is none of this run's processes"

    def _is_ours(self, pid: int) -> bool:
        ours = {entry[0] for entry in self._keeper.state.pids} | {os.getpid()}
        while pid not in ours:
            found = tree.look(pid)
            if found is None or found.ppid <= 1:
                return False
            pid = found.ppid
        return True

    def _scrape(self, now: float) -> None:
        state = self._keeper.state
        if self._record.probe.kind != "vllm" or state.server_port is None:
            self._check_http()
            return
        if self._scraper is None:
            probe = self._record.probe
            self._scraper = Scraper(
                probe.host, state.server_port, path=f"{probe.prefix}/metrics", timeout_s=TIMEOUT_S,
                api_key=self._api_key, scheme=probe.scheme, verify=probe.verify,
            )  # fmt: skip
        at = int(time.time() * 1000)
        try:
            page = self._scraper.get()
        except OSError:
            self._open_recorder().gap(at)
            self._failed()
            return
        self._failures = 0
        recorded = self._open_recorder().record(page, at, extra=self._gpus.page(now))
        if recorded is None:
            return
        if self._foreign is not None and self._foreign.saw(recorded, at):
            self._open_recorder().mark(at - 1, "restart")  # before the first sample of the new process
            self._observer.clear()
        self._observer.page(recorded, now)

    def _members(self) -> Collection[int]:
        """The processes of the server: those of the run, or (a server that vdeck did not start) whoever listens."""
        state = self._keeper.state
        if state.pids or state.server_port is None or self._record.probe.host not in ("127.0.0.1", "::1", "localhost"):
            return {entry[0] for entry in state.pids}
        return family(state.server_port)

    def _check_http(self) -> None:
        if readiness.ask(self._record.probe, api_key=None, timeout_s=TIMEOUT_S).ready:
            self._failures = 0
        else:
            self._failed()

    def _failed(self) -> None:
        self._failures += 1
        state = self._keeper.state
        if self._failures < LOST_AFTER or state.server_port is None:
            return
        why = (
            readiness.healthy(self._record.probe, state.server_port, api_key=self._api_key, timeout_s=TIMEOUT_S / 2)
            if self._record.probe.kind == "vllm"
            else "nothing answers"
        )
        if why is not None:
            state.ready, state.reason = False, f"was ready, now {why}"
            self._observer.clear()
            self._keeper.event("ready", f"not ready: {why}")

    def mark(self, kind: str) -> None:
        """Mark this moment on the metric history (ready, restart)."""
        if self._record.probe.kind == "vllm":
            self._open_recorder().mark(int(time.time() * 1000), kind)

    def stopped(self) -> None:
        """The server is gone: no more questions, the history is closed cleanly."""
        self._close_scraper()
        self._observer.clear()
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def _open_recorder(self) -> Recorder:
        if self._recorder is None:
            self._recorder = Recorder(self._keeper.run.metrics)
        return self._recorder

    def _close_scraper(self) -> None:
        if self._scraper is not None:
            self._scraper.close()
            self._scraper = None
