"""What makes figures doubtful."""

from __future__ import annotations

from typing import Any

import pytest
from bench_kit import a_bench, a_point

from launcher.bench.counters import Counters, of_page
from launcher.bench.plan import Load, Plan
from launcher.bench.result import Bench, Point
from launcher.bench.warnings import Seen, of
from launcher.metrics.exposition import parse

QUIET = Counters(0, 0, 500, 0, 1000, 100_000)
AFTER = Counters(0, 0, 600, 0, 1000, 125_600)
PLAN = Plan(prompts=100)


def told(point: Point | None = None, plan: Plan = PLAN, **seen: Any) -> list[str]:
    values: dict[str, Any] = {"before": QUIET, "after": AFTER, **seen}
    return list(of(plan, point or a_point(), Seen(**values)))


def test_a_clean_measurement_has_none() -> None:
    assert told() == []
    assert told(before=Counters(), after=Counters()) == [], "a server that says nothing proves nothing"
    assert told(before=QUIET, after=Counters(0, 0, 3, 0, 0, 0)) == [], "started anew in between"


@pytest.mark.parametrize(("finished", "wanted"), [(601, []), (602, ["102 requests, of which the benchmark sent 100"])])
def test_more_requests_than_ours(finished: int, wanted: list[str]) -> None:
    found = told(after=AFTER._replace(finished=finished))
    assert len(found) == len(wanted) and all(text in note for text, note in zip(wanted, found))


def test_failed_requests_and_warmups_are_ours() -> None:
    point = a_point(completed=90, failed=10)
    assert told(point, Plan(warmups=5), after=AFTER._replace(finished=606)) == []
    assert told(point, Plan(warmups=5), after=AFTER._replace(finished=607)) != []


def test_requests_before_and_behind() -> None:
    (note,) = told(before=QUIET._replace(running=2, waiting=1))
    assert note == "Other traffic: 3 requests were already under way when the load began."
    (note,) = told(before=QUIET._replace(running=1), waited_in_vain=True)
    assert note.endswith("1 request was already under way when the load began, and did not end within 30 s.")
    (note,) = told(after=AFTER._replace(running=1))
    assert "still under way" in note


def test_hits_of_the_prefix_cache_and_where_they_come_from() -> None:
    hit = AFTER._replace(hits=1000 + 12_800)
    (note,) = told(after=hit)
    assert note.startswith("The prefix cache had 50 % of the prompt tokens already: ")
    before = a_bench(a_point(seed=5))._replace(id="111111111111", plan=PLAN)
    (note,) = told(after=hit, earlier=(before,))
    assert "(the same seed as benchmark 111111111111)" in note
    for other in (a_bench(a_point(seed=6)), before._replace(plan=Plan(input_len=9)), a_bench()._replace(plan=PLAN)):
        assert "seed" not in told(after=hit, earlier=(other,))[0]
    assert told(after=AFTER._replace(hits=1000 + 700)) == [], "the test request's own prompt, and noise"


def test_a_shared_prefix_is_meant_to_hit() -> None:
    plan = Plan(prefix_len=256, input_len=256)
    assert told(plan=plan, after=AFTER._replace(hits=1000 + 12_900)) == []
    assert told(plan=plan, after=AFTER._replace(hits=1000 + 15_000)) != []


def test_the_same_file_hits_whatever_the_seed() -> None:
    plan = Plan(dataset="sharegpt", path="/d.json")
    other: Bench = a_bench()._replace(id="222222222222", plan=plan)
    (note,) = told(plan=plan, after=AFTER._replace(hits=20_000), earlier=(other,))
    assert "(the same file as benchmark 222222222222)" in note


def test_the_head_of_a_chat_template_and_repeated_warmups_are_no_accident() -> None:
    hit = AFTER._replace(hits=1000 + 3000)
    assert told(after=hit) != [] and told(plan=Plan(route="chat"), after=hit) == []
    assert told(plan=Plan(warmups=10), after=hit) == []


def test_preemptions() -> None:
    assert told(after=AFTER._replace(preemptions=1)) == [
        "The server preempted requests once: its KV cache was too small for this load."
    ]
    assert "3 times" in told(after=AFTER._replace(preemptions=3))[0]


def test_a_client_that_does_not_keep_up() -> None:
    fast = a_point(Load(100.0))
    (note,) = told(fast, sending_rate=80.0)
    assert note == "The client sent 80 of the wanted 100 req/s: it, not the server, was the limit."
    assert told(fast, sending_rate=95.0) == []
    assert told(a_point(Load(100.0, 4)), sending_rate=10.0) == [], "a bound of concurrency holds the client back"
    assert told(a_point(), sending_rate=10.0) == []
    (note,) = told(fast, sending_rate=99.0, lag_s=0.08)
    assert "80 ms late" in note


def test_counters_are_sums_over_all_engines() -> None:
    page = parse(
        'vllm:num_requests_running{engine="0"} 1\nvllm:num_requests_running{engine="1"} 2\n'
        'vllm:num_requests_waiting{engine="0"} 4\nvllm:request_success_total{finished_reason="stop"} 5\n'
        'vllm:request_success_total{finished_reason="abort"} 1\nvllm:prefix_cache_hits_total 7\n'
        "vllm:prefix_cache_queries_total 70\nother_running 9\n"
    )
    found = of_page(page)
    assert found == Counters(3, 4, 6, None, 7, 70) and found.busy == 7
    assert of_page(parse("a 1\n")).busy is None
