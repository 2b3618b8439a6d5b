"""Filter and order of the table."""

from __future__ import annotations

import pytest
from fake_fleet import failed_run, ready_run, starting_run

from tui.render.order import Filter, arrange, parse_filter

RUNS = (failed_run(created=9e9), ready_run(), starting_run())


def names(typed):
    return [run.name for run in arrange(RUNS, parse_filter(typed))]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ["qwen", "vllm-server", "mistral"]),
        ("!", ["qwen", "vllm-server", "mistral"]),
        ("QWEN", ["qwen"]),
        ("llama", ["vllm-server"]),
        ("^vllm", ["vllm-server"]),
        ("!failed", ["qwen", "vllm-server"]),
        ("failed|load", ["qwen", "mistral"]),
        ("189101", ["mistral"]),
        ("nothing", []),
        ("[", ["qwen", "vllm-server", "mistral"]),
    ],
)
def test_filter(typed, expected):
    assert names(typed) == expected


def test_a_wrong_expression_says_so():
    assert "not a regular expression" in parse_filter("[a").problem
    assert parse_filter("a").problem == ""


def test_live_runs_stand_on_top_and_then_the_newest():
    runs = (failed_run(created=5.0), ready_run(created=1.0), starting_run(created=2.0))
    ids = [run.id for run in arrange(runs, Filter())]
    assert ids == [starting_run().id, ready_run().id, failed_run().id]
