"""Goals: the file, the share within a limit, the ring of buckets they are judged by, the verdict that does not flap."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_kit import histogram, page

from launcher.metrics import promql
from launcher.metrics.bucket_ring import BucketRing
from launcher.metrics.exposition import Page, Parser
from launcher.metrics.goals import Goal, Goals, attainment, from_json, ordered, to_json
from launcher.metrics.verdict import ENOUGH, STILL_ENOUGH, judge, limit, sentence
from launcher.runs import goal_file

INF = math.inf
TTFT = "time_to_first_token_seconds"
FAMILIES = {"ttft": (TTFT,), "itl": ("inter_token_latency_seconds", "time_per_output_token_seconds")}
goals = st.builds(
    Goal, st.sampled_from(("ttft", "itl", "e2e")), st.floats(1e-6, 86_400), st.floats(0.0001, 1)
)  # fmt: skip


@given(st.lists(goals, max_size=5), st.sampled_from(("off", "bell", "desktop")))
def test_what_is_written_is_read(found: list[Goal], notify: str) -> None:
    wanted = Goals(ordered(found), notify)
    assert from_json(json.loads(json.dumps(to_json(wanted)))) == wanted


@pytest.mark.parametrize(
    "value",
    [
        {"goals": {}},
        {"goals": ["ttft"]},
        {"goals": [{"key": "ttft"}]},
        {"goals": [{"key": "ttft", "limit_s": 0}]},
        {"goals": [{"key": "ttft", "limit_s": True}]},
        {"goals": [{"key": "ttft", "limit_s": 1, "share": 2}]},
        {"goals": [{"key": "ttft", "limit_s": "1s"}]},
        {"notify": "mail"},
    ],
)
def test_a_damaged_document_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"goal|notify"):
        from_json(value)


def test_a_goal_of_a_newer_vdeck_is_left_out() -> None:
    assert from_json({"goals": [{"key": "tpot", "limit_s": 1}, {"key": "itl", "limit_s": 1}], "new": 1}) == Goals(
        (Goal("itl", 1.0),)
    )


def test_the_file_of_a_run(tmp_path: Path) -> None:
    path = str(tmp_path / "goals.json")
    assert goal_file.read(path) == (Goals(), None)
    assert goal_file.stamp(path) is None
    goal_file.write(path, Goals((Goal("ttft", 0.5),), "bell"))
    assert goal_file.read(path) == (Goals((Goal("ttft", 0.5),), "bell"), None)
    before = goal_file.stamp(path)
    goal_file.write(path, Goals())
    assert goal_file.stamp(path) != before
    (tmp_path / "goals.json").write_text('{"goals": [')
    assert goal_file.read(path) == (None, "goals.json is damaged")
    (tmp_path / "goals.json").write_text('{"goals": [1]}')
    found, why = goal_file.read(path)
    assert found is None
    assert why is not None
    assert why.startswith("goals.json is damaged: ")


BUCKETS = [(0.1, 10.0), (0.5, 30.0), (1.0, 90.0), (INF, 100.0)]


@pytest.mark.parametrize(
    ("limit_s", "share"),
    [(0.1, 0.1), (0.05, 0.05), (0.3, 0.2), (0.5, 0.3), (1.0, 0.9), (0.75, 0.6), (5.0, 0.9), (1e-9, 1e-9)],
)
def test_the_share_within_a_limit_is_linear_inside_a_bucket(limit_s: float, share: float) -> None:
    assert attainment(limit_s, BUCKETS) == pytest.approx(share)


def test_nothing_observed_is_no_share() -> None:
    assert attainment(1.0, []) is None
    assert attainment(1.0, [(1.0, 0.0), (INF, 0.0)]) is None
    assert attainment(1.0, BUCKETS[:-1]) is None  # without +Inf nobody knows how many there were


def ring() -> BucketRing:
    return BucketRing(FAMILIES, span_s=300.0, every_s=5.0)


def test_the_first_page_says_what_was_before_and_counts_nothing() -> None:
    kept = ring()
    assert kept.buckets("ttft") == []
    assert kept.add(page(histogram(TTFT, (100, 200, 300, 400))), 0.0)
    assert kept.buckets("ttft") == [(0.1, 0.0), (0.5, 0.0), (1.0, 0.0), (INF, 0.0)]
    assert not kept.add(page(histogram(TTFT, (101, 201, 301, 401))), 4.9)
    assert kept.add(page(histogram(TTFT, (101, 202, 303, 404))), 5.0)
    assert kept.buckets("ttft") == [(0.1, 1.0), (0.5, 2.0), (1.0, 3.0), (INF, 4.0)]
    assert kept.buckets("itl") == []


def test_what_is_older_than_the_span_is_forgotten() -> None:
    kept = ring()
    for i in range(200):
        kept.add(page(histogram(TTFT, (i, i, i, i))), i * 5.0)
    assert kept.span_s == 300.0
    assert kept.buckets("ttft")[-1] == (INF, 60.0)


def test_old_names_are_known() -> None:
    kept = ring()
    for i in range(2):
        kept.add(page(histogram("time_per_output_token_seconds", (i, i, i, i))), i * 5.0)
    assert kept.buckets("itl")[-1][1] == 1.0


def test_other_buckets_begin_anew() -> None:
    kept = ring()
    kept.add(page(histogram(TTFT, (1, 2, 3, 4))), 0.0)
    kept.add(page(histogram(TTFT, (2, 3, 4, 5))), 5.0)
    other = page(f'vllm:{TTFT}_bucket{{le="2"}} 7\nvllm:{TTFT}_bucket{{le="+Inf"}} 9\n')
    kept.add(other, 10.0)
    assert kept.buckets("ttft") == [(2.0, 0.0), (INF, 0.0)]


def test_a_cleared_ring_takes_the_next_page_as_the_first() -> None:
    kept = ring()
    kept.add(page(histogram(TTFT, (1, 2, 3, 4))), 0.0)
    kept.clear()
    kept.add(page(histogram(TTFT, (50, 50, 50, 50))), 1.0)
    assert kept.buckets("ttft")[-1] == (INF, 0.0)


@given(
    st.lists(
        st.tuples(*[st.lists(st.integers(0, 9), min_size=4, max_size=4) for _ in "01"], st.integers(0, 9)),
        min_size=2, max_size=30,
    )
)  # fmt: skip
def test_engines_are_summed_and_resets_corrected_as_prometheus_does(
    seconds: list[tuple[list[int], list[int], int]],
) -> None:
    """Each bucket series by itself is ``counted`` by promql; the sums by bound are those of the ring."""
    kept, parser = ring(), Parser()
    totals = {engine: [0.0] * 4 for engine in "01"}
    samples: dict[tuple[str, int], list[tuple[int, float]]] = {(e, b): [] for e in "01" for b in range(4)}
    for second, (first, second_engine, fate) in enumerate(seconds):
        if fate == 0:
            totals["1"] = [0.0] * 4  # this engine began again
        for engine, more in (("0", first), ("1", second_engine)):
            for bound in range(4):
                totals[engine][bound] += sum(more[: bound + 1])
                samples[engine, bound].append((second * 5000, totals[engine][bound]))
        found = parser.parse("".join(histogram(TTFT, totals[engine], engine) for engine in "01"))
        assert kept.add(found, second * 5.0)
    end = (len(seconds) - 1) * 5000
    wanted = [
        sum(promql.counted(samples[e, b], at_ms=end, range_ms=end + 1) or 0.0 for e in "01") for b in range(4)
    ]  # fmt: skip
    assert [count for _, count in kept.buckets("ttft")] == wanted


def counts(within: float, total: float) -> list[tuple[float, float]]:
    return [(0.5, within), (INF, total)]


GOAL = Goal("ttft", 0.5, 0.95)


def test_too_little_says_nothing() -> None:
    assert judge(GOAL, [], None).missed is None
    assert judge(GOAL, counts(0, ENOUGH - 1), None).missed is None
    assert judge(GOAL, counts(0, ENOUGH), None).missed is True
    assert judge(GOAL, counts(0, STILL_ENOUGH), True).missed is True
    assert judge(GOAL, counts(0, STILL_ENOUGH - 1), True).missed is None


@pytest.mark.parametrize(
    ("within", "before", "missed"),
    [(950, None, False), (949, None, True), (950, False, False), (949, False, True), (950, True, True),
     (959, True, True), (960, True, False), (949, True, True)],
)  # fmt: skip
def test_a_missed_goal_must_be_kept_clearly_to_hold_again(within: float, before: bool | None, missed: bool) -> None:
    assert judge(GOAL, counts(within, 1000), before).missed is missed


def test_the_margin_never_asks_for_more_than_all() -> None:
    assert judge(Goal("ttft", 0.5, 1.0), counts(1000, 1000), True).missed is False
    assert judge(Goal("ttft", 0.5, 0.999), counts(9994, 10_000), True).missed is True
    assert judge(Goal("ttft", 0.5, 0.999), counts(9995, 10_000), True).missed is False


@given(st.floats(0.01, 1.0), st.integers(20, 10_000), st.data())
def test_no_share_is_both_missed_and_kept_in_turns(share: float, total: int, data: st.DataObject) -> None:
    """Whatever is observed, judging it again and again does not change the verdict."""
    within = data.draw(st.integers(0, total))
    goal, before, seen = Goal("ttft", 0.5, share), None, []
    for _ in range(4):
        before = judge(goal, counts(within, total), before).missed
        seen.append(before)
    assert len(set(seen)) == 1


def test_the_sentences() -> None:
    assert sentence(GOAL, judge(GOAL, counts(810, 1000), None), 300) == (
        "TTFT goal missed: 81 % within 500 ms over 5 min, wanted 95 %"
    )
    assert sentence(GOAL, judge(GOAL, counts(94999, 100_000), None), 40) == (
        "TTFT goal missed: 94.9 % within 500 ms over 40 s, wanted 95 %"
    )
    assert sentence(Goal("e2e", 20, 0.999), judge(Goal("e2e", 20, 0.999), [(20, 100.0), (INF, 100.0)], True), 300) == (
        "E2E goal holds again: 100 % within 20 s over 5 min, wanted 99.9 %"
    )
    assert sentence(GOAL, judge(GOAL, counts(1, 3), True), 300) == (
        "TTFT goal: no verdict any more, 3 observations over 5 min are too few"
    )


@pytest.mark.parametrize(("seconds", "words"), [(0.5, "500 ms"), (0.0005, "0.5 ms"), (1, "1 s"), (1.5, "1.5 s")])
def test_limits_in_words(seconds: float, words: str) -> None:
    assert limit(seconds) == words


def test_a_page_without_histograms_is_no_fault() -> None:
    kept = ring()
    empty: Page = page("python_info 1\n")
    for i in range(3):
        kept.add(empty, i * 5.0)
    assert kept.buckets("ttft") == []
