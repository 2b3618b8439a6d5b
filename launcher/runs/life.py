"""The life of one run: setup, steps, serving, ending, and again when it is to be restarted. Driven by ``tick``."""

from __future__ import annotations

import time
from collections.abc import Mapping

from launcher import paths
from launcher.errors import VdeckError
from launcher.runs import process, reason, verdict
from launcher.runs.attempt import Attempt
from launcher.runs.ending import Ending
from launcher.runs.keeper import Keeper
from launcher.runs.record import RunRecord
from launcher.runs.roster import Roster
from launcher.runs.server import ServerWatch
from launcher.runs.steps import StepEnd
from launcher.runs.stop import Stopper

LEFTOVER_GRACE_S = 3.0
"""What a run that ended by itself leaves behind gets this long to end too."""
SCAN_S = 5.0


class Life:
    """Owns everything that happens to the processes of one run. ``over`` once it has ended for good."""

    def __init__(
        self,
        run: paths.RunPaths,
        record: RunRecord,
        keeper: Keeper,
        secrets: Mapping[str, str],
        inherited: Mapping[str, str],
    ) -> None:
        self.over = False
        self._run = run
        self._record = record
        self._keeper = keeper
        self._state = keeper.state
        self._attempt = Attempt(run, record, keeper, secrets, inherited)
        self._steps = self._attempt.steps
        self._roster = Roster(run.folder, keeper.state)
        self._server = ServerWatch(record, keeper, secrets.get("VLLM_API_KEY"))
        self._ending: Ending | None = None
        self._next_scan = 0.0
        self._again_at: float | None = None
        """When the next attempt starts (monotonic), while one is waited for."""
        self._blind = False
        """Adopted without knowing which step runs: it has ended when no process is left."""

    # -- beginning ---------------------------------------------------------------------------------------------------

    def begin(self, mode: str, damage: str | None) -> None:
        """Start the run, or take it over. ``damage``: why the state could not be read, when it could not."""
        if mode == "adopt":
            self._adopt(damage)
            return
        if mode == "restart":
            self._count_attempt(by_request=True)
            self._keeper.event("restart", "restarted by request")
        self._again_at = 0.0

    def _adopt(self, damage: str | None) -> None:
        found = self._roster.adopt()
        self._keeper.event("supervisor", f"taken over by a new supervisor, {len(found)} processes live")
        if damage is not None and damage.endswith("damaged"):
            self._keeper.event("problem", f"{damage}; rebuilt from the processes")
            self._state.started = self._record.created
        waiting = self._state.status in ("pending", "initializing") and self._state.step is None
        if waiting and not found and damage is None and self._state.wanted != "stop":
            self._again_at = 0.0  # the other one was killed before the first step, or in the pause before the next try
            return
        if damage is not None or (self._state.step is None and self._state.status != "idle"):
            self._blind = True
        if self._state.status in ("pending", "initializing", "lost"):
            self._keeper.status("running")
        self._attempt.adopt()
        self._server.begin()
        if self._state.wanted is not None:
            self._stop_now(force=False, grace_s=self._record.grace_s)
        elif not found and not self._steps.has_result():
            self._gone()

    def _gone(self) -> None:
        """Taken over too late: no process, and nobody wrote down how the last one ended."""
        self._server.stopped()
        self._state.ready = False
        self._state.close_phase(time.time())
        self._conclude("lost", "its supervisor and all its processes are gone; the machine may have been restarted")

    def _new_attempt(self) -> None:
        self._again_at = None
        self._attempt.reset()
        self._blind = False
        if self._state.attempt > 0:
            self._server.mark("restart")  # counters begin again, whether a reader can see it in the numbers or not
        self._keeper.status("initializing")
        self._keeper.save(time.monotonic())
        self._server.begin()
        try:
            if self._record.steps:
                self._start_step(0)
                self._keeper.status("running")
            else:
                self._state.started = time.time()
                self._keeper.status("idle", "nothing to run: the manifest has no commands")
        except (VdeckError, OSError) as error:
            self._finish(None, f"could not start: {reason.of_error(error)}")

    # -- time --------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> float:
        """Do what is due and say how many seconds may pass until the next call."""
        for pid, code in process.reap():
            self._steps.reaped(pid, code)
        if self._ending is not None:
            return self._end(now)
        if self._again_at is not None:
            if now < self._again_at:
                return min(1.0, self._again_at - now)
            self._new_attempt()
            return 0.05
        if not self._state.ready:
            self._attempt.follow(now)
        self._server.tick(now)
        if self._state.ready:
            self._attempt.served()
        ended = self._steps.ended()
        if ended is not None:
            self._step_over(ended)
            return 0.0
        self._scan(now)
        self._check_runtime()
        due = self._server.next_at - now if self._record.probe.kind != "none" else 1.0
        return max(0.02, min(1.0, due, 0.25 if self._attempt.watching else 1.0))

    def _start_step(self, index: int) -> None:
        self._attempt.start(index)
        self._state.started = self._state.started or time.time()
        self._next_scan = time.monotonic() + 0.2

    def _scan(self, now: float) -> None:
        if now < self._next_scan:
            return
        self._next_scan = now + (1.0 if time.time() - (self._state.started or 0.0) < 60 else SCAN_S)
        found = self._roster.look()
        for pid in self._roster.kill_orphan_engines(found):
            self._keeper.event("problem", f"engine process {pid} had lost its API server and was killed")
        if self._blind and not found:
            self._finish(None, None)

    def _check_runtime(self) -> None:
        limit, started = self._record.max_runtime_s, self._state.started
        if limit is not None and started is not None and time.time() - started > limit:
            self.stop(force=False, grace_s=None, why=f"max_runtime of {limit:g} s is over")

    # -- ending ------------------------------------------------------------------------------------------------------

    def stop(self, *, force: bool, grace_s: float | None, why: str | None) -> None:
        """Somebody wants the run to end; with ``force`` at once. Asking twice is no error."""
        if self.over:
            return
        if self._state.wanted != "stop":
            self._keeper.event("intent", why or ("kill asked for" if force else "stop asked for"))
        self._state.wanted = "stop"
        if self._ending is not None:
            if force:
                self._ending.hurry()
            return
        self._stop_now(force=force, grace_s=self._record.grace_s if grace_s is None else grace_s, why=why)

    def restart(self) -> None:
        """Stop, then start again: same manifest, ports, GPUs. Also a run that is ending: the last word counts."""
        self._keeper.event("intent", "restart asked for")
        self._state.wanted = "restart"
        if self._ending is None:
            self._stop_now(force=False, grace_s=self._record.grace_s)

    def _stop_now(self, *, force: bool, grace_s: float, why: str | None = None) -> None:
        state = self._state
        loading = self._record.probe.kind == "vllm" and not state.served
        self._keeper.status("stopping", why)
        state.ready = False
        state.close_phase(time.time())
        stopper = Stopper(force=force, grace_s=grace_s, serving=state.served, loading=loading)
        self._ending = Ending(self._roster, stopper, ("terminated", why), gpus=self._record.gpus)
        self._again_at = None
        self._server.stopped()

    def _step_over(self, ended: StepEnd) -> None:
        last = ended.index + 1 >= len(self._record.steps)
        if ended.code == 0 and not last:
            try:
                self._start_step(ended.index + 1)
            except (VdeckError, OSError) as error:
                self._finish(None, f"step {ended.index + 2} could not start: {reason.of_error(error)}")
        elif self._record.keep_idle and self._state.status != "idle":
            self._state.exit_code = ended.code
            self._state.step = None
            self._state.close_phase(time.time())
            self._keeper.status("idle", f"{reason.exit_text(ended.code)}; kept until it is terminated")
        else:
            self._finish(ended, None)

    def _finish(self, ended: StepEnd | None, why: str | None) -> None:
        """The run ended by itself: decide what to call it, then clear away what it left."""
        state = self._state
        state.exit_code = ended.code if ended is not None else None
        final = verdict.judge(self._run, self._record, state, ended, why)
        state.ready = False
        state.close_phase(time.time())
        self._server.stopped()
        self._keeper.status("stopping", final[1])
        stopper = Stopper(force=False, grace_s=LEFTOVER_GRACE_S, serving=False, loading=False)
        self._ending = Ending(self._roster, stopper, final, gpus=self._record.gpus)

    def _end(self, now: float) -> float:
        assert self._ending is not None
        final = self._ending.tick(now, {self._steps.wrapper} if self._steps.wrapper else set())
        if final is None:
            return 0.1
        ended = self._steps.ended()
        if ended is not None and self._state.exit_code is None:
            self._state.exit_code = ended.code
        self._ending = None
        self._conclude(*final)
        return 0.05

    def _count_attempt(self, *, by_request: bool) -> None:
        self._state.tries = 0 if by_request else self._state.tries + 1
        self._state.restarts += 1
        self._state.attempt += 1

    def _conclude(self, status: str, why: str | None) -> None:
        process.reap_last()
        state = self._state
        state.step = state.step_process = None
        pause = verdict.pause(self._record, state, status)
        if pause is not None:
            self._count_attempt(by_request=state.wanted == "restart")
            self._again_at = time.monotonic() + pause
            self._keeper.event("restart", f"starts again in {pause:g} s" + (f" after: {why}" if why else ""))
            self._keeper.status("pending", why)
            return
        state.ended = time.time()
        state.phase = state.progress = state.supervisor = None
        self._keeper.status(status, why)
        self._server.stopped()
        self.over = True
