"""tui.format: values into words."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import format as words

FUNCTIONS = [
    words.duration, words.seconds, words.latency, words.number, words.count, words.rate, words.percent, words.size,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_unknown_is_a_dash_and_never_zero(function) -> None:  # type: ignore[no-untyped-def]
    assert function(None) == "-"
    assert function(math.nan) == "-"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0s"), (21, "21s"), (59.9, "59s"), (60, "1m00s"), (125, "2m05s"), (3600, "1h00m"), (7450, "2h04m"),
        (86400, "1d00h"), (3 * 86400 + 4 * 3600 + 59, "3d04h"), (-5, "0s"), (math.inf, "-"),
    ],
)  # fmt: skip
def test_duration(value: float, text: str) -> None:
    assert words.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 s"), (0.00085, "850 µs"), (0.0009996, "1 ms"), (0.0123, "12.3 ms"), (0.212, "212 ms"), (0.9996, "1 s"),
        (1.25, "1.25 s"), (12.34, "12.3 s"), (640, "640 s"), (math.inf, "∞"),
    ],
)  # fmt: skip
def test_latency(value: float, text: str) -> None:
    assert words.latency(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.0, "0"), (7.2, "7.2"), (12, "12"), (12.34, "12.3"), (812.4, "812"), (999.4, "999"), (999.6, "1k"),
        (7200, "7.2k"), (1_250_000, "1.25M"), (3e9, "3G"), (-1500, "-1.5k"), (math.inf, "∞"), (-math.inf, "-∞"),
    ],
)  # fmt: skip
def test_number(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (0.004, "0.4 %"), (0.041, "4.1 %"), (0.05, "5 %"), (0.41, "41 %"), (1.0, "100 %"), (0.0996, "10 %")],
)
def test_percent(value: float, text: str) -> None:
    assert words.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (512, "512 B"), (1024, "1 KiB"), (1.5 * 2**30, "1.5 GiB"), (80 * 2**30, "80 GiB")]
)
def test_size(value: float, text: str) -> None:
    assert words.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.4, "0.4 s"), (23.54, "23.5 s"), (59.96, "59s"), (125, "2m05s"), (-1, "0.0 s")]
)
def test_seconds(value: float, text: str) -> None:
    assert words.seconds(value) == text


def test_rate_and_count_have_their_unit_only_when_known() -> None:
    assert words.rate(7200) == "7.2k tok/s"
    assert words.rate(3, "req/s") == "3 req/s"
    assert words.count(32768) == "32,768"


@pytest.mark.parametrize(
    ("unit", "text"), [("s", "500 ms"), ("%", "0.5 %"), ("B", "0.5 B"), ("tok/s", "0.5"), ("req", "0.5")]
)
def test_value_follows_its_unit(unit: str, text: str) -> None:
    assert words.value(0.5, unit) == text


def test_clock_times_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        assert words.clock(0) == "09:00:00"
        assert words.moment(0) == "1970-01-01 09:00:00"
        assert words.when(10, 20) == "09:00:10"
        assert words.when(10, 10 + 86400) == "1970-01-01 09:00:10"
        assert words.clock(None) == words.moment(None) == words.when(None, 0) == "-"
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_float_has_a_short_text(value: float) -> None:
    for function in FUNCTIONS:
        text = function(value)
        assert (text and "nan" not in text and "e+" not in text) or function is words.count or abs(value) > 1e15


@given(st.floats(min_value=0, max_value=9.99e14))
def test_numbers_fit_five_characters_and_stay_close(value: float) -> None:
    text = words.number(value)
    assert len(text) <= 5
    factor = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1], 1.0)
    shown = float(text.rstrip("kMGT")) * factor
    assert shown == pytest.approx(value, rel=0.006, abs=0.006)
