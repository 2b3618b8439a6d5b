"""Which stretch of time the charts show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.detail.time_window import WINDOWS, TimeWindow

NOW = 1_795_000_000.0
POINTS = 101


def window(now: float = NOW, ended: float | None = None, index: int = 1) -> TimeWindow:
    made = TimeWindow()
    made.index = index
    made.span(now, ended, POINTS)
    return made


def test_a_live_window_moves_in_whole_columns_and_stays_behind() -> None:
    made = TimeWindow()
    step = 3000
    for now in (NOW, NOW + 3.3):
        start, end = made.span(now, None, POINTS)
        assert end % step == 0 and end <= now * 1000 - 1000 < end + step
        assert end - start == step * (POINTS - 1)
    made.index = len(WINDOWS) - 1  # 24 h: a dot column is a quarter of an hour, but the newest figures are there
    assert made.span(NOW + 3.3, None, POINTS)[1] > (NOW + 3.3) * 1000 - 11_001


def test_a_run_that_ended_shows_its_last_stretch() -> None:
    _, end = window(ended=NOW - 1_000_000).shown
    assert NOW - 1_000_000 - 11 <= end / 1000 <= NOW - 1_000_000 + 5


def test_a_held_window_stays() -> None:
    made = window()
    before = made.shown
    made.hold()
    assert made.span(NOW + 500, None, POINTS) == before and not made.live
    made.go_on()
    assert made.span(NOW + 500, None, POINTS)[1] > before[1] + 490_000 and made.live


def test_moving_holds_and_coming_back_goes_on() -> None:
    made = window()
    end = made.shown[1]
    made.move(-1)
    assert made.held_ms == end - 150_000
    made.move(-1)
    made.span(NOW + 30, None, POINTS)
    assert made.shown[1] == end - 300_000
    made.move(1)
    assert made.held_ms == end - 150_000
    made.move(1)
    assert made.held_ms == end  # half a minute has passed: this is no longer the newest
    made.move(1)
    assert made.live


@pytest.mark.parametrize(("by", "index"), [(0, 1), (-9, 0), (9, len(WINDOWS) - 1), (3, 3)])
def test_choosing_keeps_to_what_there_is(by: int, index: int) -> None:
    made = window()
    assert made.choose(by if by else 1) == (index != 1)
    assert made.index == index


def test_another_length_of_a_held_window_keeps_its_end_or_has_the_cursor_in_its_middle() -> None:
    made = window(index=3)
    made.move(-1)
    end = made.held_ms
    assert made.choose(2) and made.held_ms == end
    assert end is not None and made.choose(1, end - 600_000)
    assert made.held_ms == end - 600_000 + 150_000
    live = window()
    assert live.choose(0, 5) and live.live


@given(st.integers(0, 5), st.integers(2, 600), st.floats(10**6, 4 * 10**9), st.none() | st.floats(10**6, 4 * 10**9))
def test_any_span_has_its_length(index: int, points: int, now: float, ended: float | None) -> None:
    made = TimeWindow()
    made.index = index
    start, end = made.span(now, ended, points)
    assert 0 < end - start <= WINDOWS[index][1] * 1000 + points
    assert end <= now * 1000
