"""A real vLLM under ``vllm bench serve``, scraped by vdeck and by a real Prometheus once a second: the same numbers.

Two scrapers look at different instants, so their figures over the same window W may differ, and this is by how much.
Let s be the longest time between two scrapes of either, and ``peak`` the most that a counter grew a second between two
scrapes of either.

Rates. The first and the last sample of a window lie within s of its edges, for both. So what one counted between its
first and last sample, and the other did not, happened in at most s at each end. An interval of length s meets at most
two intervals between scrapes, so at most 2 s x peak are in it: 4 s x peak for both ends. The rate differs by at most

    (4 s / W) x peak        (s = 1 s, W = 60 s: 6.7 % of the peak rate)

Quantiles. Of N observations in the window at most 4 s x peak are seen by one only, and a bucket that was empty at the
beginning is not extrapolated before its first sample, which is another 2 s / W of it. So the two distributions differ
nowhere by more than

    e = 4 s x peak / N + 2 s / W

and the quantile q of one lies between the quantiles q - e and q + e of the other.

That nothing else makes them differ is shown by the samples of Prometheus itself: what launcher.metrics.promql makes of
those is Prometheus' figure to 1e-9.

The command line takes the time by itself while it runs; what passes from its start to its end is added to s.
On the recorder's own samples nothing may differ: every term of every chart to 1e-9.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import own_samples
import prometheus_kit
import pytest
from engine_kit import ROOT, ended, ready, vdeck, vdeck_json
from prometheus_kit import Labels, Prometheus, Sample, same
from waiting import wait_for

from launcher import paths
from launcher.engines.engine import Engine
from launcher.metrics import figures, promql
from launcher.metrics.history import History
from launcher.runs import control
from launcher.runs.view import RunView

pytestmark = pytest.mark.engine

WINDOW_MS = 60_000
PROMPTS, PER_SECOND = 400, 5
RATES = {
    "gen_tps": "vllm:generation_tokens_total",
    "prompt_tps": "vllm:prompt_tokens_total",
    "requests_ps": "vllm:request_success_total",
    "preemptions_ps": "vllm:num_preemptions_total",
}
HISTOGRAMS = {
    "ttft": "vllm:time_to_first_token_seconds",
    "itl": "vllm:inter_token_latency_seconds",
    "e2e": "vllm:e2e_request_latency_seconds",
}
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
GAUGES = {"running": "vllm:num_requests_running", "waiting": "vllm:num_requests_waiting"}


@pytest.fixture
def run(tiny: Path) -> Iterator[RunView]:
    found = ready(control.create(tiny.read_text(), file=str(tiny)).id)
    yield found
    control.terminate(found.id)
    ended(found.id, 60)


@pytest.fixture
def prometheus(run: RunView, tmp_path: Path) -> Iterator[Prometheus]:
    """It scrapes the run once a second, by the configuration and the targets that vdeck exports."""
    (tmp_path / "sd").mkdir()
    config = vdeck("export", "prometheus", "--file-sd", str(tmp_path / "sd")).stdout
    for line, ours in (("scrape_interval: 5s", "scrape_interval: 1s"), ("scrape_timeout: 4s", "scrape_timeout: 1s")):
        assert line in config
        config = config.replace(line, ours)
    with prometheus_kit.running(tmp_path / "prometheus", config=config) as server:
        wait_for(lambda: [p for p in server.instant("up", now()) if p.value == 1], 60, "the first scrape")
        yield server


def now() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


def bench(engine: Engine, run: RunView) -> None:
    """Eighty seconds of requests that come at random, five a second, by the engine's own benchmark."""
    words = (
        f"bench serve --host 127.0.0.1 --port {run.endpoints[0].port} --model tiny --dataset-name random "
        f"--random-input-len 48 --random-output-len 24 --num-prompts {PROMPTS} --request-rate {PER_SECOND} --tokenizer"
    )
    done = subprocess.run(
        [engine.vllm, *words.split(), str(ROOT / "examples" / "tiny")],
        capture_output=True, text=True, timeout=480, env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


class Looks:
    """What both scrapers saw up to a time, and how far their figures may therefore be apart."""

    def __init__(self, server: Prometheus, history: History, run: RunView, at_ms: int, late_ms: int = 0) -> None:
        self.server, self.at_ms = server, at_ms
        self.run = f'run="{run.id}"'
        self.range = f"[{WINDOW_MS}ms]"
        (theirs,) = self._theirs("vllm:num_requests_running").values()
        times = [ms for ms, _ in theirs]
        while self.at_ms - WINDOW_MS in times:  # a 2.x would count a sample exactly on the edge
            self.at_ms += 1
        self._window = history.window(self.at_ms - WINDOW_MS - 5000, self.at_ms)
        steps = [b - a for found in (self._window.times, times) for a, b in pairwise(found)]
        self.s = (max(steps) + late_ms) / 1000
        assert self.s < 10, f"the machine is too busy to compare: {self.s} s between two scrapes"

    def _theirs(self, name: str) -> dict[Labels, list[Sample]]:
        text = f"{name}{{{self.run}}}[{WINDOW_MS + 5000}ms]"
        answer = self.server.ask("query", query=text, time=prometheus_kit.rfc3339(self.at_ms))
        return {
            frozenset(one["metric"].items()): [(round(at * 1000), float(value)) for at, value in one["values"]]
            for one in answer["result"]
        }

    def peak(self, name: str) -> float:
        """The most that the sum of these counters grew a second between two scrapes of either."""
        ours = [list(zip(self._window.times, track.values)) for track in self._window.select(name)]
        return max(_steepest(ours), _steepest(self._theirs(name).values()))

    def _rates(self, name: str) -> dict[Labels, float]:
        """The rate of each series by our arithmetic, on the samples of Prometheus."""
        found = {
            labels: promql.rate(samples, at_ms=self.at_ms, range_ms=WINDOW_MS)
            for labels, samples in self._theirs(name).items()
        }
        return {labels: rate for labels, rate in found.items() if rate is not None}

    def value(self, expression: str) -> float:
        """One number of Prometheus at the time."""
        (point,) = self.server.instant(expression, self.at_ms)
        return point.value

    def rate(self, name: str) -> tuple[float, float]:
        """Prometheus' rate, and how far another may be from it."""
        theirs = self.value(f"sum(rate({name}{{{self.run}}}{self.range}))")
        assert same(promql.total(self._rates(name).values()), theirs), "Prometheus' own samples"
        return theirs, 4 * self.s * self.peak(name) / (WINDOW_MS / 1000)

    def quantile(self, name: str, q: float) -> tuple[float, float, float]:
        """Prometheus' quantile, and between which two another one must be."""
        buckets = f"sum by (le) (rate({name}_bucket{{{self.run}}}{self.range}))"
        count = self.value(f"sum(increase({name}_count{{{self.run}}}{self.range}))")
        e = 4 * self.s * self.peak(f"{name}_count") / count + 2 * self.s / (WINDOW_MS / 1000)
        at, low, high = (
            self.value(f"histogram_quantile({part!r}, {buckets})") for part in (q, max(0.0, q - e), min(1.0, q + e))
        )
        counts = [(float(dict(labels)["le"]), rate) for labels, rate in self._rates(f"{name}_bucket").items()]
        assert same(promql.histogram_quantile(q, counts), at), "Prometheus' own samples"
        return at, low, high


def _steepest(series: Iterable[list[Sample]]) -> float:
    """Of the sum of several counters, which were sampled at the same times."""
    total: dict[int, float] = {}
    for samples in series:
        for ms, value in samples:
            total[ms] = total.get(ms, 0.0) + value
    return max((b - a) / (end - start) * 1000 for (start, a), (end, b) in pairwise(sorted(total.items())))


def compare(looks: Looks, ours: dict[str, Any], title: str) -> None:
    """Every figure within its bound; prints what the difference was."""
    print(f"\n{title}: at most {looks.s:.2f} s between two scrapes")
    for key, name in RATES.items():
        theirs, bound = looks.rate(name)
        apart = abs(ours[key] - theirs)
        print(f"  {key:15} vdeck {ours[key]:10.4f} Prometheus {theirs:10.4f} apart {apart:8.4f} of {bound:.4f}")
        assert apart <= bound + 1e-9, key
    for key, name in HISTOGRAMS.items():
        for word, q in QUANTILES.items():
            mine = ours[f"{key}_{word}"]
            theirs, low, high = looks.quantile(name, q)
            print(f"  {key}_{word:11} vdeck {mine:10.6f} Prometheus {theirs:10.6f} between {low:.6f} and {high:.6f}")
            assert low * (1 - 1e-9) <= mine <= high * (1 + 1e-9), f"{key}_{word}"
    for key, name in GAUGES.items():
        assert ours[key] == looks.value(f"sum({name}{{{looks.run}}})") == 0, "the load is over"


def test_vdeck_and_prometheus_agree(run: RunView, prometheus: Prometheus, engine: Engine, tmp_path: Path) -> None:
    bench(engine, run)
    history = History(paths.RunPaths.of(run.id).metrics)
    idle = f'sum(vllm:num_requests_running{{run="{run.id}"}})'
    wait_for(lambda: prometheus.instant(idle, now())[0].value == 0 and not figures_now(history).running, 20, "no load")
    at = now()
    wait_for(lambda: seen(history, at) and scraped(prometheus, run, at), 30, "a scrape of both after that time")
    looks = Looks(prometheus, history, run, at)
    assert looks.rate(RATES["gen_tps"])[0] > 5, "the window has the load in it"
    compare(looks, figures.current(history, now_ms=looks.at_ms)._asdict(), "the store")

    before = now()
    document = vdeck_json("run", "metrics", run.id, "--window", "60s")
    after = now()
    wait_for(lambda: seen(history, after) and scraped(prometheus, run, after), 30, "a scrape of both after the command")
    assert document["window_s"] == 60
    compare(Looks(prometheus, history, run, after, after - before), document["figures"], "vdeck run metrics --json")

    own = history.window(at - 3 * WINDOW_MS, at)
    samples = prometheus_kit.openmetrics(own_samples.series_of(own, run.id))
    flags = ["--query.lookback-delta=5s"]
    with prometheus_kit.running(tmp_path / "own", samples=samples, flags=flags) as server:
        points = own_samples.free(own.times, at - 12_000, 1000, 10, WINDOW_MS)
        found = own_samples.compare(server, history, run.id, points, WINDOW_MS)
    print(f"the recorder's own samples: {found.lines} lines, {found.values} values equal to 1e-9")
    assert found.lines > 100
    assert found.values > 1000
    assert json.dumps(document, allow_nan=False)


def figures_now(history: History) -> figures.Figures:
    """The figures of the newest sample."""
    history.refresh()
    return figures.current(history, now_ms=history.latest_ms or 0)


def seen(history: History, at_ms: int) -> bool:
    """Whether the recorder has a sample after a time."""
    history.refresh()
    return (history.latest_ms or 0) > at_ms


def scraped(server: Prometheus, run: RunView, at_ms: int) -> bool:
    """Whether Prometheus has a sample after a time."""
    newest = server.instant(f'max(timestamp(vllm:num_requests_running{{run="{run.id}"}}))', now())
    return bool(newest) and not math.isnan(newest[0].value) and newest[0].value * 1000 > at_ms
