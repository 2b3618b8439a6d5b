"""What makes the figures of a load doubtful, each in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from launcher.bench.counters import Counters
from launcher.bench.plan import Plan
from launcher.bench.result import Bench, Point

HIT_SLACK = 0.02
"""More hits than this share above the expected one are no accident."""
TEMPLATE_TOKENS = 48
"""What chat templates put in front of every prompt, at most as a rule."""
SENT_SHARE = 0.9
"""A client that sends less than this share of the wanted rate does not keep up."""
LATE_S = 0.05
"""A client that is later than this (p99) does not keep up either."""


class Seen(NamedTuple):
    """What was seen around one load."""

    before: Counters
    """Just before the main run."""
    after: Counters
    """Once the client had ended."""
    sending_rate: float | None = None
    lag_s: float | None = None
    earlier: tuple[Bench, ...] = ()
    """The earlier benchmarks of this run."""
    waited_in_vain: bool = False
    """The server did not come to rest before this load."""


def of(plan: Plan, point: Point, seen: Seen) -> tuple[str, ...]:
    """All warnings of one load."""
    return (*_traffic(plan, point, seen), *_cache(plan, point, seen), *_preempted(seen), *_client(point, seen))


def _traffic(plan: Plan, point: Point, seen: Seen) -> Iterator[str]:
    if seen.before.busy:
        wait = ", and did not end within 30 s" if seen.waited_in_vain else ""
        yield f"Other traffic: {_requests(seen.before.busy)} already under way when the load began{wait}."
    if seen.after.busy:
        yield f"Other traffic: {_requests(seen.after.busy)} still under way when the load had ended."
    finished = _delta(seen.before.finished, seen.after.finished)
    if finished is None or point.completed is None:
        return
    # the test request and the warmups are finished before the load as a rule, but not surely seen to be
    own = point.completed + (point.failed or 0) + plan.warmups + 1
    if finished > own:
        yield f"Other traffic: the server finished {finished:.0f} requests, of which the benchmark sent {own - 1}."


def _requests(number: int) -> str:
    return "1 request was" if number == 1 else f"{number} requests were"


def _cache(plan: Plan, point: Point, seen: Seen) -> Iterator[str]:
    hits, queries = _delta(seen.before.hits, seen.after.hits), _delta(seen.before.queries, seen.after.queries)
    if hits is None or not queries or queries <= 0:
        return
    share = hits / queries
    if share <= expected_hits(plan, point, queries):
        return
    same = repeated(plan, point, seen.earlier)
    why = f" ({same})" if same else ""
    yield f"The prefix cache had {share * 100:.0f} % of the prompt tokens already{why}: first tokens came too quickly."


def expected_hits(plan: Plan, point: Point, queries: float) -> float:
    """The share of ``queries`` (prompt tokens) that may come from the prefix cache without anything being wrong: the
    shared prefix, the head of a chat template, and the one prompt that the test request and the warmups sent."""
    shared = plan.prefix_len / (plan.prefix_len + plan.input_len) if plan.dataset == "random" else 0.0
    prompts = (point.completed or 0) + (point.failed or 0)
    again = (1 + plan.warmups) / prompts if prompts else 0.0
    template = TEMPLATE_TOKENS * prompts / queries if plan.route == "chat" else 0.0
    return min(1.0, shared + again + template + HIT_SLACK)


def repeated(plan: Plan, point: Point, earlier: Sequence[Bench]) -> str | None:
    """Which earlier benchmark of this run sent the same prompts, in words."""
    for bench in earlier:
        other = bench.plan
        if other.dataset != plan.dataset or other.path != plan.path:
            continue
        if plan.dataset != "random":
            return f"the same file as benchmark {bench.id}"
        lengths = (other.input_len, other.prefix_len, other.range_ratio) == (
            plan.input_len, plan.prefix_len, plan.range_ratio)  # fmt: skip
        if lengths and point.seed is not None and point.seed in {one.seed for one in bench.points}:
            return f"the same seed as benchmark {bench.id}"
    return None


def _preempted(seen: Seen) -> Iterator[str]:
    count = _delta(seen.before.preemptions, seen.after.preemptions)
    if count:
        times = "once" if count == 1 else f"{count:.0f} times"
        yield f"The server preempted requests {times}: its KV cache was too small for this load."


def _client(point: Point, seen: Seen) -> Iterator[str]:
    asked, sent = point.load.rate, seen.sending_rate
    if asked is not None and point.load.concurrency is None and sent is not None and sent < asked * SENT_SHARE:
        yield f"The client sent {sent:.3g} of the wanted {asked:.3g} req/s: it, not the server, was the limit."
    elif seen.lag_s is not None and seen.lag_s > LATE_S:
        yield f"The client sent its requests up to {seen.lag_s * 1000:.0f} ms late (p99): this machine is too busy."


def _delta(before: float | None, after: float | None) -> float | None:
    """What a counter grew by; None when it is not known, or the server was started anew in between."""
    if after is None or before is None or after < before:
        return None
    return after - before
