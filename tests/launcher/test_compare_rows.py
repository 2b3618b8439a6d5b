"""Rows of a comparison: what differs, what is better, and what cannot be said."""

from __future__ import annotations

import math

import pytest

from launcher.compare.row import Row, Section, number_row, span_row, text_row, through


@pytest.mark.parametrize(
    ("a", "b", "more", "verdict", "change"),
    [
        (100.0, 150.0, True, "better", 0.5),
        (100.0, 150.0, False, "worse", 0.5),
        (100.0, 150.0, None, "differs", 0.5),
        (100.0, 102.0, True, "same", 0.02),
        (0.0, 0.0, False, "same", 0.0),
        (0.0, 3.0, False, "worse", None),
        (None, 3.0, True, "unknown", None),
        (3.0, None, True, "unknown", None),
        (math.nan, 3.0, True, "unknown", None),
        (3.0, math.inf, True, "unknown", None),
    ],
)
def test_numbers(a: float | None, b: float | None, more: bool | None, verdict: str, change: float | None) -> None:
    row = number_row("x", a, b, more_is_better=more)
    assert (row.verdict, row.change) == (verdict, pytest.approx(change) if change is not None else None)
    for value in (row.a, row.b):
        assert value is None or math.isfinite(float(value))


@pytest.mark.parametrize(
    ("a", "b", "verdict", "change"),
    [(10.0, 7.0, "better", -3.0), (10.0, 13.0, "worse", 3.0), (0.01, 0.05, "same", 0.04), (None, 1.0, "unknown", None)],
)
def test_spans_are_told_in_seconds(a: float | None, b: float | None, verdict: str, change: float | None) -> None:
    row = span_row("load", a, b)
    assert row.verdict == verdict and row.spans
    assert row.change == (pytest.approx(change) if change is not None else None)


def test_small_shares_are_the_same() -> None:
    assert number_row("x", 0.001, 0.004, "ratio", more_is_better=False).verdict == "same"
    assert number_row("x", 0.10, 0.14, "ratio", more_is_better=False).verdict == "worse"


def test_texts() -> None:
    assert text_row("x", "8192", "8192.0").verdict == "same"
    assert text_row("x", "8k", "8192").differs
    assert text_row("x", None, None).verdict == "unknown"
    assert text_row("x", None, "on").differs


def test_what_a_section_shows() -> None:
    rows = (
        text_row("--x", "1", "2"),
        text_row("--y", "1", "1"),
        text_row("--port", "1", "2", usual=True),
        Row("--z", None, None),
    )
    args = Section("args", rows=rows, only_differences=True)
    assert [row.label for row in args.shown(False)] == ["--x"]
    assert args.shown(True) == rows
    assert args.summary() == "1 differs"
    figures = Section("metrics", rows=rows)
    assert [row.label for row in figures.shown(False)] == ["--x", "--y", "--port"]
    better = Section("start", rows=(span_row("load", 9.0, 3.0), span_row("api", 1.0, 3.0)))
    assert better.summary() == "B: 1 better, 1 worse"
    assert Section("manifest", diff=("@@ -1 +1 @@", "-a", "+b")).summary() == "2 lines differ"
    assert Section("bench").summary() == ""


def test_every_text_of_a_section_is_masked() -> None:
    section = Section(
        "args", ("secret-1",), ("secret-2",), (Row("secret-3", "secret-4", "secret-5"),), diff=("+secret-6",),
        whole=("secret-7",),
    )  # fmt: skip
    assert "secret" not in repr(through(section, lambda text: text.replace("secret", "***")))
