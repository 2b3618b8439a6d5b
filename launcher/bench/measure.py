"""One load after the other: the client is started, followed and read, the server's counters beside it."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable
from typing import NamedTuple

from launcher import paths
from launcher.bench import client_env, command, failure, reading, result_json, warnings
from launcher.bench.client_run import ClientRun
from launcher.bench.command import Client, Server
from launcher.bench.counters import CounterReader, Counters
from launcher.bench.masking import masked_point
from launcher.bench.orders import Orders, RunGone
from launcher.bench.plan import Load, Plan
from launcher.bench.result import Bench, Point, Progress
from launcher.bench.state_file import StateFile
from launcher.runs import files, listing, process, secrets
from launcher.runs.target import parse

TURN_S = 0.1
COUNT_S = 0.5
"""So often the counters are read while the client starts."""
IDLE_S = 30.0
"""A load waits so long for the server to come to rest after the one before."""
SETTLE_S = 10.0
"""And a cancelled benchmark so long for the server to have dropped its requests."""
LAST_WORD_S = 2.0
"""After failed requests: so long the supervisor has to say that the server is gone."""


class Task(NamedTuple):
    """What is to be measured, and where it is written down."""

    at: paths.BenchPaths
    run: paths.RunPaths
    plan: Plan
    server: Server
    client: Client
    goals: tuple[tuple[str, float], ...]
    earlier: tuple[Bench, ...] = ()
    mask: Callable[[str], str] = str
    """Takes the secrets of the run out of what clients and servers say."""


class Meter:
    """Measures the loads of one benchmark. Raises Cancelled or RunGone out of every method, the client killed."""

    def __init__(self, task: Task, state: StateFile, orders: Orders, counters: CounterReader) -> None:
        self._task = task
        self._state = state
        self._orders = orders
        self._counters = counters
        self._quiet = 0
        """Requests that ran before the first load: other people's."""

    def load(self, number: int, load: Load, seed: int) -> str | None:
        """Measure one load and write its point. Returns why the benchmark cannot go on, or None."""
        plan, at = self._task.plan, self._task.at
        in_vain = number > 0 and not self._rest(number)
        result = at.client_result(number)
        argv = command.argv(
            plan, load, server=self._task.server, client=self._task.client, goals=self._task.goals, seed=seed,
            result_dir=os.path.dirname(result), result_name=os.path.basename(result),
        )  # fmt: skip
        self._orders.check(now=True)
        files.append_line(at.output, f"$ {shlex.join(argv)}")
        try:
            client = ClientRun(
                argv, cwd=at.folder, env=self._environment(), output=at.output, load=number, total=plan.prompts
            )
        except OSError as error:
            return f"the client cannot be started: {error.strerror}"
        try:
            before, began = self._follow(client, load)
            after = self._after()
        finally:
            client.kill()
            self._state.measuring(None, None)
        return self._point(number, load, seed, client, before, after, began, in_vain)

    def settle(self) -> None:
        """Wait until the server has dropped the requests of a killed client."""
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            busy = self._counters.read().busy
            if busy is None or busy <= self._quiet:
                return
            time.sleep(TURN_S)

    def _environment(self) -> dict[str, str]:
        run = self._task.run
        made, why = listing.load_record(run)
        if made is None:
            raise RunGone(f"the run cannot be read: {why}")
        own_env = run.environment if os.path.isdir(run.environment) else None
        root = process.REPO_ROOT if self._task.client.kind == "vdeck" else None
        return client_env.build(
            made, folder=run.folder, own_env=own_env, secrets=secrets.variables(run.secrets), inherited=os.environ,
            root=root, host=parse(self._task.server.url).host,
        )  # fmt: skip

    def _follow(self, client: ClientRun, load: Load) -> tuple[Counters, float | None]:
        """Until the client has ended: the counters just before its main run, and when that began."""
        latest = before = self._counters.read()
        began: float | None = None
        due = 0.0
        while client.code is None:
            progress = client.poll()
            self._state.progress(progress)
            self._orders.check()
            if progress.step in ("measuring", "done"):
                if began is None:
                    began = time.time()
                    self._state.measuring(load, began)
            elif time.monotonic() >= due:
                # what was read last is good only if the main run had not begun while it was read
                before, latest = latest, self._counters.read()
                due = time.monotonic() + COUNT_S
            if client.code is None:
                time.sleep(TURN_S)
        self._state.progress(client.poll())
        if progress.load == 0:
            self._quiet = before.busy or 0
        return before, began

    def _after(self) -> Counters:
        """The counters once the client has ended; its last answers are counted a moment after it has them."""
        deadline = time.monotonic() + 1.0
        while True:
            after = self._counters.read()
            if not after.busy or time.monotonic() > deadline:
                return after
            self._orders.check()
            time.sleep(TURN_S)

    def _rest(self, number: int) -> bool:
        """Wait until the server is idle; False when it is not in time."""
        self._state.progress(Progress(number, "waiting for the server to be idle", 0, self._task.plan.prompts))
        deadline = time.monotonic() + IDLE_S
        while self._counters.read().busy:
            self._orders.check()
            if time.monotonic() > deadline:
                return False
            time.sleep(TURN_S)
        return True

    def _point(
        self, number: int, load: Load, seed: int, client: ClientRun, before: Counters, after: Counters,
        began: float | None, in_vain: bool,
    ) -> str | None:  # fmt: skip
        path = self._task.at.client_result(number)
        value, _ = files.read_json(path)
        if value is None or (client.code != 0 and value.get("completed") is None):
            self._last_word()
            return failure.decisive(client.said(), client.code or 0) if client.code else "the client wrote no result"
        written = os.stat(path).st_mtime
        duration = result_json.number(value.get("duration")) or 0.0
        started = began if began is not None and began + duration <= written + 1 else written - duration
        point = reading.point(
            value, load, started=started, ended=started + duration, seed=seed, file=os.path.basename(path)
        )
        if point.failed:
            self._last_word()
        seen = warnings.Seen(
            before, after, reading.sending_rate(value), reading.lag_s(value), self._task.earlier, in_vain
        )
        self._write(number, point._replace(warnings=warnings.of(self._task.plan, point, seen)))
        return point.error if point.completed == 0 else None

    def _last_word(self) -> None:
        """Requests failed: when that is because the server is gone, the supervisor says so in a moment. Raises
        RunGone."""
        deadline = time.monotonic() + LAST_WORD_S
        while time.monotonic() < deadline:
            self._orders.check(now=True)
            time.sleep(TURN_S)

    def _write(self, number: int, point: Point) -> None:
        files.write_json(self._task.at.point(number), result_json.point_to_json(masked_point(point, self._task.mask)))
