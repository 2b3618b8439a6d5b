"""The list of all metrics as rows."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from launcher.metrics.families import Family
from tui.format import moment
from tui.render import families as rows
from tui.render.cells import to_plain

KV = Family("vllm:kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", 1, 41.0, "%")
QUEUE = Family("vllm:num_requests_waiting", "gauge", "Number of requests waiting for KV space.", 2, 3.0, "")
TTFT = Family("vllm:time_to_first_token_seconds", "histogram", "Histogram of TTFT.", 1, 0.212, "s")
ALL = (QUEUE, TTFT, KV)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", (QUEUE, TTFT, KV)), ("kv", (KV, QUEUE)), ("  TOKEN first ", (TTFT,)), ("gauge", (QUEUE, KV)),
        ("histogram of", (TTFT,)), ("[", ()), ("kv nothing", ()),
    ],
)  # fmt: skip
def test_what_matches(typed: str, found: tuple[Family, ...]) -> None:
    assert rows.matching(ALL, typed) == found


@pytest.mark.parametrize(
    ("current", "unit", "text"),
    [
        (None, "s", "-"), (0.212, "s", "212 ms"), (41.0, "%", "41 %"), (7200.0, "tok/s", "7.2k tok/s"),
        (0.4, "1/s", "0.4/s"), (2048.0, "B/s", "2 KiB/s"), (3.0, "", "3"), (5.0, "W", "5 W"),
        (1_795_000_000.0, "s", moment(1_795_000_000)[:10]),
    ],
)  # fmt: skip
def test_values(current: float | None, unit: str, text: str) -> None:
    assert rows.value(KV._replace(current=current, unit=unit)) == text


@pytest.mark.parametrize("width", [40, 70, 120, 200])
@pytest.mark.parametrize("charted", [False, True])
def test_rows_keep_their_width(width: int, charted: bool) -> None:
    for family in (KV, Family("漢字" * 60, "\x1b[31mgauge", "[bold]\n\u202ehelp", 3, None, "")):
        line = to_plain(rows.row(family, width, charted=charted, names=33))
        assert cell_len(line) <= width and line.startswith("✔ " if charted else "  ")
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", line)


def test_a_row_with_room_shows_the_help() -> None:
    line = to_plain(rows.row(TTFT, 100, charted=False, names=33))
    assert line.rstrip() == "  vllm:time_to_first_token_seconds  histogram     212 ms  Histogram of TTFT."


def test_about_a_family() -> None:
    assert to_plain(rows.about(QUEUE)) == "gauge, 2 series. Number of requests waiting for KV space."
    assert to_plain(rows.about(KV._replace(help=""))) == "gauge, 1 series. The server does not say what this is."
