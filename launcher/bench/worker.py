"""The worker of one benchmark: a small detached process that runs one client after the other, one a load.

It outlives the screen and the command that started it, and takes its client with it whatever kills it. Standard library
only, as the supervisor.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import NamedTuple

from launcher import paths
from launcher.bench import command, measure, plan_json
from launcher.bench.command import Client, Server
from launcher.bench.counters import CounterReader
from launcher.bench.orders import Cancelled, Orders, RunGone
from launcher.bench.plan import Plan
from launcher.bench.state_file import StateFile
from launcher.bench.store import list_of
from launcher.logs.redact import Redactor
from launcher.metrics.scrape import Scraper
from launcher.runs import files, listing, masking, process, secrets
from launcher.runs.target import parse

LOCK_TRIES_S = 2.0
"""A reader that asks whether the worker lives holds a shared lock for a moment."""


def main(folder: str) -> None:
    """Do the benchmark in ``folder``; ends at once when another worker does."""
    at = paths.BenchPaths(folder)
    lock = os.open(at.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not files.lock_within(lock, LOCK_TRIES_S):
        return
    process.become_subreaper()
    run = paths.RunPaths(os.path.dirname(os.path.dirname(folder)))
    mask = masking.of(run, listing.load_record(run)[0])
    state = StateFile(at.state, mask)
    try:
        _work(at, run, state, mask)
    except Exception as error:
        traceback.print_exc()
        sys.stderr.flush()
        state.end("failed", f"the worker met an error of its own ({type(error).__name__}; worker.log has it)")


class Job(NamedTuple):
    """What ``bench.json`` asks for."""

    plan: Plan
    run_id: str
    server: Server
    client: Client
    goals: tuple[tuple[str, float], ...]


def _job(at: paths.BenchPaths) -> Job:
    """Raises ValueError when the file is damaged."""
    value, why = files.read_json(at.record)
    if value is None:
        raise ValueError(why)
    goals = tuple((str(key), float(limit)) for key, limit in value.get("goals") or ())
    return Job(
        plan_json.from_json(value.get("plan") or {}), str(value.get("run_id")),
        command.server_from_json(value.get("server") or {}), command.client_from_json(value.get("command") or {}),
        goals,
    )  # fmt: skip


def _work(at: paths.BenchPaths, run: paths.RunPaths, state: StateFile, mask: Redactor) -> None:
    try:
        job = _job(at)
    except (ValueError, TypeError) as error:
        state.end("failed", f"bench.json is damaged: {error}")
        return
    orders = Orders(at, job.run_id)
    orders.listen()
    earlier = tuple(bench for bench in list_of(run.folder) if bench.folder != at.folder)
    task = measure.Task(at, run, job.plan, job.server, job.client, job.goals, earlier, mask)
    meter = measure.Meter(task, state, orders, _counters(run, job.server))
    first = job.plan.seed if job.plan.seed is not None else int.from_bytes(os.urandom(4)) >> 1
    try:
        for number, load in enumerate(job.plan.loads):
            # an explicit seed is counted on, so that no load finds the prompts of the last in the prefix cache
            why = meter.load(number, load, (first + number) % 2**31)
            if why is not None:
                state.end("failed", why)
                return
        state.end("completed", None)
    except Cancelled:
        meter.settle()
        state.end("cancelled", "cancelled by request")
    except RunGone as gone:
        state.end("failed", str(gone))


def _counters(run: paths.RunPaths, server: Server) -> CounterReader:
    target = parse(server.url)
    key = secrets.variables(run.secrets).get("VLLM_API_KEY")
    made, _ = listing.load_record(run)
    verify = made is not None and made.probe.verify
    scraper = Scraper(
        target.host, target.port, path=f"{target.prefix}/metrics", api_key=key, scheme=target.scheme, verify=verify
    )
    return CounterReader(scraper)
