"""launcher.logs.when: a moment as a person types it."""

from __future__ import annotations

import time

import pytest

from launcher.errors import VdeckError
from launcher.logs.when import moment


def at(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> float:
    return time.mktime((year, month, day, hour, minute, second, 0, 0, -1))


NOW = at(2026, 11, 26, 14, 30, 10)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("14:05", at(2026, 11, 26, 14, 5)),
        (" 14:05:33 ", at(2026, 11, 26, 14, 5, 33)),
        ("9:05", at(2026, 11, 26, 9, 5)),
        ("23:59", at(2026, 11, 25, 23, 59)),  # not yet today: yesterday
        ("11-26 14:05", at(2026, 11, 26, 14, 5)),
        ("11-26T14:05:01", at(2026, 11, 26, 14, 5, 1)),
        ("12-31 10:00", at(2025, 12, 31, 10, 0)),  # not yet this year: the last one
        ("2024-02-29 10:00", at(2024, 2, 29, 10, 0)),
        ("-10m", NOW - 600),
        ("10m", NOW - 600),
        ("-90 s", NOW - 90),
        ("-2h", NOW - 7200),
        ("-1d", NOW - 86400),
    ],
)
def test_moments(typed: str, wanted: float) -> None:
    assert moment(typed, now=NOW) == wanted


@pytest.mark.parametrize(
    "typed",
    ["", "noon", "25:00", "14:60", "14:05:77", "02-30 10:00", "13-01 10:00", "2025-02-29 10:00", "-10", "10y", "14",
     "14:5", "-m", "\x1b[31m", "99999999999m", "٣:٠٥"],
)  # fmt: skip
def test_what_is_no_time_says_how_to_write_one(typed: str) -> None:
    with pytest.raises(VdeckError) as error:
        moment(typed, now=NOW)
    assert "14:05" in error.value.fix


def test_the_last_such_time_before_the_end_of_the_log() -> None:
    just_after_midnight = at(2026, 1, 1, 0, 10)
    assert moment("23:50", now=just_after_midnight) == at(2025, 12, 31, 23, 50)
    assert moment("00:05", now=just_after_midnight) == at(2026, 1, 1, 0, 5)
