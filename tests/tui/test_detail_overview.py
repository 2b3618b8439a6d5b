"""Overview and Events: what they say, and what they leave to be copied."""

from __future__ import annotations

import time
from typing import Any

import pytest
from detail_host import FakeSources, Host, until, until_text
from fake_fleet import failed_run, ready_run, starting_run
from screen_text import screen_text, widget_text
from textual.widgets import DataTable

from launcher.logs.diagnosis import Diagnosis, Evidence, Fix
from launcher.runs.events import Event
from launcher.runs.explain import Explained
from launcher.runs.view import PhaseMark
from tui.detail import overview_text
from tui.detail.events_pane import EventsPane
from tui.detail.overview_pane import Particulars

NOW = 1_795_000_000.0
LONG = "vllm serve meta-llama/Llama-3.1-8B --port 8000 " + " ".join(f"--option-{n} value-{n}" for n in range(20))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "● Ready for 2m00s."),
        ({"ready": False, "phase": "load", "progress": "43 %"}, "◐ Starting: loading weights 43 %, 10m00s so far."),
        ({"ready": False, "phase": None}, "◐ Starting: waiting for the first sign, 10m00s so far."),
        ({"status": "failed", "ended": NOW - 579, "exit_code": 1}, "✖ Failed after 21s with exit code 1."),
        ({"status": "failed", "started": None, "created": None, "ended": NOW}, "✖ Failed."),
        ({"status": "terminated", "ended": NOW}, "■ Terminated on request after 10m00s."),
        ({"status": "completed", "ended": NOW}, "✔ Completed after 10m00s."),
        ({"status": "lost"}, "? Lost: nobody can say what became of it."),
        ({"status": "stopping", "ready": False}, "◑ Stopping: its processes were asked to end."),
        ({"status": "queued", "ready": False}, "○ Queued: waiting for its turn."),
        ({"status": "new-word"}, "· new-word."),
    ],
)
def test_the_sentence(changes: dict[str, Any], said: str) -> None:
    run = ready_run(started=NOW - 600, ready_at=NOW - 120)._replace(**changes)
    glyph, text, _ = overview_text.sentence(run, NOW)
    assert f"{glyph} {text}" == said


def test_what_is_wrong_with_a_ready_server_stands_below_the_sentence() -> None:
    run = ready_run(
        health="saturated", advice="3 requests wait: raise [max-num-seqs]\n\x1b[31m", missed=("ttft", "e2e")
    )
    said = overview_text.headline(run, NOW).plain.split("\n")
    assert said[1:] == [
        "▲ saturated: 3 requests wait: raise [max-num-seqs] ",
        f"◉ goal missed: TTFT, E2E (vdeck run goals {run.id} says how far)",
    ]
    assert "\n" not in overview_text.headline(ready_run(), NOW).plain


def marks(*spans: tuple[str, float, float | None]) -> tuple[PhaseMark, ...]:
    return tuple(PhaseMark(name, NOW + start, None if end is None else NOW + end) for name, start, end in spans)


def test_the_timeline_puts_bars_where_they_belong() -> None:
    phases = marks(("imports", 0, 10), ("load", 10, 40), ("ready", 40, None))
    made = overview_text.timeline(phases, NOW + 500, 66, live=True)
    assert made.plain.split("\n") == [
        "imports     ██████████                               10.0 s",
        "load                  ██████████████████████████████ 30.0 s",
        "total                                                40.0 s",
    ]


def test_a_phase_that_lasts_grows() -> None:
    phases = marks(("imports", 0, 10), ("load", 10, None))
    early = overview_text.timeline(phases, NOW + 11, 66, live=True).plain.split("\n")
    late = overview_text.timeline(phases, NOW + 90, 66, live=True).plain.split("\n")
    assert early[1].endswith("1.0 s …") and late[1].endswith("1m20s …")
    assert late[1].count("█") > early[1].count("█")


def test_a_dead_run_no_longer_grows_and_odd_clocks_are_survived() -> None:
    phases = marks(("imports", 0, 10), ("load", 10, None))
    assert "…" not in overview_text.timeline(phases, NOW + 1e6, 66, live=False).plain
    odd_ones = [("x", 10, 0)], [("x", 0, 0)], [("x" * 90, 0, None)], [("y", 5, None), ("x", 0, 1)]
    for odd in (marks(*spans) for spans in odd_ones):
        for width in (1, 30, 300):
            assert "x" in overview_text.timeline(odd, NOW - 100, width, live=True).plain
    assert overview_text.timeline((), NOW, 60, live=True).plain == "No phase seen yet."
    assert overview_text.timeline(marks(("ready", 0, None)), NOW, 60, live=False).plain == "No phase was recorded."


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_ready_run(size: tuple[int, int]) -> None:
    app = Host(FakeSources(), ready_run(facts=(("KV cache tokens", "123,456"),), commands=(LONG,), supervisor=99))
    async with app.run_test(size=size) as pilot:
        text = await until_text(pilot, "Ready for")
        assert "http://127.0.0.1:8000" in text and "vllm-server" in text
        app.detail.focus_pane()
        await pilot.pause()
        await pilot.press("end")
        text = await until_text(pilot, "HF_TOKEN=•••")
        assert "· image is ignored here" in text and "A='1 2'" in text and "KV cache tokens 123,456" in text
        await pilot.press("c")
        await until(pilot, lambda: app.copied)
        assert app.copied == [LONG]


async def test_the_reason_of_a_failure_is_loud() -> None:
    app = Host(FakeSources(), failed_run(reason="KV cache too small for [32,768] tokens"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "KV cache too small for [32,768] tokens")
        section = app.query_one("#overview-status")
        painted = [segment for y in range(3) for segment in section.render_line(y)]
        segments = [segment for segment in painted if "KV cache too small" in segment.text]
        assert segments and segments[0].style is not None and segments[0].style.bold
        assert segments[0].style.reverse


async def test_a_starting_run_ticks() -> None:
    now = time.time()
    app = Host(FakeSources(), starting_run(started=now - 5, phases=(PhaseMark("load", now - 5, None),)))
    async with app.run_test(size=(80, 24)) as pilot:
        before = await until_text(pilot, "5.")
        await until(pilot, lambda: screen_text(app.screen) != before)


async def test_nothing_to_copy_is_said() -> None:
    app = Host(FakeSources(), ready_run(commands=()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Ready for")
        app.detail.focus_pane()
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: len(app._notifications) == 1)
        assert not app.copied


async def test_events_are_added_and_followed() -> None:
    sources = FakeSources()
    sources.found_events = tuple(Event(NOW + n, "phase", f"event {n:03d}") for n in range(50))
    app = Host(sources, ready_run(), "events")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "event 049")
        table = app.query_one(DataTable)
        assert table.cursor_row == 49
        app.detail.focus_pane()
        await pilot.pause()
        await pilot.press("up", "up")
        sources.found_events += (Event(NOW + 99, "problem", "[disk] \x1b[31mfull\u202e"),)
        await until(pilot, lambda: table.row_count == 51)
        assert table.cursor_row == 47
        await pilot.press("down", "down", "down")
        text = await until_text(pilot, "[disk] full")
        assert "! problem" in text and "\x1b" not in text
        await pilot.press("c")
        await until(pilot, lambda: app.copied)
        assert app.copied[0].endswith("problem [disk] full")


async def test_events_of_another_file_replace_the_old_ones() -> None:
    sources = FakeSources()
    sources.found_events = (Event(NOW, "a", "old one"), Event(NOW, "a", "old two"))
    app = Host(sources, ready_run(), "events")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "old two")
        sources.found_events = (Event(NOW, "a", "new one"),)
        text = await until_text(pilot, "new one")
        assert "old" not in widget_text(app, app.query_one(EventsPane)) and text.count("new one") == 1


def test_why_says_title_cause_evidence_and_the_first_fix() -> None:
    evidence_line = Evidence(7, "Error: [/b] " + "x" * 999)
    fixes = (Fix("Cut it."), Fix("No."))
    told = Explained(Diagnosis("r", "Too [long]", "It is too long.", evidence_line, fixes, None))
    text = overview_text.why(told)
    assert text is not None
    first, cause, evidence, fix = text.plain.split("\n")
    assert (first, cause, fix) == ("Too [long]", "It is too long.", "→ Cut it.")
    assert evidence.startswith("line 7: Error: [/b] ") and evidence.endswith("…") and len(evidence) < 260
    assert overview_text.why(None) is None


async def test_a_failed_run_tells_why_above_the_end_of_its_log() -> None:
    sources = FakeSources()
    told = Explained(Diagnosis("r", "Too long", "It is too long.", None, (), None))
    found = {"failed": Particulars(explained=told, last_lines=("the last line",))}
    sources.particulars = lambda run: found.get(run.status, Particulars())  # type: ignore[method-assign]
    app = Host(sources, failed_run())
    async with app.run_test(size=(80, 30)) as pilot:
        text = await until_text(pilot, "the last line")
        assert text.index("It is too long.") < text.index("the last line")
        app.detail.set_run(ready_run())
        await until(pilot, lambda: "Too long" not in screen_text(app.screen))
