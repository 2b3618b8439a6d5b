"""The client as a program: prompts, a first request, warmups, the run, the report."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from launcher.bench.own import arrivals, report
from launcher.bench.own import flags as own_flags
from launcher.bench.own.figures import figures, percentile
from launcher.bench.own.flags import Flags
from launcher.bench.own.prompts import Tokens, prompts
from launcher.bench.own.request import Outcome, Prompt, Question, ask
from launcher.bench.own.wire import Broken, Wire
from launcher.errors import EXIT_DONE, EXIT_FAILED, VdeckError

_LATE_S = 0.05
"""A client that sends so much later than due (p99) does not put the load on the server that was asked for."""


def main(argv: Sequence[str]) -> int:
    """Run; the exit code. Interrupted: 130 by SIGINT, 143 by SIGTERM; connections are closed then."""
    flags, unknown = own_flags.parse(argv)
    if unknown:
        _say(f"warning: not known here and left out: {' '.join(unknown)}", sys.stderr)
    try:
        return asyncio.run(_interruptible(flags))
    except (VdeckError, Broken) as error:
        said = error.sentence() if isinstance(error, VdeckError) else f"{error}."
        _say(f"error: {said}", sys.stderr)
    except OSError as error:
        _say(f"error: {error.strerror or error}.", sys.stderr)
    return EXIT_FAILED


def _say(text: str, stream: Any = None) -> None:
    out = stream or sys.stdout
    out.write(text + "\n")
    out.flush()


async def _interruptible(flags: Flags) -> int:
    """A signal cancels the run: every connection closes, and the server drops what it was answering."""
    code = 0
    run = asyncio.ensure_future(measure(flags))

    def stop(number: int) -> None:
        nonlocal code
        code = 128 + number
        run.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        return await run
    except asyncio.CancelledError:
        return code


async def measure(flags: Flags) -> int:
    """One benchmark from prompts to report. Raises VdeckError, Broken, OSError."""
    wire = Wire(flags.url, key=os.environ.get("OPENAI_API_KEY") or None, verify=flags.verify)
    tokens = Tokens(wire, flags.model)
    asked = await prompts(flags, tokens)
    options = {"temperature": flags.temperature} if flags.temperature is not None else {}
    question = Question(
        flags.endpoint, flags.chat, flags.model, {**options, **({"ignore_eos": True} if flags.ignore_eos else {})}
    )
    _say("Starting initial single prompt test run...")
    first = await ask(wire, question, asked[0])
    if not first.success:
        raise VdeckError(f"the first request failed: {first.error}", fix="look at the run's log")
    if flags.warmups:
        _say(f"Warming up with {flags.warmups} requests...")
        await asyncio.gather(*(ask(wire, question, asked[number % len(asked)]) for number in range(flags.warmups)))
    _say(f"Starting main benchmark run...\nTraffic request rate: {flags.rate:g}")
    _say(f"Burstiness factor: {flags.burstiness:g}\nMaximum request concurrency: {flags.concurrency}")
    begun = time.perf_counter()
    outcomes = await _all(flags, wire, question, asked)
    duration = time.perf_counter() - begun
    wire.close()
    return _report(flags, outcomes, duration, estimated=tokens.estimated)


async def _all(flags: Flags, wire: Wire, question: Question, asked: Sequence[Prompt]) -> list[Outcome]:
    """Send each request when it is due, at most so many at a time; the outcomes in their order."""
    due = arrivals.times(len(asked), flags.rate, flags.burstiness, random.Random(flags.seed))
    places = asyncio.Semaphore(flags.concurrency) if flags.concurrency else None
    bar = report.Bar(len(asked), quiet=flags.quiet)
    begun = time.perf_counter()

    async def one(prompt: Prompt, lag: float) -> Outcome:
        waits = time.perf_counter()
        if places is not None:
            await places.acquire()
        queued = time.perf_counter() - waits
        try:
            outcome = await ask(wire, question, prompt)
        finally:
            if places is not None:
                places.release()
        outcome.queued, outcome.lag = queued, lag
        bar.step()
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = []
        for prompt, at in zip(asked, due):
            wait = begun + at - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            tasks.append(group.create_task(one(prompt, max(0.0, time.perf_counter() - begun - at))))
    bar.close()
    return [task.result() for task in tasks]


def _report(flags: Flags, outcomes: Sequence[Outcome], duration_s: float, *, estimated: bool) -> int:
    found = figures(outcomes, duration_s, metrics=flags.metrics, percentiles=flags.percentiles, goals=flags.goals)
    late = percentile(sorted(outcome.lag for outcome in outcomes), 99)
    found["client_lag_p99_ms"] = late * 1000
    warnings = ["the server does not tokenize: lengths of prompts are estimated"] if estimated else []
    if late > _LATE_S:
        warnings.append(f"the client was late by {late * 1000:.0f} ms (p99): the load was not the one asked for")
    for text in report.table(found, flags.metrics):
        _say(text)
    for text in warnings:
        _say(f"warning: {text}", sys.stderr)
    if flags.result is not None:
        report.write(flags.result, report.document(flags, found, outcomes, warnings))
    failed = [outcome.error for outcome in outcomes if not outcome.success]
    for text in dict.fromkeys(failed[:10]):
        _say(f"failed: {text}", sys.stderr)
    if failed and len(failed) == len(outcomes):
        _say(f"error: all {len(failed)} requests failed: {failed[0]}.", sys.stderr)
        return EXIT_FAILED
    return EXIT_DONE
