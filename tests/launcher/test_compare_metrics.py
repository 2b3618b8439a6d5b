"""Metrics of two runs over the time in which each served."""

from __future__ import annotations

from pathlib import Path

import pytest
from compare_kit import B, served, side
from metric_pages import START, history_of, minute, real_page

from launcher.compare import metrics, traffic
from launcher.compare.row import Row, Section
from launcher.metrics.history import History


def history(folder: Path, **traffic_of: float) -> History:
    served(str(folder), **traffic_of)  # type: ignore[arg-type]
    found = History(str(folder))
    found.refresh()
    return found


def row(section: Section, label: str) -> Row:
    return next(row for row in section.rows if row.label == label)


def test_the_idle_time_around_the_traffic_does_not_count(tmp_path: Path) -> None:
    span = traffic.last_served(history(tmp_path), 300_000)
    assert span == (START + 20_000, START + 60_000, 1.0)


def test_only_the_last_of_a_long_traffic(tmp_path: Path) -> None:
    span = traffic.last_served(history(tmp_path, busy=200), 60_000)
    assert span == (START + 160_000, START + 220_000, 1.0)


def test_traffic_that_is_long_past_is_found(tmp_path: Path) -> None:
    span = traffic.last_served(history(tmp_path, after=2000), 30_000)
    assert span is not None and (span.begin_ms, span.end_ms) == (START + 30_000, START + 60_000)


def test_a_run_that_never_served(tmp_path: Path) -> None:
    assert traffic.last_served(history(tmp_path, busy=0), 60_000) is None
    assert traffic.last_served(History(str(tmp_path / "nothing")), 60_000) is None


def test_a_counter_that_begins_again_is_traffic(tmp_path: Path) -> None:
    page = 'vllm:generation_tokens_total{engine="0"} %d\n'
    values = (5, 5, 9, 9, 0, 0, 3, 3)
    found = history_of(tmp_path, [(START + i * 1000, page % value) for i, value in enumerate(values)])
    assert traffic.active(found.window(START, START + 9000)) == [START + 2000, START + 6000]


def test_figures_and_what_is_better(tmp_path: Path) -> None:
    a = side(history=history(tmp_path / "a", rate=2.0, ttft=0.3))
    b = side(B, history=history(tmp_path / "b", rate=4.0, ttft=0.7))
    found = metrics.section(a, b, 300)
    assert (row(found, "Served for").a, row(found, "Under traffic").b) == (40, 1.0)
    rate = row(found, "Requests")
    assert rate.a == pytest.approx(2.0, rel=0.05) and rate.b == pytest.approx(4.0, rel=0.05)
    assert rate.verdict == "better" and rate.change == pytest.approx(1.0)
    assert row(found, "TTFT p95").verdict == "worse"
    assert row(found, "Running").a == 3 and row(found, "KV cache").a == pytest.approx(0.3)
    assert row(found, "KV cache").verdict == "same"
    assert row(found, "ITL p50") == ("ITL p50", None, None, "s", None, "unknown", False, "Latency", False)
    assert found.warnings == (), "as many at a time: the rate is a result"
    assert found.says == ()


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"rate": 4.0, "running": 9}, "requests a second 2 / 4, requests at a time 3 / 9"),
        ({"rate": 4.0}, ""),
        ({"running": 9}, ""),
    ],
)
def test_another_traffic_is_a_reason_to_warn(tmp_path: Path, other: dict[str, float], says: str) -> None:
    a, b = side(history=history(tmp_path / "a")), side(B, history=history(tmp_path / "b", **other))
    warnings = metrics.section(a, b, 300).warnings
    assert len(warnings) == bool(says) and says in "".join(warnings)


def test_the_same_traffic_is_no_reason_to_warn(tmp_path: Path) -> None:
    a, b = (side(run, history=history(tmp_path / run)) for run in ("1", "2"))
    assert metrics.section(a, b, 300).warnings == ()


def test_a_side_without_metrics(tmp_path: Path) -> None:
    a = side(history=history(tmp_path / "a"))
    found = metrics.section(a, side(B, history=History(str(tmp_path / "b"))), 300)
    assert found.says == ("B has no metrics recorded.",)
    assert row(found, "Requests").b is None and row(found, "Requests").verdict == "unknown"
    live = side(B)
    live = live._replace(run=live.run._replace(status="running"))
    none = metrics.section(side(), live, 300)
    assert none.says == ("A has no metrics recorded.", "B has no metrics yet: nothing was scraped so far.")
    assert none.rows == ()
    idle = side(B, history=history(tmp_path / "c", busy=0))
    assert metrics.section(a, idle, 300).says == ("B served no request in what was recorded.",)


def test_a_real_page_has_every_figure(tmp_path: Path) -> None:
    found = history_of(tmp_path, minute(real_page("metrics-h200.txt.gz")))
    section = metrics.section(side(history=found), side(B, history=found), 300)
    unknown = {row.label for row in section.rows if row.a is None}
    assert unknown <= {"Errors and aborts", "Prefix cache hits"}
    assert all(row.verdict in ("same", "unknown") for row in section.rows)
    assert section.warnings == ()
