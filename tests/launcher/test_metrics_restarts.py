"""A server that was started anew between two pages, as its numbers tell it."""

from __future__ import annotations

import pytest

from launcher.metrics.exposition import Page, parse
from launcher.metrics.restarts import RestartSight


def page(started: float | None = None, **counters: float) -> Page:
    lines = [] if started is None else [f"process_start_time_seconds {started}"]
    for name, value in counters.items():
        lines += [f"# TYPE vllm:{name} counter", f'vllm:{name}_total{{engine="0"}} {value}']
    return parse("\n".join([*lines, "# TYPE vllm:num_requests_running gauge", "vllm:num_requests_running 0", ""]))


def test_a_steady_server_and_one_that_counts_on() -> None:
    sight = RestartSight()
    assert [sight.look(page(1.5, prompt_tokens=value), at) for at, value in enumerate((1, 5, 5, 9))] == [None] * 4


def test_a_later_start_is_a_restart_even_when_the_counters_are_past_the_old_ones() -> None:
    sight = RestartSight()
    assert sight.look(page(1.5, prompt_tokens=1), 0) is None
    assert sight.look(page(2.5, prompt_tokens=9), 1) == "restart"
    assert sight.look(page(2.5, prompt_tokens=9), 2) is None


def test_an_earlier_start_is_another_server() -> None:
    sight = RestartSight()
    sight.look(page(2.5), 0)
    assert sight.look(page(1.5), 1) == "several"


def test_counters_that_fall_without_a_start_time() -> None:
    sight = RestartSight()
    assert sight.look(page(prompt_tokens=5, generation_tokens=7), 0) is None
    assert sight.look(page(prompt_tokens=6, generation_tokens=1), 60) == "restart"
    assert sight.look(page(prompt_tokens=6, generation_tokens=2), 61) is None
    assert sight.look(page(prompt_tokens=1, generation_tokens=2), 62) == "several", "no vLLM is back within 2 s"
    assert sight.look(page(prompt_tokens=0, generation_tokens=2), 162) == "restart"


def test_a_gauge_that_falls_or_a_series_that_goes_means_nothing() -> None:
    sight = RestartSight()
    first = "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 9\n"
    first += "# TYPE vllm:gone counter\nvllm:gone_total 9\n# TYPE http_requests counter\nhttp_requests_total 9\n"
    second = "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 1\n"
    second += "# TYPE http_requests counter\nhttp_requests_total 1\n"
    assert sight.look(parse(first), 0) is None
    assert sight.look(parse(second), 1) is None


@pytest.mark.parametrize("started, found", [(1.5, None), (1795328339.1620665, "restart")])
def test_what_an_earlier_supervisor_saw_counts(started: float, found: str | None) -> None:
    assert RestartSight(1.5).look(page(started), 0) == found
