"""Older history for charts: found, kept, never waited for, and said when it cannot be had."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_fake import Answer, Fake, Fields, grid, matrix, prometheus, success, vector
from runs_kit import free_port
from waiting import wait_for

from launcher.errors import VdeckError
from launcher.metrics.catalog import Charts, Panel, Series, moments
from launcher.metrics.figures import Figures
from launcher.metrics.goals import Goal
from launcher.metrics.report import Attained, Latency, Report
from launcher.prometheus import fetch, reader, report
from launcher.prometheus.older import MARK
from launcher.prometheus.reader import OlderCharts
from launcher.runs.view import Endpoint, RunView

Patch = pytest.MonkeyPatch
START, END, POINTS = 1_700_000_000_000, 1_700_000_600_000, 61
BEGIN = START + 300_000
TIMES = moments(START, END, POINTS)
RUN = RunView(
    "000000000042", "far", type="attached", attached="http://10.0.0.7:8000", created=END / 1000,
    served_names=("tiny",), ready=True, status="running",
    endpoints=(Endpoint("vllm", "http", "http://10.0.0.7:8000", 8000),),
)  # fmt: skip


def charts(shift_ms: int = 0) -> Charts:
    times = tuple(at + shift_ms for at in TIMES)
    values = tuple(None if at < BEGIN + 5000 else 1.0 for at in times)
    series = Series("generation", times, values, 1.0, 1.0, 1.0)
    panel = Panel("throughput", "Throughput", "tok/s", (series,), None)
    return Charts(START + shift_ms, END + shift_ms, (panel,))


def knows(selector: str, count: float = 60.0) -> Callable[[Fake, str, Fields], Answer]:
    """A Prometheus in which a run goes by ``selector``; every line is 5 at every time."""

    def answer(fake: Fake, path: str, fields: Fields) -> Answer:
        known = selector in fields["query"]
        if path.endswith("query"):
            return vector(count) if known else vector()
        assert known, fields["query"]
        return matrix(dict.fromkeys(grid(fields), 5.0)) if "generation" in fields["query"] else matrix({})

    return answer


@pytest.fixture(autouse=True)
def no_binary(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def values(found: Charts) -> tuple[float | None, ...]:
    return found.panels[0].series[0].values


def test_the_older_part_is_read_and_joined(monkeypatch: Patch) -> None:
    with prometheus(knows('run="000000000042"')) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        found = OlderCharts(patience_s=20).extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
    assert values(found) == (*[5.0] * 31, *[1.0] * 30)
    assert found.older == f"older history from {fake.url}"
    assert [mark.kind for mark in found.marks] == [MARK]
    asked = [fields for path, fields, _ in fake.asked if path.endswith("query_range")]
    assert {(fields["start"], fields["step"]) for fields in asked} == {("1700000000.000", "10000ms")}
    assert all(float(fields["end"]) * 1000 <= BEGIN + 10_000 for fields in asked), "no more than what is missing"


def test_a_foreign_prometheus_knows_the_server_by_its_address_and_scrapes_as_it_likes(monkeypatch: Patch) -> None:
    with prometheus(knows('instance=~"10\\\\.0\\\\.0\\\\.7:8000"', count=10.0)) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        found = OlderCharts(patience_s=20).extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
    assert values(found)[:31] == (5.0,) * 31
    asked = [fields["query"] for path, fields, _ in fake.asked if path.endswith("query_range")]
    rates = [query for query in asked if "rate(" in query]
    assert rates and all("[120000ms]" in query for query in rates), "30 s between samples: four of them in a rate"
    assert fake.count("query") == 2


def test_a_loopback_address_means_this_machine_only_to_a_prometheus_on_it(monkeypatch: Patch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "box")
    monkeypatch.setattr(socket, "getfqdn", lambda: "box.lan")
    run = RUN._replace(endpoints=(Endpoint("vllm", "http", "http://127.0.0.1:8000", 8000),))
    assert fetch.selectors(run, "http://prom:9090")[1] == 'instance=~"box:8000|box\\\\.lan:8000"'
    near = fetch.selectors(run, "http://localhost:9090")[1]
    assert "127\\\\.0\\\\.0\\\\.1:8000" in near and "localhost:8000" in near and "box:8000" in near


def test_questions_that_hang_are_left_at_the_deadline(monkeypatch: Patch) -> None:
    def half(fake: Fake, path: str, fields: Fields) -> Answer:
        if path.endswith("query_range"):
            fake.go_on.wait(20)
        return vector(60.0)

    monkeypatch.setattr(fetch, "DEADLINE_S", 0.3)
    with prometheus(half) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        found = OlderCharts(patience_s=20).extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
        assert found.panels == charts().panels and "did not answer within 0.3 s" in (found.older or "")


def test_a_prometheus_that_does_not_know_the_run_changes_nothing(monkeypatch: Patch) -> None:
    with prometheus(lambda *_: vector()) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        older = OlderCharts(patience_s=20)
        own = charts()
        assert older.extend(own, RUN, points=POINTS, begin_ms=BEGIN) is own
        asked = len(fake.asked)
        assert older.extend(own, RUN, points=POINTS, begin_ms=BEGIN) is own
        assert len(fake.asked) == asked, "and is not asked every second"


def test_the_window_slides_on_what_is_kept(monkeypatch: Patch) -> None:
    with prometheus(knows("run=")) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        older = OlderCharts(patience_s=20)
        older.extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
        asked = len(fake.asked)
        for second in range(1, 30):
            found = older.extend(charts(second * 1000), RUN, points=POINTS, begin_ms=BEGIN)
            filled = values(found)
            assert None not in filled, f"a seam after {second} s: {filled}"
        assert len(fake.asked) == asked
        older.extend(charts(), RUN, points=POINTS, begin_ms=BEGIN + 60_000)
        assert len(fake.asked) > asked, "our own history was thinned out: more is missing"


def test_a_slow_prometheus_keeps_nobody_waiting(monkeypatch: Patch) -> None:
    def slow(fake: Fake, path: str, fields: Fields) -> Answer:
        fake.go_on.wait(20)
        return knows("run=")(fake, path, fields)

    with prometheus(slow) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        monkeypatch.setattr(reader, "QUERY_S", 30.0)
        older, own = OlderCharts(), charts()
        for _ in range(3):
            assert older.extend(own, RUN, points=POINTS, begin_ms=BEGIN) is own
        wait_for(lambda: len(fake.asked) == 1, what="the one question")
        fake.go_on.set()
        wait_for(lambda: values(older.extend(own, RUN, points=POINTS, begin_ms=BEGIN))[0] == 5.0)


def test_one_that_does_not_answer_is_a_note_beside_our_own_charts(monkeypatch: Patch) -> None:
    def silent(fake: Fake, path: str, fields: Fields) -> Answer:
        fake.go_on.wait(20)
        return vector()

    with prometheus(silent) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        monkeypatch.setattr(reader, "QUERY_S", 0.2)
        found = OlderCharts(patience_s=20).extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
    assert found.panels == charts().panels and found.marks == ()
    assert "did not answer within 0.2 s" in (found.older or "")


def test_some_lines_that_do_not_come_are_a_failure_as_a_whole(monkeypatch: Patch) -> None:
    def half(fake: Fake, path: str, fields: Fields) -> Answer:
        if "histogram_quantile" in fields["query"]:
            return 500, b'{"status":"error","error":"query timed out"}'
        return knows("run=")(fake, path, fields)

    latencies = Panel("ttft", "Time to first token", "s", (), None)
    own = charts()._replace(panels=(*charts().panels, latencies))
    with prometheus(half) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        found = OlderCharts(patience_s=20).extend(own, RUN, points=POINTS, begin_ms=BEGIN)
    assert found.panels == own.panels and "query timed out" in (found.older or "")


def test_nobody_there_and_nonsense_in_the_settings_are_notes(monkeypatch: Patch) -> None:
    monkeypatch.setenv("VDECK_PROMETHEUS", f"http://127.0.0.1:{free_port()}")
    found = OlderCharts(patience_s=20).extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
    assert found.panels == charts().panels and "no Prometheus answers" in (found.older or "")
    monkeypatch.setenv("VDECK_PROMETHEUS", "gopher://x")
    found = OlderCharts(patience_s=20).extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
    assert found.panels == charts().panels and "no URL of a Prometheus" in (found.older or "")


def test_a_fault_of_ours_is_a_note_too(monkeypatch: Patch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(fetch, "source", broken)
    monkeypatch.setenv("VDECK_PROMETHEUS", "http://127.0.0.1:1")
    found = OlderCharts(patience_s=20).extend(charts(), RUN, points=POINTS, begin_ms=BEGIN)
    assert found.panels == charts().panels and "ZeroDivisionError: odd" in (found.older or "")


def test_without_a_prometheus_there_is_nothing_to_say() -> None:
    own = charts()
    assert OlderCharts(patience_s=20).extend(own, RUN, points=POINTS, begin_ms=BEGIN) is own


def test_nobody_is_asked_for_what_cannot_be(monkeypatch: Patch) -> None:
    """A run of ours has no past before it was made, whoever had its port."""
    with prometheus(knows("instance=")) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        older, own = OlderCharts(patience_s=20), charts()
        ours = RUN._replace(type="batch", attached="", created=BEGIN / 1000 - 1)
        assert older.extend(own, ours, points=POINTS, begin_ms=BEGIN) is own
        assert older.extend(own, RUN, points=POINTS, begin_ms=START) is own
        assert fake.asked == []
        middle = RUN._replace(type="batch", attached="", created=START / 1000 + 105)
        found = older.extend(own, middle, points=POINTS, begin_ms=BEGIN)
    assert values(found)[:12] == (*[None] * 11, 5.0)


OWN = Report(
    Figures(at_ms=END, gen_tps=1.0, ttft_p50=0.5, running=3.0, spark=(1.0,)), 600.0, 1.0,
    goals=(Attained(Goal("itl", 0.05), 0.1),),
)  # fmt: skip


def everything(fake: Fake, path: str, fields: Fields) -> Answer:
    """A Prometheus 2 that knows all, of a server that names its ITL as older ones did."""
    query = fields["query"]
    if query.startswith("sum by (finished_reason)"):
        return labelled("finished_reason", {"stop": 3.0, "abort": 1.0, "error": math.nan})
    if query.startswith("sum by (le)"):
        old = "time_per_output_token_seconds_bucket" in query
        return labelled("le", {"0.025": 1.0, "0.075": 3.0, "+Inf": 4.0}) if old else vector()
    return vector(math.nan if "spec_decode" in query else 60.0)


def labelled(label: str, values: dict[str, float]) -> Answer:
    return success({"resultType": "vector", "result": [
        {"metric": {label: key}, "value": [0, str(value)]} for key, value in values.items()
    ]})  # fmt: skip


def test_a_report_over_a_window_that_begins_before_us(monkeypatch: Patch) -> None:
    with prometheus(everything) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        found = report.over(RUN, OWN, now_ms=END, begin_ms=BEGIN)
    assert found.source == fake.url and found.window_s == 600.0
    assert (found.figures.gen_tps, found.figures.ttft_p50, found.figures.itl_p99) == (60.0, 60.0, 60.0)
    assert (found.figures.running, found.figures.spark, found.figures.at_ms) == (3.0, (1.0,), END), "of this moment"
    assert found.finished_ps == (("stop", 3.0), ("abort", 1.0)) and found.error_share == 0.25
    assert found.latencies[0] == ("ttft", Latency(60.0, 60.0, 60.0, 60.0)) and found.times[0] == ("queue", 60.0)
    assert (found.steps_ps, found.tokens_per_step, found.accepted, found.tokens_per_draft) == (60.0, 60.0, None, None)
    assert found.goals == (Attained(Goal("itl", 0.05), 0.5),), "half way into the bucket from 1 to 3 of 4"
    rates = [fields["query"] for _, fields, _ in fake.asked[1:]]
    assert len(rates) > 20 and all("[600000ms]" in query and 'run="000000000042"' in query for query in rates)


def test_a_report_that_our_own_history_covers_is_ours(monkeypatch: Patch) -> None:
    assert report.over(RUN, OWN, now_ms=END, begin_ms=BEGIN) is OWN, "no Prometheus"
    with prometheus(lambda *_: vector()) as fake:
        monkeypatch.setenv("VDECK_PROMETHEUS", fake.url)
        short = OWN._replace(window_s=300.0)
        assert report.over(RUN, short, now_ms=END, begin_ms=BEGIN) is short and fake.asked == []
        assert report.over(RUN, OWN, now_ms=END, begin_ms=BEGIN) is OWN, "it has nothing older"
    with pytest.raises(VdeckError, match="no Prometheus answers"):
        report.over(RUN, OWN, now_ms=END, begin_ms=BEGIN)
