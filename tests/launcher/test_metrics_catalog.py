"""The charts: every panel of every real page, what is absent and why, any family on demand, goals, marks."""

import math
import re

import pytest
from metric_pages import START, history_of, minute, real_page

from launcher.metrics import catalog
from launcher.metrics.catalog import Charts, Panel
from launcher.metrics.families import families
from launcher.metrics.goals import Goal
from launcher.metrics.history import History
from launcher.metrics.panels import SPECS
from launcher.metrics.promql import histogram_fraction

ALWAYS = [spec.key for spec in SPECS if spec.absent is None]
SPECULATIVE = ["spec", "spec_length"]
GPU = ["gpu", "gpu_memory", "gpu_power", "gpu_temperature", "gpu_clock"]
SINCE_0_11 = ["tpot", "preemptions", "step"]


def charts_of(history: History, **more: object) -> Charts:
    return catalog.charts(history, start_ms=START, end_ms=START + 60_000, points=61, **more)  # type: ignore[arg-type]


def panel_of(found: Charts, key: str) -> Panel:
    return next(panel for panel in found.panels if panel.key == key)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("metrics-h200.txt.gz", []),
        ("metrics-cpu-after.txt.gz", []),
        ("multiproc.txt.gz", []),
        ("dp2_spec_lora.txt.gz", [*SPECULATIVE, "lora"]),
    ],
)
def test_every_panel_of_every_real_page_has_values(tmp_path: object, name: str, more: list[str]) -> None:
    found = charts_of(history_of(tmp_path, minute(real_page(name))))
    there = [panel for panel in found.panels if not panel.absent]
    assert found.note is None
    assert {panel.key for panel in there} == {*ALWAYS, *SINCE_0_11, *more}
    for panel in there:
        assert panel.note is None, panel.key
        assert bool(panel.series) != bool(panel.heat), panel.key
        for line in panel.series:
            assert len(line.times_ms) == len(line.values) == 61
            assert None not in (line.current, line.mean, line.peak), (panel.key, line.name)
            assert (line.peak or 0) >= (line.mean or 0) * (1 - 1e-12)


def test_what_is_absent_says_why(tmp_path: object) -> None:
    found = charts_of(history_of(tmp_path, minute(real_page("metrics-h200.txt.gz"))))
    absent = {panel.key: panel.note for panel in found.panels if panel.absent}
    assert list(absent) == [*SPECULATIVE, "lora", *GPU]
    assert absent["spec"] == "the server decodes without --speculative-config"
    assert absent["lora"] == "the server runs without --enable-lora"


def test_a_server_without_statistics_has_no_chart_and_one_reason(tmp_path: object) -> None:
    rows = [(START + i * 1000, "python_info 1\nprocess_open_fds 4\n") for i in range(61)]
    found = charts_of(history_of(tmp_path, rows), extra=("process_open_fds",))
    assert found.note == catalog.NO_VLLM
    assert [panel.key for panel in found.panels if not panel.absent] == ["metric:process_open_fds"]
    assert panel_of(found, "metric:process_open_fds").series[0].current == 4


def test_a_page_of_two_engines_with_drafts(tmp_path: object) -> None:
    page = real_page("dp2_spec_lora.txt.gz")
    found = charts_of(history_of(tmp_path, minute(page)))
    spec = panel_of(found, "spec")
    assert [line.name for line in spec.series][:2] == ["all", "position 0"]
    total = {
        name: sum(float(value) for value in re.findall(rf"^vllm:spec_decode_num_{name}_total{{.*}} (\S+)$", page, re.M))
        for name in ("accepted_tokens", "draft_tokens", "drafts")
    }
    assert spec.series[0].current == pytest.approx(100 * total["accepted_tokens"] / total["draft_tokens"])
    length = panel_of(found, "spec_length").series[0].current
    assert length == pytest.approx(1 + total["accepted_tokens"] / total["drafts"])


def test_adapters_are_counted_in_the_newest_series(tmp_path: object) -> None:
    info = 'vllm:lora_requests_info{{max_lora="4",running_lora_adapters="{}",waiting_lora_adapters="{}"}} {}\n'
    text = info.format("a,b", "", 1000.5) + info.format("a,b,c", "d", 1007.25) + info.format("", "x,y", 999)
    found = charts_of(history_of(tmp_path, [(START + i * 1000, text) for i in range(61)]))
    running, waiting = panel_of(found, "lora").series
    assert (running.current, waiting.current) == (3, 1)


def test_old_servers_without_optional_counters(tmp_path: object) -> None:
    text = "vllm:gpu_cache_usage_perc 0.5\nvllm:num_requests_swapped 2\nvllm:num_requests_running 1\n"
    found = charts_of(history_of(tmp_path, [(START + i * 1000, text) for i in range(61)]))
    assert [line.name for line in panel_of(found, "requests").series] == ["running", "swapped"]
    assert panel_of(found, "kv").series[0].current == 50
    assert panel_of(found, "tpot").note == "vLLM before 0.11 does not count it per request"
    assert panel_of(found, "ttft").note == catalog.NO_FAMILY
    assert not panel_of(found, "ttft").absent


def test_the_heat_map_counts_each_bucket_apart(tmp_path: object) -> None:
    form = 'vllm:request_prompt_tokens_bucket{{le="{}"}} {}\n'
    rows = []
    for i in range(61):
        counts = (1.0 * i + 100, 3.0 * i + 100, 4.0 * i + 100)  # 1, 2 and 1 a second in the three buckets
        rows.append((START + i * 1000, "".join(map(form.format, ("10.0", "100.0", "+Inf"), counts))))
    heat = panel_of(charts_of(history_of(tmp_path, rows)), "prompt_length").heat
    assert heat is not None
    assert heat.bounds == (10, 100, math.inf)
    assert heat.columns[0] is None  # no two samples yet
    assert heat.columns[30] == pytest.approx((1, 2, 1))


def test_a_heat_map_of_nothing_says_so(tmp_path: object) -> None:
    text = 'vllm:request_prompt_tokens_bucket{le="10.0"} 7\nvllm:request_prompt_tokens_bucket{le="+Inf"} 7\n'
    found = charts_of(history_of(tmp_path, [(START + i * 1000, text) for i in range(61)]))
    panel = panel_of(found, "prompt_length")
    assert (panel.heat, panel.note, panel.absent) == (None, "no request finished in this window", False)


def test_goals_are_drawn_and_attained(tmp_path: object) -> None:
    page = real_page("metrics-h200.txt.gz")
    goals = (Goal("ttft", 1.5), Goal("e2e", 4.0, 0.5))
    found = charts_of(history_of(tmp_path, minute(page)), goals=goals)
    (line,) = panel_of(found, "ttft").goals
    form = r'^vllm:time_to_first_token_seconds_bucket{.*le="([^"]+)".*} (\S+)$'
    buckets = [(float(le), float(count)) for le, count in re.findall(form, page, re.M)]
    assert line.goal == goals[0]
    assert line.attained == pytest.approx(histogram_fraction(0, 1.5, buckets))
    assert panel_of(found, "itl").goals == ()
    shares = panel_of(found, "goals")
    assert [series.name for series in shares.series] == ["TTFT", "E2E"]
    assert shares.series[0].current == pytest.approx(100 * histogram_fraction(0, 1.5, buckets))


def test_marks_are_what_happened_and_no_gaps(tmp_path: object) -> None:
    rows = minute(real_page("metrics-h200.txt.gz"))
    history = history_of(tmp_path, rows, ((START + 5000, "ready"), (START + 9500, "gap"), (START + 40_500, "restart")))
    assert [(mark.ms - START, mark.kind) for mark in charts_of(history).marks] == [(5000, "ready"), (40_500, "restart")]


def test_all_families_can_be_listed_and_charted(tmp_path: object) -> None:
    page = real_page("metrics-h200.txt.gz")
    history = history_of(tmp_path, minute(page))
    found = {family.name: family for family in families(history, START + 60_000)}
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", page, re.M))
    assert set(found) == {name for name in kinds if not name.endswith("_created")}
    for name, family in found.items():
        assert family.kind == kinds[name], name
        assert family.help, name
        assert family.series_count > 0, name
    assert found["vllm:iteration_tokens_total"].unit == "tok"
    assert found["vllm:kv_cache_usage_perc"].unit == "%"
    assert found["vllm:generation_tokens_total"].unit == "tok/s"
    charted = charts_of(history, extra=tuple(found))
    for name in found:
        panel = panel_of(charted, f"metric:{name}")
        assert (panel.title, panel.absent) == (name, False)
        assert panel.note in (None, "no value in this window"), name


def test_the_lines_of_a_family_are_named_by_what_differs(tmp_path: object) -> None:
    form = 'http_requests_total{{handler="/v1/{}",method="POST",status="2xx"}} {}\n'
    rows = [(START + i * 1000, form.format("chat", 2 * i) + form.format("models", i)) for i in range(61)]
    panel = panel_of(
        charts_of(history_of(tmp_path, rows), extra=("http_requests_total",)), "metric:http_requests_total"
    )
    assert [(line.name, line.current) for line in panel.series] == [("/v1/chat", 2.0), ("/v1/models", 1.0)]
    assert panel.unit == "1/s"


def test_a_family_that_is_not_there_says_so(tmp_path: object) -> None:
    found = charts_of(history_of(tmp_path, minute(real_page("metrics-h200.txt.gz"))), extra=("vllm:gone",))
    panel = found.panels[0]
    assert (panel.key, panel.note, panel.absent) == ("metric:vllm:gone", catalog.NO_FAMILY, False)


def test_a_summary_is_charted_as_its_mean(tmp_path: object) -> None:
    text = "# TYPE http_request_size_bytes summary\nhttp_request_size_bytes_sum {}\nhttp_request_size_bytes_count {}\n"
    rows = [(START + i * 1000, text.format(i * 300, i * 2)) for i in range(61)]
    history = history_of(tmp_path, rows)
    (family,) = families(history, START + 60_000)
    assert (family.name, family.kind, family.current, family.unit) == ("http_request_size_bytes", "summary", 150, "B")
    panel = charts_of(history, extra=("http_request_size_bytes",)).panels[0]
    assert [(line.name, line.current) for line in panel.series] == [("mean", 150)]


def test_gpu_figures_are_charted_when_the_supervisor_recorded_them(tmp_path: object) -> None:
    text = 'vllm:num_requests_running 1\nvdeck:gpu_utilization_ratio{gpu="0"} 0.5\nvdeck:gpu_power_watts{gpu="0"} 300\n'
    text += (
        'vdeck:gpu_memory_used_bytes{gpu="0"} 8e9\nvdeck:gpu_process_memory_bytes{gpu="0",process="EngineCore"} 7e9\n'
    )
    text += 'vdeck:gpu_power_limit_watts{gpu="0"} 700\nvdeck:gpu_sm_clock_hertz{gpu="0"} 2e9\n'
    text += 'vdeck:gpu_memory_clock_hertz{gpu="0"} 3e9\n'
    found = charts_of(history_of(tmp_path, [(START + i * 1000, text) for i in range(61)]))
    assert [(line.name, line.current) for line in panel_of(found, "gpu").series] == [("GPU 0", 50)]
    memory = panel_of(found, "gpu_memory").series
    assert [(line.name, line.current) for line in memory] == [("used GPU 0", 8e9), ("of it EngineCore", 7e9)]
    assert [line.name for line in panel_of(found, "gpu_power").series] == ["GPU 0", "limit of GPU 0"]
    clocks = panel_of(found, "gpu_clock").series
    assert [(line.name, line.current) for line in clocks] == [("SM of GPU 0", 2e9), ("memory of GPU 0", 3e9)]
    assert panel_of(found, "gpu_temperature").absent
