"""Joining: the older part from Prometheus, the newer one our own, on one axis of time."""

from __future__ import annotations

from launcher.metrics.catalog import NO_SAMPLES, Charts, Panel, Series, moments
from launcher.metrics.records import Event
from launcher.prometheus.older import MARK, Earlier, extend, wanted

START, END, POINTS = 1_000_000, 1_100_000, 11
TIMES = moments(START, END, POINTS)
STEP = 10_000
KEY = ("throughput", "generation")
BEGIN = 1_050_000


def line(*values: float | None, name: str = "generation") -> Series:
    known = [value for value in values if value is not None]
    mean = sum(known) / len(known) if known else None
    return Series(name, TIMES, values, values[-1], mean, max(known, default=None))


def charts(*series: Series, marks: tuple[Event, ...] = ()) -> Charts:
    return Charts(START, END, (Panel("throughput", "Throughput", "tok/s", series, None),), marks)


OWN = charts(line(None, None, None, None, None, None, 60.0, None, 80.0, 90.0, 100.0))


def older(values: dict[int, float], step_ms: int = STEP) -> Earlier:
    return Earlier(step_ms, {KEY: values})


def joined(earlier: Earlier, own: Charts = OWN, begin_ms: int | None = BEGIN) -> tuple[float | None, ...]:
    return extend(own, earlier, times=TIMES, begin_ms=begin_ms).panels[0].series[0].values


FULL = older({at: float(at) for at in TIMES})


def test_the_left_is_filled_the_right_is_ours_and_our_gap_stays() -> None:
    assert joined(FULL) == (*map(float, TIMES[:6]), 60.0, None, 80.0, 90.0, 100.0)


def test_times_stay_as_they_were_and_mean_and_peak_are_of_all_points() -> None:
    found = extend(OWN, FULL, times=TIMES, begin_ms=BEGIN).panels[0].series[0]
    assert found.times_ms == TIMES and found.current == 100.0
    known = [value for value in found.values if value is not None]
    assert found.mean == sum(known) / len(known) and found.peak == max(known) == TIMES[5]


def test_a_point_of_ours_wins_also_left_of_the_seam() -> None:
    own = charts(line(*([1.0] * 11)))
    assert extend(own, FULL, times=TIMES, begin_ms=BEGIN) is own


def test_a_hole_in_prometheus_stays_a_hole() -> None:
    assert joined(older({TIMES[0]: 5.0, TIMES[4]: 6.0}))[:6] == (5.0, None, None, None, 6.0, None)


def test_a_grid_that_is_a_moment_older_fits_to_half_a_step() -> None:
    assert joined(older({at - 4000: float(at) for at in TIMES}))[:6] == tuple(map(float, TIMES[:6]))
    assert joined(older({TIMES[3] + 5001: 7.0}))[:5] == (None, None, None, None, 7.0)


def test_the_mark_says_where_our_own_history_begins() -> None:
    ready = Event(BEGIN + 1, "ready")
    found = extend(charts(*OWN.panels[0].series, marks=(ready,)), FULL, times=TIMES, begin_ms=BEGIN)
    assert found.marks == (Event(BEGIN, MARK), ready)


def test_nothing_older_is_no_change_at_all() -> None:
    assert extend(OWN, Earlier(STEP, {}), times=TIMES, begin_ms=BEGIN) is OWN


def test_without_any_history_of_ours_the_charts_are_those_of_prometheus() -> None:
    empty = Charts(
        START, END, (Panel("throughput", "Throughput", "tok/s", (), NO_SAMPLES, absent=True),), (), NO_SAMPLES
    )
    found = extend(empty, FULL, times=TIMES, begin_ms=None)
    panel = found.panels[0]
    assert found.note is None and found.marks == () and (panel.note, panel.absent) == (None, False)
    assert panel.series[0].name == "generation" and panel.series[0].values == tuple(map(float, TIMES))
    assert panel.series[0].times_ms == TIMES


def test_a_line_that_only_prometheus_has_is_added_and_ends_at_the_seam() -> None:
    found = extend(OWN, Earlier(STEP, {("throughput", "prompt"): {TIMES[1]: 3.0}}), times=TIMES, begin_ms=BEGIN)
    names = [one.name for one in found.panels[0].series]
    assert names == ["generation", "prompt"] and found.panels[0].series[0] is OWN.panels[0].series[0]
    added = found.panels[0].series[1]
    assert (added.values[1], added.current, added.mean, added.peak) == (3.0, None, 3.0, 3.0)


def test_another_panel_is_left_alone() -> None:
    assert extend(OWN, Earlier(STEP, {("ttft", "p50"): {TIMES[0]: 1.0}}), times=TIMES, begin_ms=BEGIN) is OWN


def test_what_is_asked_for() -> None:
    reasons = (line(*([1.0] * 11), name="stop"), line(*([1.0] * 11), name="abort"))
    finished = Panel("finished", "Finished", "req/s", reasons, None)
    strange = Panel("metric:x", "x", "", (line(*([1.0] * 11), name="value"),), None)
    heat = Panel("prompt_length", "Prompt length", "tok", (), None)
    terms = wanted(Charts(START, END, (*OWN.panels, finished, strange, heat)))
    assert {key for key in terms if key[0] == "throughput"} == {
        ("throughput", "prompt"), ("throughput", "of it cached"), ("throughput", "generation"),
    }  # fmt: skip
    assert {name for panel, name in terms if panel == "finished"} == {"stop", "abort"}
    stop = terms["finished", "stop"].promql('run="1"', "60s")
    assert stop == 'sum(rate(vllm:request_success_total{run="1",finished_reason="stop"}[60s]))'
    assert not {panel for panel, _ in terms} & {"metric:x", "prompt_length"}
