"""The figures of an answer, from usage and the clock."""

from __future__ import annotations

import pytest

from launcher.serving.parts import Delta, Finish, ToolCall, Usage
from launcher.serving.stats import ChatStats, StatsMeter


def test_a_whole_answer() -> None:
    meter = StatsMeter(100.0)  # all times here are sums of powers of two: exact
    meter.add(Delta("content", "a"), 100.5)
    meter.add(Delta("content", "b c d e"), 101.0)
    meter.add(Delta("content", "f"), 102.5)
    meter.add(Finish("stop"), 102.5)
    meter.add(Usage(16, 9, 4), 102.6)
    meter.end(102.75)
    # 8 tokens came after the first one, in 2 s: however few chunks brought them
    assert meter.stats(999.0) == ChatStats(0.5, 2.75, 4.0, 16, 9, 4, "stop")


def test_it_may_be_asked_at_any_time() -> None:
    meter = StatsMeter(10.0)
    assert meter.stats(10.25) == ChatStats(total_s=0.25)
    meter.add(Delta("reasoning", "hm"), 10.5)
    assert meter.stats(11.0) == ChatStats(ttft_s=0.5, total_s=1.0)
    meter.add(Usage(3, 5), 11.5)  # continuous usage
    meter.add(Delta("content", "x"), 12.5)
    assert meter.stats(13.0) == ChatStats(0.5, 3.0, 2.0, 3, 5, None, None)


def test_pieces_of_a_tool_call_count_for_the_first_token() -> None:
    meter = StatsMeter(0.0)
    meter.arrived(0.25)
    meter.add(ToolCall(0, "a", "f", "{}", True), 1.25)
    meter.add(Usage(1, 11), 1.25)
    assert meter.stats(2.0)[:3] == (0.25, 2.0, 10.0)


@pytest.mark.parametrize("tokens", [None, 0, 1])
def test_no_speed_without_enough_tokens(tokens: int | None) -> None:
    meter = StatsMeter(0.0)
    meter.add(Delta("content", "a"), 1.0)
    meter.add(Delta("content", "b"), 2.0)
    meter.add(Usage(1, tokens), 2.0)
    assert meter.stats(3.0).tokens_per_s is None


def test_no_speed_when_all_came_at_once() -> None:
    meter = StatsMeter(0.0)
    meter.add(Delta("content", "all of it"), 1.0)
    meter.add(Usage(1, 50), 1.0)
    assert meter.stats(1.0).tokens_per_s is None


def test_no_speed_from_pieces_that_came_in_one_read_of_a_busy_client() -> None:
    meter = StatsMeter(0.0)
    meter.add(Delta("content", "a"), 1.0)
    meter.add(Delta("content", "b"), 1.0078125)
    meter.add(Usage(1, 30), 1.0078125)
    assert meter.stats(2.0).tokens_per_s is None
    meter.add(Delta("content", "c"), 1.5)
    assert meter.stats(2.0).tokens_per_s == 58.0


def test_the_end_counts_once_and_the_servers_reason_wins() -> None:
    meter = StatsMeter(0.0)
    meter.add(Finish("length"), 1.0)
    meter.end(1.0, "cancelled")
    meter.end(9.0, "error")
    assert meter.stats(20.0) == ChatStats(total_s=1.0, finish_reason="length")
    cut = StatsMeter(0.0)
    cut.end(1.5, "interrupted")
    assert cut.stats(2.0) == ChatStats(total_s=1.5, finish_reason="interrupted")
