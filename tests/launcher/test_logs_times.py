"""Times without a year."""

from __future__ import annotations

import time

import pytest

from launcher.logs.times import epoch, seconds_between


def _local(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> float:
    return time.mktime((year, month, day, hour, minute, second, 0, 0, -1))


@pytest.mark.parametrize(
    ("text", "near", "wanted"),
    [
        ("11-22 06:32:05", (2026, 11, 22), (2026, 11, 22, 6, 32, 5)),
        ("11-22 06:32:05", (2027, 1, 3), (2026, 11, 22, 6, 32, 5)),
        ("01-01 00:00:01", (2026, 12, 31, 23, 59), (2027, 1, 1, 0, 0, 1)),
        ("12-31 23:59:59", (2027, 1, 1), (2026, 12, 31, 23, 59, 59)),
        ("02-29 12:00:00", (2028, 3, 1), (2028, 2, 29, 12)),
    ],
)
def test_the_year_is_the_nearest(text: str, near: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    assert epoch(text, near=_local(*near)) == _local(*wanted)


@pytest.mark.parametrize("text", ["", "13-01 00:00:00", "00-10 00:00:00", "11-22 25:00:00", "11-22", "yesterday"])
def test_no_time(text: str) -> None:
    assert epoch(text, near=0.0) is None


@pytest.mark.parametrize(
    ("first", "second", "seconds"),
    [
        ("11-22 06:33:41", "11-22 06:35:21", 100.0),
        ("12-31 23:59:50", "01-01 00:00:10", 20.0),
        ("11-22 23:59:59", "11-23 00:00:00", 1.0),
        ("11-22 06:00:01", "11-22 06:00:00", -1.0),
        ("11-22 06:00:01", "", None),
        ("x", "11-22 06:00:01", None),
        ("99-22 06:00:01", "11-22 06:00:01", None),
    ],
)
def test_seconds_between(first: str, second: str, seconds: float | None) -> None:
    assert seconds_between(first, second) == seconds
