"""The full report of a run, and figures at scrape intervals other than a second."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from metric_pages import START, history_of, minute, real_page
from pages_kit import histogram, lines

from launcher.metrics import figures, report
from launcher.metrics.exposition import parse
from launcher.metrics.goals import Goal
from launcher.metrics.gpu_page import GpuPages
from launcher.metrics.history import History
from launcher.metrics.recorder import Recorder

END = START + 60_000


def test_every_figure_of_a_real_gpu_page(tmp_path: Path) -> None:
    text = real_page("metrics-h200.txt.gz")
    page = parse(text)
    goals = (Goal("ttft", 0.5), Goal("e2e", 1e-6, 0.5), Goal("itl", 3600.0))
    found = report.make(history_of(tmp_path, minute(text)), now_ms=END, window_s=60, goals=goals)
    assert found.figures == figures.current(opened(tmp_path), now_ms=END)
    assert found.window_s == 60
    latencies = dict(found.latencies)
    assert list(latencies) == ["ttft", "itl", "tpot", "e2e"]
    assert latencies["ttft"].p95 == found.figures.ttft_p95
    for key, family in (("ttft", "time_to_first_token"), ("tpot", "request_time_per_output_token")):
        total = page.value(f"vllm:{family}_seconds_sum")
        count = page.value(f"vllm:{family}_seconds_count")
        assert total is not None
        assert count
        assert latencies[key].mean == pytest.approx(total / count)
    assert all(value is not None and value >= 0 for _, value in found.times)
    reasons = dict(found.finished_ps)
    assert reasons["length"] == pytest.approx(
        (page.value("vllm:request_success_total", finished_reason="length") or 0) / 100
    )
    assert sum(reasons.values()) == pytest.approx(found.figures.requests_ps)
    assert found.error_share == 0
    assert found.steps_ps == pytest.approx(2.17)
    assert found.tokens_per_step == pytest.approx(113_942 / 217)
    assert (found.accepted, found.gpus) == (None, ())
    assert [one.kept for one in found.goals] == [
        found.goals[0].share is not None and found.goals[0].share >= 0.95,
        False,
        True,
    ]


def opened(folder: Path) -> History:
    history = History(str(folder))
    history.refresh()
    return history


def test_drafts_of_speculative_decoding(tmp_path: Path) -> None:
    found = report.make(history_of(tmp_path, minute(real_page("dp2_spec_lora.txt.gz"))), now_ms=END, window_s=60)
    assert found.accepted is not None
    assert 0 < found.accepted <= 1
    assert found.tokens_per_draft is not None
    assert found.tokens_per_draft > 1


def test_errors_and_aborts_among_the_finished(tmp_path: Path) -> None:
    reasons = {"stop": 6, "error": 1, "abort": 3}
    rows = [
        (
            START + i * 1000,
            "".join(f'vllm:request_success_total{{finished_reason="{r}"}} {n * i}\n' for r, n in reasons.items()),
        )
        for i in range(61)
    ]
    found = report.make(history_of(tmp_path, rows), now_ms=END, window_s=60)
    assert found.error_share == pytest.approx(0.4)
    assert dict(found.finished_ps)["stop"] == pytest.approx(6, rel=0.02)


def test_what_a_server_does_not_have_is_unknown(tmp_path: Path) -> None:
    found = report.make(history_of(tmp_path, [(START, "up 1\n")]), now_ms=START, window_s=60, goals=(Goal("itl", 1),))
    assert set(dict(found.latencies).values()) == {report.Latency()}
    assert (found.finished_ps, found.error_share, found.steps_ps, found.tokens_per_step) == ((), None, None, None)
    assert found.goals == (report.Attained(Goal("itl", 1), None),)
    assert found.goals[0].kept is None
    nothing = report.make(History(str(tmp_path / "none")), now_ms=START, window_s=60)
    assert nothing.figures.at_ms is None


def test_gpus(tmp_path: Path) -> None:
    from launcher.host.sensors import Reading

    recorder, pages = Recorder(str(tmp_path)), GpuPages()
    cards = (Reading(10, power=5.0), Reading(2, utilization=0.9, memory_used=7.0, processes=((1, 4), (2, 2))))
    recorder.record(b"x 1\n", START, extra=pages.page(cards, {1: "VLLM::EngineCore"}.get))
    recorder.close()
    found = report.make(opened(tmp_path), now_ms=START, window_s=60).gpus
    assert [gpu.gpu for gpu in found] == ["2", "10"]
    assert found[0].processes == (("VLLM::EngineCore", 4.0),)
    assert (found[0].utilization, found[0].memory_used, found[0].power) == (0.9, 7.0, None)
    assert (found[1].utilization, found[1].power, found[1].processes) == (None, 5.0, ())


@pytest.mark.parametrize("interval_s", [0.2, 1, 5, 15, 60])
def test_figures_at_every_scrape_interval(tmp_path: Path, interval_s: float) -> None:
    """Steady load of 7 tokens and half a request a second: the same figures, however often it was looked at."""
    step = int(interval_s * 1000)
    count = max(30, 70_000 // step)
    rows = []
    for i in range(count):
        seconds = i * interval_s
        counts = (0, seconds / 2, seconds / 2, seconds / 2)
        numbers = lines(num_requests_running=3, generation_tokens_total=1000 + seconds * 7)
        rows.append((START + i * step, numbers + histogram("time_to_first_token_seconds", counts)))
    history = history_of(tmp_path, rows)
    assert history.interval_ms == step
    last = START + (count - 1) * step
    for late in (0, step // 2, step - 1):
        now = figures.current(history, now_ms=last + late)
        assert now.running == 3
        assert now.gen_tps == pytest.approx(7, rel=1e-6)
        assert now.ttft_p50 == pytest.approx(0.3)
        assert now.spark[-1] == pytest.approx(7, rel=1e-6)
    whole = report.make(history, now_ms=last, window_s=60, goals=(Goal("ttft", 0.3),))
    assert whole.window_s == max(60, 4 * interval_s)
    assert whole.interval_s == interval_s
    assert whole.goals[0].share == pytest.approx(0.5)
    assert figures.current(history, now_ms=last + 6 * step + 6000).running is None  # nobody scrapes any more


def test_a_failed_scrape_is_a_gap_at_a_slow_interval_too(tmp_path: Path) -> None:
    rows = [(START + i * 15_000, lines(num_requests_running=3, generation_tokens_total=i * 15)) for i in range(8)]
    history = history_of(tmp_path, rows, ((START + 8 * 15_000, "gap"),))
    now = figures.current(history, now_ms=START + 8 * 15_000 + 1000)
    assert (now.running, now.gen_tps) == (None, None)
    assert not math.isnan(figures.current(history, now_ms=START + 7 * 15_000).gen_tps or math.nan)
