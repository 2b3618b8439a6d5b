"""Health: what is read off a page of any release, when an engine is stuck, and which flag the sentence names."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_kit import lines, page

from launcher.metrics import advisor
from launcher.metrics.advisor import KINDS, Rates, advise, hit_rate
from launcher.metrics.exposition import parse
from launcher.metrics.pulse import MAX_PATIENCE_S, PATIENCE_S, Pulse
from launcher.metrics.vitals import Vitals, VitalsReader

PAGES = Path(__file__).with_name("metrics")
GPU = {"gpu_memory_utilization": "0.9", "num_gpu_blocks": "2048", "block_size": "16", "kv_cache_memory_bytes": "None"}


def real_page(name: str) -> str:
    with gzip.open(PAGES / name, "rt", encoding="utf-8") as file:
        return file.read()


def test_vitals_of_a_real_gpu_page() -> None:
    text = real_page("metrics-h200.txt.gz")
    found = parse(text)
    reader = VitalsReader()
    (vitals,) = reader.read(found, 7.0).values()
    assert vitals.at == 7.0
    assert vitals.running == found.value("vllm:num_requests_running")
    assert vitals.kv == found.value("vllm:kv_cache_usage_perc")
    assert vitals.generated == found.value("vllm:generation_tokens_total")
    assert vitals.steps == found.value("vllm:iteration_tokens_total_count") == 217
    assert vitals.queries == found.value("vllm:prefix_cache_queries_total")
    assert vitals.preempted == 0
    assert vitals.finished == sum(
        value
        for series, value in zip(found.series, found.values)
        if series.name == "vllm:request_success_total" and series.label("finished_reason") != "abort"
    )
    assert float(reader.config("0")["num_gpu_blocks"]) > 1000


@pytest.mark.parametrize("name", sorted(path.name for path in PAGES.glob("*.gz")))
def test_every_real_page_has_the_vitals_of_its_engines(name: str) -> None:
    found = VitalsReader().read(parse(real_page(name)), 0.0)
    assert len(found) == (2 if name.startswith("dp2") else 1)
    for vitals in found.values():
        assert None not in (vitals.running, vitals.waiting, vitals.kv, vitals.generated, vitals.finished)


def test_engines_are_told_apart() -> None:
    found = VitalsReader().read(
        page(lines("0", num_requests_running=1, num_requests_waiting=2), lines("1", num_requests_running=3)), 0.0
    )
    assert (found["0"].running, found["0"].waiting, found["1"].running, found["1"].waiting) == (1, 2, 3, None)


def test_names_of_old_releases() -> None:
    text = (
        'vllm:gpu_cache_usage_perc{model_name="m"} 0.5\nvllm:generation_tokens_total{model_name="m"} 4\n'
        'vllm:cache_config_info{block_size="16"} 1\nvllm:gpu_prefix_cache_hits_total 2\n'
    )
    reader = VitalsReader()
    found = reader.read(page(text), 0.0)
    assert found == {"": Vitals(0.0, kv=0.5, generated=4, hits=2)}
    assert reader.config("")["block_size"] == "16"
    assert reader.config("9") == {}


def test_an_abort_is_no_end_of_a_request() -> None:
    text = (
        'vllm:request_success_total{finished_reason="stop"} 3\nvllm:request_success_total{finished_reason="abort"} 9\n'
    )
    (vitals,) = VitalsReader().read(page(text), 0.0).values()
    assert vitals.finished == 3


# -- stuck or not


def beats(pulse: Pulse, seconds: range, **values: float) -> None:
    for second in seconds:
        pulse.beat(Vitals(float(second), **values))


def test_an_engine_with_work_that_does_nothing_is_stuck_after_its_patience() -> None:
    pulse = Pulse()
    beats(pulse, range(30), running=2, generated=100, kv=0.5)
    assert not pulse.stuck(29.9)
    assert pulse.stuck(30.0)
    pulse.beat(Vitals(31.0, running=2, generated=101, kv=0.5))
    assert not pulse.stuck(31.0)


def test_an_idle_engine_is_never_stuck() -> None:
    pulse = Pulse()
    beats(pulse, range(1000), running=0, waiting=0, generated=100)
    assert not pulse.stuck(1000.0)
    beats(pulse, range(1000, 1010), running=1, generated=100)
    assert pulse.quiet_s(1010.0) == 10.0


@pytest.mark.parametrize("sign", ["generated", "prompted", "finished", "steps"])
def test_every_sign_of_life_counts(sign: str) -> None:
    pulse = Pulse()
    for second in range(300):
        pulse.beat(Vitals(float(second), running=1, **{sign: float(second // 20)}))
        assert not pulse.stuck(float(second))


def test_a_long_prefill_fills_the_cache_and_is_not_stuck() -> None:
    pulse = Pulse()
    for second in range(300):
        pulse.beat(Vitals(float(second), running=1, generated=7, kv=min(1.0, second // 10 / 30)))
        assert not pulse.stuck(float(second))


def test_arrivals_aborts_and_preemptions_are_no_signs_of_life() -> None:
    pulse = Pulse()
    for second in range(40):
        pulse.beat(
            Vitals(float(second), running=1 + second % 3, waiting=second, preempted=second, kv=0.5 - second / 100)
        )
    assert pulse.stuck(40.0)


def test_an_engine_that_was_slow_and_went_on_is_given_more_time() -> None:
    pulse = Pulse()
    beats(pulse, range(40), running=1, generated=0)
    assert pulse.stuck(39.0)
    beats(pulse, range(40, 60), running=1, generated=1)
    assert pulse.patience_s == 80.0
    beats(pulse, range(60, 119), running=1, generated=1)
    assert not pulse.stuck(118.0)
    assert pulse.stuck(120.0)


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=40))
def test_patience_has_its_bounds(spells: list[tuple[int, bool]]) -> None:
    pulse, now, tokens = Pulse(), 0.0, 0.0
    for seconds, alive in spells:
        now += seconds
        tokens += alive
        pulse.beat(Vitals(now, running=1, generated=tokens))
        assert PATIENCE_S <= pulse.patience_s <= MAX_PATIENCE_S
        assert pulse.quiet_s(now) >= 0


def test_the_sentence_of_a_stuck_engine() -> None:
    assert advisor.wedged(Vitals(0, running=3, waiting=1), 41.4).text == (
        "3 requests run and 1 request waits, but no token came and none ended for 41 s: see the end of the log for the "
        "cause, and restart the run if it stays so"
    )
    assert advisor.wedged(Vitals(0, running=0, waiting=2), 30).text.startswith("2 requests wait, but no token")


# -- what to change


def minute(**values: object) -> list[Vitals]:
    """61 samples; a function is called with the second."""
    made = []
    for second in range(61):
        fields = {name: value(second) if callable(value) else value for name, value in values.items()}
        made.append(Vitals(float(second), **fields))  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize(
    ("samples", "config", "text"),
    [
        (
            minute(running=30, waiting=42, kv=0.98), GPU,
            "42 requests wait, the KV cache of 32,768 tokens is full (98 %): raise gpu-memory-utilization (0.90 now) "
            "or lower max-model-len",
        ),
        (
            minute(running=64, waiting=42, kv=0.41), GPU,
            "42 requests wait while the KV cache has room (41 % used): raise max-num-seqs (64 run at once now)",
        ),
        (
            minute(running=lambda s: 10 + s % 20, waiting=1, kv=0.41), {},
            "1 request waits while the KV cache has room (41 % used): raise max-num-batched-tokens, else max-num-seqs "
            "(10 run now)",
        ),
        (
            minute(running=64, waiting=42), {},
            "42 requests wait: raise max-num-seqs, or gpu-memory-utilization when the KV cache is full",
        ),
        (
            minute(running=64, waiting=5, kv=0.97),
            {"kv_cache_memory_bytes": "268435456", "gpu_memory_utilization": "0.92"},
            "5 requests wait, the KV cache is full (97 %): raise kv-cache-memory-bytes (0.25 GiB now) or lower "
            "max-model-len",
        ),
        (
            minute(running=64, waiting=5, kv=0.97), {"gpu_memory_utilization": "0.97"},
            "5 requests wait, the KV cache is full (97 %): raise tensor-parallel-size (gpu-memory-utilization is 0.97 "
            "already) or lower max-model-len",
        ),
        (
            minute(running=8, waiting=5, kv=0.6, preempted=lambda s: s // 30), GPU,
            "5 requests wait, the KV cache of 32,768 tokens runs full (60 %): raise gpu-memory-utilization (0.90 "
            "now) or lower max-model-len",
        ),
    ],
)  # fmt: skip
def test_saturated(samples: list[Vitals], config: Mapping[str, str], text: str) -> None:
    found = advise(samples, config, Rates())
    assert found is not None
    assert (found.health, found.text) == (advisor.SATURATED, text)


@pytest.mark.parametrize(
    "samples",
    [
        minute(running=64, waiting=0, kv=0.98),
        minute(running=64, waiting=lambda s: 5 if s != 30 else 0, kv=0.98),
        minute(running=64, waiting=lambda s: 100 - s, kv=0.98),
        minute(running=64, waiting=5, kv=0.98)[:40],
        minute(kv=0.5),
        minute(),
        [],
    ],
    ids=["none waits", "empty once", "falling", "too short", "no gauges", "nothing", "no sample"],
)
def test_silent_when_all_is_well(samples: list[Vitals]) -> None:
    assert advise(samples, GPU, Rates()) is None


@pytest.mark.parametrize("spacing", [5, 15, 30, 60])
def test_a_queue_is_seen_at_every_scrape_interval(spacing: int) -> None:
    found = advise(minute(running=64, waiting=5, kv=0.98)[::spacing], GPU, Rates())
    assert found is not None
    assert found.health == advisor.SATURATED


def test_preempting() -> None:
    found = advise(minute(running=8, waiting=0, kv=0.99, preempted=lambda s: 40 + s // 5), GPU, Rates())
    assert found == (
        advisor.PREEMPTING,
        "12 preemptions in the last minute, requests are computed again for want of KV blocks (99 % used): raise "
        "gpu-memory-utilization (0.90 now) or lower max-num-seqs",
    )
    assert advise(minute(running=8, waiting=0, kv=0.99, preempted=40), GPU, Rates()) is None
    assert advise(minute(running=8, preempted=lambda s: 40 if s < 30 else 0), GPU, Rates()) is None  # a restart


def test_evicting_is_a_conclusion_and_says_so() -> None:
    samples = minute(running=8, waiting=0, kv=0.95)
    found = advise(samples, GPU, Rates(0.12, 0.61))
    assert found == (
        advisor.EVICTING,
        "the prefix cache hits 12 % of the prompt tokens, 61 % before, and the KV cache of 32,768 tokens is full (95 "
        "%), so cached prompts are probably evicted: raise gpu-memory-utilization (0.90 now)",
    )
    for rates in (Rates(), Rates(0.12), Rates(0.5, 0.61), Rates(0.01, 0.1)):
        assert advise(samples, GPU, rates) is None
    assert advise(samples, GPU | {"enable_prefix_caching": "False"}, Rates(0.12, 0.61)) is None
    assert advise(minute(running=8, waiting=0, kv=0.5), GPU, Rates(0.12, 0.61)) is None


def test_hit_rates_need_tokens() -> None:
    assert hit_rate(Vitals(0, hits=10, queries=100), Vitals(1, hits=510, queries=2100)) == 0.25
    assert hit_rate(Vitals(0, hits=10, queries=100), Vitals(1, hits=510, queries=1000)) is None
    assert hit_rate(Vitals(0, hits=10, queries=100), Vitals(1)) is None
    assert hit_rate(Vitals(0, hits=900, queries=1000), Vitals(1, hits=0, queries=5000)) is None


numbers = st.one_of(st.none(), st.floats(0, 1e6))
labels = st.dictionaries(st.sampled_from([*GPU, "enable_prefix_caching"]), st.text(max_size=8))


@given(st.lists(st.builds(Vitals, st.floats(0, 100), *[numbers] * 10), max_size=8), labels)
def test_nothing_that_a_server_says_breaks_the_advisor(samples: list[Vitals], config: dict[str, str]) -> None:
    found = advise(sorted(samples, key=lambda one: one.at), config, Rates(0.1, 0.9))
    if found is not None:
        assert found.health in KINDS
        assert found.text.isprintable()
        assert not found.text.endswith(".")
