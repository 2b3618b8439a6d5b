"""Every chart of vdeck and the PromQL that stands for it in the Grafana dashboard: the same numbers, to 1e-9.

Real pages of vLLM servers (a GPU server, a CPU server, two engines with speculative decoding and LoRA, several API
servers), brought to life, recorded, and read back from the store into a real Prometheus.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import own_samples
import prometheus_kit
import pytest
from metric_pages import START, history_of, real_page
from prometheus_kit import Prometheus

from launcher.metrics.history import History

PAGES = ("metrics-h200", "metrics-cpu-after", "multiproc", "dp2_spec_lora")
OLD = "old"
SECONDS = 200
GROWING = re.compile(r"^(vllm:\S*?(?:_total|_bucket|_sum|_count)(?:\{.*\})?) (\S+)$", re.MULTILINE)
OLD_NAMES = {
    "kv_cache_usage_perc": "gpu_cache_usage_perc",
    "inter_token_latency_seconds": "time_per_output_token_seconds",
    "request_queue_time_seconds": "time_in_queue_requests",
    "prefix_cache_": "gpu_prefix_cache_",
}


def alive(text: str, seed: int) -> list[tuple[int, str]]:
    """The page once a second: all counters of a histogram grow at one pace, other counters each at its own."""
    rnd = random.Random(seed)
    paces: dict[str, float] = {}
    grown: dict[str, float] = {}
    rows, now = [], START

    def next_value(match: re.Match[str]) -> str:
        family = re.sub(r"_(bucket|sum|count)(?=\{|$)", "", re.sub(r'le="[^"]*",?', "", match[1]))
        grown.setdefault(family, rnd.uniform(1, 3))
        paces.setdefault(family, rnd.choice((0.002, 0.01, 0.05)))
        return f"{match[1]} {float(match[2]) * grown[family]!r}"

    for _ in range(SECONDS):
        rows.append((now, GROWING.sub(next_value, text)))
        now += 1000 + rnd.randint(-30, 30)
        for family, pace in paces.items():
            grown[family] += pace * rnd.random()
    return rows


def page(name: str) -> str:
    """A real page; ``old``: one with the names of vLLM 0.8 in the place of today's."""
    if name != OLD:
        return real_page(f"{name}.txt.gz")
    text = real_page("metrics-cpu-after.txt.gz")
    for new, old in OLD_NAMES.items():
        text = text.replace(f"vllm:{new}", f"vllm:{old}")
    return text


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, History]:
    folder = tmp_path_factory.mktemp("stores")
    return {name: history_of(folder / name, alive(page(name), seed)) for seed, name in enumerate((*PAGES, OLD))}


@pytest.fixture(scope="module")
def server(histories: dict[str, History], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder: Path = tmp_path_factory.mktemp("prometheus")
    series = (
        one
        for name, history in histories.items()
        for one in own_samples.series_of(history.window(START, START + SECONDS * 2000), name)
    )
    samples = prometheus_kit.openmetrics(series)
    with prometheus_kit.running(folder, samples=samples, flags=["--query.lookback-delta=5s"]) as running:
        yield running


@pytest.mark.parametrize("name", [*PAGES, OLD])
@pytest.mark.parametrize("range_s", [15, 60])
def test_every_term_of_every_chart(server: Prometheus, histories: dict[str, History], name: str, range_s: int) -> None:
    history = histories[name]
    times = history.window(START, START + SECONDS * 2000).times
    points = own_samples.free(times, START + 61_100, 4001, 30, range_s * 1000)
    found = own_samples.compare(server, history, name, points, range_s * 1000)
    print(f"{found.lines} lines, {found.values} values equal; no value: {found.silent}; no PromQL: {found.unwritten}")
    assert found.lines > 60
    assert found.values > 1500
    assert all("LoRA" in title for title in found.unwritten)
