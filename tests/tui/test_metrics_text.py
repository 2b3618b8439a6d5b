"""The words of the metrics pane: head line, advice, what is not there."""

from __future__ import annotations

from typing import Any

import pytest
from detail_host import panel, series
from fake_fleet import Figures, failed_run, ready_run, starting_run

from launcher.metrics.catalog import NO_SAMPLES, NO_VLLM, Charts, Panel
from tui.detail import metrics_text
from tui.detail.metrics_text import Now, Part
from tui.format import clock

FIGURES: Any = Figures(gen_tps=812.0, running=3, waiting=None, kv=0.41, ttft_p95=0.2, itl_p95=0.03)
SEEN = panel(series("x", 1.0))


def text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


def head(now: Now, width: int, figures: Any = FIGURES) -> str:
    made = text(metrics_text.head(figures, now, width))
    assert len(made) == width
    return made


def test_the_head_of_a_wide_pane() -> None:
    made = head(Now(2), 118)
    assert made.startswith("tok/s 812  run/wait 3/-  KV 41 %  TTFT p95 200 ms  ITL p95 30 ms  ")
    assert made.endswith(" 1m  5m [15m] 1h  6h  24h  ● live")
    assert "prefix hits -" in head(Now(2), 180)


def test_the_head_of_a_narrow_pane_names_only_its_window() -> None:
    made = head(Now(1), 78)
    assert made.startswith("tok/s 812  run/wait 3/-  KV 41 %  TTFT p95 200 ms")
    assert made.endswith(" [5m] ● live")
    assert head(Now(1), 78, None).startswith("tok/s -  run/wait -/-  KV -  TTFT p95 -")


def test_a_held_window_and_a_cursor_are_told() -> None:
    at = 1_795_000_000
    assert head(Now(1, held_ms=at * 1000), 118).endswith(f"⏸ {clock(at)}")
    made = head(Now(1, cursor_ms=at * 1000, now=at + 133.0), 118)
    assert made.endswith(f"● live ┃ {clock(at)} 2m13s ago")


@pytest.mark.parametrize("width", [20, 40, 60, 78, 100, 140, 200])
def test_any_width_keeps_the_line(width: int) -> None:
    for now in (Now(0), Now(5, held_ms=5, cursor_ms=7, now=9.0)):
        made = text(metrics_text.head(FIGURES, now, width))
        assert len(made) == width or (width < 50 and "m]" in made) or "[24h]" in made


def test_parts_of_the_head_can_be_clicked() -> None:
    parts = metrics_text.head(FIGURES, Now(1), 118)
    whole = text(parts)
    assert metrics_text.action_at(parts, whole.index("15m")) == "window(2)"
    assert metrics_text.action_at(parts, whole.index("24h")) == "window(5)"
    assert metrics_text.action_at(parts, whole.index("live")) == "pause"
    assert metrics_text.action_at(parts, 0) == "" and metrics_text.action_at(parts, 500) == ""
    held = metrics_text.head(FIGURES, Now(1, held_ms=1), 118)
    assert metrics_text.action_at(held, text(held).index("⏸")) == "live"


def test_no_advice_when_all_is_well() -> None:
    assert metrics_text.advice(None) == []
    assert metrics_text.advice(ready_run()) == []
    assert metrics_text.advice(failed_run(health="wedged", missed=("ttft",))) == []


def test_what_is_wrong_and_what_to_change() -> None:
    run = ready_run(health="preempting", advice="Raise --gpu-memory-utilization.\x1b[31m", missed=("ttft", "e2e"))
    parts = metrics_text.advice(run)
    assert text(parts) == "◉ goal missed: TTFT, E2E  ▼ preempting: Raise --gpu-memory-utilization."
    assert text(metrics_text.advice(ready_run(health="wedged"))) == "⊗ wedged"


def test_what_is_not_there_with_each_reason_once() -> None:
    panels = [
        Panel("a", "Drafts", "%", (), "no --speculative-config", absent=True),
        Panel("b", "LoRA\n[b]", "", (), "no --enable-lora", absent=True),
        Panel("c", "Draft length", "tok", (), "no --speculative-config", absent=True),
        Panel("d", "X", "", (), None, absent=True),
    ]
    made = metrics_text.absent(panels)
    assert made == "not here: Drafts, Draft length (no --speculative-config) · LoRA [b] (no --enable-lora) · X"
    assert metrics_text.absent([]) == ""


ABSENT = panel(note=NO_VLLM, absent=True)
DISABLED = ready_run(commands=("vllm serve m --disable-log-stats --port 1",))


@pytest.mark.parametrize(
    ("charts", "run", "why"),
    [
        (None, None, "No run is chosen."),
        (None, starting_run(), "still starting"),
        (None, ready_run(), "first figures come within seconds"),
        (None, failed_run(), "never answered"),
        (Charts(0, 1, (ABSENT,), note=NO_VLLM), ready_run(), "The server shows no vLLM metrics (--disable-log-stats)."),
        (Charts(0, 1, (ABSENT,), note=NO_VLLM), DISABLED, "runs with --disable-log-stats: it counts nothing"),
        (Charts(0, 1, (panel(note=NO_SAMPLES),), note=NO_SAMPLES), ready_run(), "No metrics in this window."),
        (Charts(0, 1, ()), ready_run(), "Press m"),
    ],
)
def test_why_there_is_nothing(charts: Charts | None, run: Any, why: str) -> None:
    assert why in (metrics_text.why_nothing(charts, run) or "")


def test_a_chart_is_shown_even_beside_missing_ones() -> None:
    assert metrics_text.why_nothing(Charts(0, 1, (SEEN, ABSENT), note=NO_VLLM), DISABLED) is None
    assert metrics_text.why_nothing(Charts(0, 1, (SEEN,)), ready_run()) is None
    assert metrics_text.why_nothing(Charts(0, 1, (panel(note="no request finished"),)), ready_run()) is None


def test_below_the_charts_stands_where_the_older_part_is_from() -> None:
    spec = Panel("spec", "Drafts", "%", (), "no --speculative-config", absent=True)
    charts = Charts(0, 1000, (spec,), older="older history from http://127.0.0.1:9090")
    assert metrics_text.below(charts).split("\n") == [
        "older history from http://127.0.0.1:9090",
        "not here: Drafts (no --speculative-config)",
    ]
    assert metrics_text.below(charts._replace(panels=(), older="it did\x1b[2J not answer")) == "it did not answer"
    assert metrics_text.below(None) == ""
