"""Figures and panels: the right names and sums, the same numbers as promql on the same samples, and gaps as gaps."""

import math
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from metric_pages import START, history_of, minute, real_page

from launcher.fleet import Fleet
from launcher.metrics import catalog, figures, names, promql
from launcher.metrics.exposition import parse
from launcher.metrics.history import History
from launcher.metrics.rates import Grid, bucket_rates, present, quantiles, rates
from launcher.runs.view import RunView


def test_figures_of_a_real_gpu_page(tmp_path: object) -> None:
    text = real_page("metrics-h200.txt.gz")
    page = parse(text)
    history = history_of(tmp_path, minute(text))
    now = figures.current(history, now_ms=START + 60_000)
    tokens, prompt = page.value("vllm:generation_tokens_total"), page.value("vllm:prompt_tokens_total")
    assert tokens is not None
    assert prompt is not None
    assert now.at_ms == START + 60_000
    assert now.gen_tps == pytest.approx(tokens * 0.01)
    assert now.prompt_tps == pytest.approx(prompt * 0.01)
    assert now.running == page.value("vllm:num_requests_running")
    assert now.kv == page.value("vllm:kv_cache_usage_perc")
    assert now.preemptions_ps == 0
    buckets = [
        (series.le or 0.0, value)
        for series, value in zip(page.series, page.values)
        if series.name == "vllm:e2e_request_latency_seconds_bucket"
    ]
    assert now.e2e_p95 == pytest.approx(promql.histogram_quantile(0.95, buckets))
    assert now.ttft_p50 is not None
    assert now.itl_p99 is not None
    assert now.ttft_p50 <= (now.ttft_p95 or 0) <= (now.ttft_p99 or 0)
    assert len(now.spark) == 30
    assert now.spark[-1] == pytest.approx(tokens * 0.01)
    assert figures.current(history, now_ms=START + 58_000).spark[0] is None  # there were no two samples 58 s before


def test_engines_are_summed_and_shares_averaged(tmp_path: object) -> None:
    text = re.sub(r'(vllm:kv_cache_usage_perc{engine="1".*}) .*', r"\1 0.57", real_page("dp2_spec_lora.txt.gz"))
    page = parse(text)
    per_engine = [page.value("vllm:generation_tokens_total", engine=engine) or 0.0 for engine in "01"]
    running = [page.value("vllm:num_requests_running", engine=engine) or 0.0 for engine in "01"]
    usage = [page.value("vllm:kv_cache_usage_perc", engine=engine) or 0.0 for engine in "01"]
    assert usage == [0.19, 0.57]
    now = figures.current(history_of(tmp_path, minute(text)), now_ms=START + 60_000)
    assert now.gen_tps == pytest.approx(sum(per_engine) * 0.01)
    assert now.running == sum(running)
    assert now.kv == pytest.approx(sum(usage) / 2)


OLD: dict[str, tuple[str, Callable[[int], str], float]] = {
    "kv": ("vllm:gpu_cache_usage_perc 0.25\n", lambda i: "", 0.25),
    "gen_tps": ("", lambda i: "vllm:avg_generation_throughput_toks_per_s 120.5\n", 120.5),
    "itl_p50": (
        "",
        lambda i: (
            f'vllm:time_per_output_token_seconds_bucket{{le="0.1"}} {i}\n'
            f'vllm:time_per_output_token_seconds_bucket{{le="+Inf"}} {i}\n'
        ),
        0.05,
    ),
    "prefix_hit": (
        "",
        lambda i: f"vllm:gpu_prefix_cache_hits_total {i}\nvllm:gpu_prefix_cache_queries_total {i * 4}\n",
        0.25,
    ),
    "requests_ps": ("", lambda i: f'ray_vllm_request_success_total{{finished_reason="stop"}} {i * 2}\n', 2.0),
}


@pytest.mark.parametrize("field", OLD)
def test_names_of_old_releases(tmp_path: object, field: str) -> None:
    fixed, changing, expected = OLD[field]
    rows = [(START + i * 1000, fixed + changing(i + 1000)) for i in range(61)]
    now = figures.current(history_of(tmp_path, rows), now_ms=START + 60_000)
    assert getattr(now, field) == pytest.approx(expected)


def test_the_newest_name_wins_where_both_are_there() -> None:
    both = {"vllm:gpu_cache_usage_perc", "vllm:kv_cache_usage_perc"}
    assert names.gauge(names.KV_CACHE, both.__contains__) == "vllm:kv_cache_usage_perc"
    assert names.counter(names.PROMPT_TOKENS, {"vllm:prompt_tokens"}.__contains__) == "vllm:prompt_tokens"
    assert names.histogram(names.TTFT, set().__contains__) is None


def test_without_any_sample_everything_is_unknown(tmp_path: object) -> None:
    history = History(str(tmp_path))
    assert figures.current(history, now_ms=START) == figures.Figures()
    found = catalog.charts(history, start_ms=START, end_ms=START + 1000, points=2).panels
    assert {panel.note for panel in found} == {catalog.NO_SAMPLES}
    assert {panel.key for panel in found if not panel.absent} >= {"throughput", "ttft", "kv"}


@pytest.mark.parametrize(
    ("text", "key", "note"),
    [
        ("python_info 1\nprocess_open_fds 4\n", "throughput", catalog.NO_VLLM),
        ("vllm:num_requests_running 1\n", "kv", catalog.NO_FAMILY),
        (
            'vllm:e2e_request_latency_seconds_bucket{le="1"} 0\nvllm:e2e_request_latency_seconds_bucket{le="+Inf"} 0\n',
            "e2e",
            "no request finished in this window",
        ),
    ],
)
def test_an_empty_panel_says_why(tmp_path: object, text: str, key: str, note: str) -> None:
    history = history_of(tmp_path, [(START + i * 1000, text) for i in range(20)])
    found = catalog.charts(history, start_ms=START, end_ms=START + 19_000, points=20).panels
    assert next(panel.note for panel in found if panel.key == key) == note


def test_a_gap_is_a_gap_in_every_line(tmp_path: object) -> None:
    seconds = [i for i in range(61) if not 20 <= i < 30]
    text = "vllm:generation_tokens_total {}\nvllm:num_requests_running {}\n"
    rows = [(START + i * 1000, text.format(i * 7, i)) for i in seconds]
    history = history_of(tmp_path, rows, ((START + 20_000, "gap"),))
    found = {p.key: p for p in catalog.charts(history, start_ms=START, end_ms=START + 60_000, points=61).panels}
    running = found["requests"].series[0].values
    assert list(running[:20]) == list(range(20))
    assert running[20:30] == (None,) * 10
    assert running[30] == 30
    speed = found["throughput"].series[0].values
    assert speed[20:30] == (None,) * 10
    assert speed[19] == pytest.approx(7)
    assert speed[40] == pytest.approx(7)
    at = figures.current(history, now_ms=START + 25_000)
    assert (at.running, at.gen_tps) == (None, None)


def test_a_recorder_that_died_is_not_shown_as_live(tmp_path: object) -> None:
    history = history_of(tmp_path, [(START + i * 1000, "vllm:num_requests_running 3\n") for i in range(20)])
    assert figures.current(history, now_ms=START + 22_000).running == 3
    assert figures.current(history, now_ms=START + 40_000).running is None


def test_a_restart_that_vdeck_made_is_a_reset_even_when_it_cannot_be_seen(tmp_path: object) -> None:
    counts = [i * 10 if i < 5 else 1000 + i * 10 for i in range(10)]
    rows = [(START + i * 1000, f"vllm:generation_tokens_total {count}\n") for i, count in enumerate(counts)]
    history = history_of(tmp_path, rows, ((START + 4500, "restart"),))
    window = history.window(START, START + 9000)
    (track,) = window.select("vllm:generation_tokens_total")
    (grown,) = rates(track.values, Grid(window, (START + 9000,), 9001), per_second=False)
    assert grown == pytest.approx(40 + 1090)


def noisy(rnd: random.Random, count: int) -> list[int]:
    """Times about a second apart, with jitter and holes."""
    times, now = [], START
    for _ in range(count):
        now += 1000 + rnd.randrange(-40, 41) + (rnd.randrange(1, 4) * 1000 if rnd.random() < 0.05 else 0)
        times.append(now)
    return times


@pytest.mark.parametrize("seed", range(6))
def test_rates_of_a_window_are_those_of_promql(tmp_path: object, seed: int) -> None:
    rnd = random.Random(seed)
    times, counter, rows, samples = noisy(rnd, 260), 0.0, [], []
    for ms in times:
        counter = rnd.choice((0.0, 5.0)) if rnd.random() < 0.04 else counter + rnd.choice((0, 1, 2.5, 40))
        there = rnd.random() > 0.03 * (seed % 2)  # in every other case the series is missing now and then
        rows.append((ms, f"always 1\n{f'c_total {counter!r}' if there else ''}\n"))
        samples += [(ms, counter)] if there else []
    window = history_of(tmp_path, rows).window(START, times[-1])
    points = [rnd.randrange(START + 20_000, times[-1] + 1500) for _ in range(80)]
    for range_ms in (2500, 15_000, 60_000):
        grid = Grid(window, points, range_ms)
        found = rates(window.select("c_total")[0].values, grid)
        compared = 0
        for point, value in zip(points, found):
            if value is not None:
                expected = promql.rate(samples, at_ms=point, range_ms=range_ms)
                assert value == pytest.approx(expected, rel=1e-12, abs=1e-15)
                compared += 1
        assert compared > 40


def test_quantiles_of_a_window_are_those_of_promql(tmp_path: object) -> None:
    rnd = random.Random(8)
    bounds = ["0.1", "0.5", "1.0", "+Inf"]
    counts = {(engine, bound): 0.0 for engine in "01" for bound in bounds}
    taken: dict[tuple[str, str], list[tuple[int, float]]] = {key: [] for key in counts}
    rows = []
    for ms in noisy(rnd, 90):
        for engine in "01":
            value = rnd.expovariate(2)
            for bound in bounds:
                counts[engine, bound] += value <= float(bound)
            if engine == "1" and rnd.random() < 0.05:  # this engine alone began again
                counts.update({("1", bound): 0.0 for bound in bounds})
        for key, count in counts.items():
            taken[key].append((ms, count))
        rows.append((ms, "".join(f'h_bucket{{engine="{e}",le="{b}"}} {n}\n' for (e, b), n in counts.items())))
    window = history_of(tmp_path, rows).window(START, rows[-1][0])
    points = [START + 40_000, START + 61_234, rows[-1][0]]
    buckets = bucket_rates(window.select("h_bucket"), Grid(window, points, 30_000))
    found = [quantiles(buckets, q) for q in (0.5, 0.95)]
    for index, point in enumerate(points):
        buckets = [
            (float(bound), sum(promql.rate(taken[e, bound], at_ms=point, range_ms=30_000) or 0.0 for e in "01"))
            for bound in bounds
        ]
        for values, q in zip(found, (0.5, 0.95)):
            assert values[index] == pytest.approx(promql.histogram_quantile(q, buckets), rel=1e-12)


def test_present_takes_the_newest_sample_and_knows_missing_ones(tmp_path: object) -> None:
    rows = [(START, "a 1\nb 2\n"), (START + 1000, "a 3\n"), (START + 2000, "a 4\nb 5\n"), (START + 3000, "b NaN\n")]
    window = history_of(tmp_path, rows).window(START, START + 3000)
    grid = Grid(window, [START - 1, START, START + 999, START + 1500, START + 2000, START + 3000], 10_000)
    assert present(window.select("a")[0].values, grid) == [None, 1, 1, 3, 4, None]
    assert present(window.select("b")[0].values, grid) == [None, 2, 2, None, 5, None]


def test_points_are_evenly_spaced_from_start_to_end(tmp_path: object) -> None:
    history = history_of(tmp_path, minute(real_page("multiproc.txt.gz"), seconds=10))
    times = catalog.charts(history, start_ms=START, end_ms=START + 9000, points=4).panels[0].series[0].times_ms
    assert times == (START, START + 3000, START + 6000, START + 9000)


def test_a_day_at_a_thin_level_agrees_with_every_sample(tmp_path: object) -> None:
    """Steady load: whatever level is read, the rate is the same."""
    first = START - START % 60_000
    rows = [(first + i * 5000, f"vllm:generation_tokens_total {i * 35}\n") for i in range(12 * 60 * 3)]
    history = history_of(tmp_path, rows)
    end = rows[-1][0]
    day = catalog.charts(history, start_ms=end - 3 * 3_600_000, end_ms=end, points=20).panels[0].series[0]
    assert day.current == pytest.approx(7)
    known = [value for value in day.values if value is not None]
    assert len(known) >= 18
    assert all(math.isclose(value, 7, rel_tol=1e-9) for value in known[1:])  # the first reaches back to the zero


def test_the_table_gets_the_same_figures_and_no_more(tmp_path: object) -> None:
    history = history_of(tmp_path, minute(real_page("metrics-h200.txt.gz")))
    whole = figures.current(history, now_ms=START + 60_000)._asdict()
    brief = figures.brief(history, now_ms=START + 60_000)._asdict()
    shown = {"at_ms", "gen_tps", "running", "waiting", "kv", "ttft_p50", "ttft_p95", "ttft_p99", "spark"}
    assert {name for name, value in brief.items() if value not in (None, ())} == shown
    assert {name: whole[name] for name in shown} == {name: brief[name] for name in shown}
    assert None not in whole.values()


def test_only_the_chosen_run_gets_all_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet()
    run = RunView("100000000001", "one", status="running", ready=True)
    now = START / 1000 + 60
    history = history_of(tmp_path, minute(real_page("metrics-h200.txt.gz")))
    monkeypatch.setattr(fleet, "history", lambda run_id: history)
    found = fleet._figures(run, now)
    fleet.chosen = run.id
    chosen = fleet._figures(run, now)
    assert found is not None and chosen is not None
    assert (found.itl_p95, found.gen_tps) == (None, chosen.gen_tps)
    assert chosen.itl_p95 is not None
