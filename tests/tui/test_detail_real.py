"""The detail area over the real launcher: a run folder on disk, recorded metrics, a server that really streams."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from detail_host import Host, until, until_text
from screen_text import screen_text
from standin import StandIn
from standin_metrics import Numbers

from launcher import paths, settings
from launcher.fleet import Fleet
from launcher.metrics.goals import Goal, Goals
from launcher.metrics.recorder import Recorder
from launcher.runs import control, events, files, listing, record, secrets, state
from launcher.runs.view import RunView
from tui.chat.pane import ChatPane
from tui.detail.sources import LiveSources

RUN_ID = "369367189168"
KEY = "k3y-of-the-server"


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn(model="tiny", api_key=KEY, token_delay=0.01) as found:
        yield found


def make_run(state_folder: Path, port: int) -> RunView:
    """A run folder as creator and supervisor leave it."""
    run = paths.RunPaths.of(RUN_ID)
    files.make_private(run.folder)
    made = record.RunRecord(
        RUN_ID, "tiny", time.time() - 60, model="tiny", env={"A": "b c"}, secret_names=("VLLM_API_KEY",),
        steps=(record.StepRecord(("sh",), "/", "vllm serve tiny --api-key ***"),), notes=("no GPU here: CPU engine",),
        ports=(record.PortRecord("vllm", "http", port),),
    )  # fmt: skip
    files.write_json(run.record, record.to_json(made))
    secrets.write(run.secrets, {"VLLM_API_KEY": KEY})
    stand = state.State()
    stand.status, stand.ready, stand.started, stand.ready_at = "running", True, time.time() - 60, time.time() - 30
    stand.phases = [["imports", time.time() - 60, time.time() - 40], ["load", time.time() - 40, time.time() - 30]]
    files.write_json(run.state, stand.to_json())
    events.append(run.events, events.Event(time.time() - 30, "ready", "ready on port [8000]"))
    with open(run.output, "w", encoding="utf-8") as log:
        log.write("".join(f"line {n}\n" for n in range(3000)) + f"args: {{'api_key': '{KEY}'}}\nLoading  7%|#")
    return listing.load(RUN_ID)


def log_more(run: RunView, text: str) -> None:
    """What the run prints now."""
    with open(paths.RunPaths(run.folder).output, "a", encoding="utf-8") as log:
        log.write(text)


def record_metrics(run: RunView) -> None:
    """Ninety seconds of a server that answers a request a second."""
    numbers, recorder = Numbers("tiny"), Recorder(paths.RunPaths(run.folder).metrics)
    start = int(time.time() * 1000) - 90_000
    for second in range(90):
        numbers.running = 1 + second % 3
        numbers.add(prompt_tokens=100, generation_tokens=50)
        numbers.observe("time_to_first_token_seconds", 0.05)
        recorder.record(numbers.page().encode(), start + second * 1000)
    recorder.close()


def add_to_log(run: RunView, text: str) -> None:
    with open(paths.RunPaths(run.folder).output, "a", encoding="utf-8") as log:
        log.write(text)


def real_host(run: RunView, tab: str) -> Host:
    return Host(LiveSources(Fleet()), run, tab)  # type: ignore[arg-type]


async def test_overview_log_and_events(state_folder: Path, server: StandIn) -> None:
    run = make_run(state_folder, server.port)
    app = real_host(run, "overview")
    async with app.run_test(size=(120, 50)) as pilot:
        text = await until_text(pilot, "no GPU here: CPU engine")
        assert "vllm serve tiny --api-key ***" in text and "A='b c'" in text and "VLLM_API_KEY=•••" in text
        assert "imports" in text and "20.0 s" in text and KEY not in text
        app.detail.open_tab("events")
        await until_text(pilot, "ready on port [8000]")
        app.detail.open_tab("logs")
        text = await until_text(pilot, "Loading  7%|#")
        assert "line 2999" in text and "'api_key': '***'" in text and KEY not in text
        add_to_log(run, "\rLoading 99%|##\nall loaded\n")
        text = await until_text(pilot, "all loaded")
        assert "Loading 99%" in text and "7%" not in text
        os.truncate(paths.RunPaths(run.folder).output, 0)
        add_to_log(run, "a new life\n")
        text = await until_text(pilot, "a new life")
        assert "all loaded" not in text


async def test_recorded_metrics_become_charts(state_folder: Path, server: StandIn) -> None:
    run = make_run(state_folder, server.port)
    record_metrics(run)
    app = real_host(run, "metrics")
    async with app.run_test(size=(120, 60)) as pilot:
        text = await until_text(pilot, "Throughput")
        for title in ("Throughput", "Requests", "KV cache", "Time to first token", "Inter-token latency"):
            assert title in text
        assert "100 %┤" in text
        app.detail.focus_pane()
        await pilot.pause()
        await pilot.press("left_square_bracket")
        await until_text(pilot, "[1m]")
        await until(pilot, lambda: re.search(r"generation \S+ ø\S+ \^50 ", screen_text(app.screen)))
        assert re.search(r"a prompt \S+ ø\S+ \^100 ", screen_text(app.screen))


async def test_any_recorded_metric_can_be_charted(state_folder: Path, server: StandIn) -> None:
    run = make_run(state_folder, server.port)
    record_metrics(run)
    app = real_host(run, "metrics")
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "Throughput")
        app.detail.focus_pane()
        await pilot.pause()
        await pilot.press("m")
        await until_text(pilot, "vllm:prompt_tokens_total")
        await pilot.press(*"prompt_tokens_total")
        await pilot.press("enter", "escape")
        await until_text(pilot, "─ vllm:prompt_tokens_total tok/s ─")
        await until(pilot, lambda: settings.read().get("metric-charts") == "vllm:prompt_tokens_total")


async def test_goals_are_written_and_drawn(state_folder: Path, server: StandIn) -> None:
    run = make_run(state_folder, server.port)
    record_metrics(run)
    app = real_host(run, "metrics")
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "Throughput")
        app.detail.focus_pane()
        await pilot.pause()
        await pilot.press("g")
        await until_text(pilot, "Goals of")
        await pilot.press(*"250ms", "tab", *"99", "enter")
        await until_text(pilot, "goal 250 ms: ")
        assert control.goals(run.id) == Goals((Goal("ttft", 0.25, 0.99),))


async def test_a_run_without_history_and_a_folder_that_is_gone(state_folder: Path, server: StandIn) -> None:
    run = make_run(state_folder, server.port)
    app = real_host(run, "metrics")
    async with app.run_test(size=(80, 40)) as pilot:
        await until_text(pilot, "Nothing was recorded yet")
        app.detail.set_run(run._replace(id="999999999999", folder=str(state_folder / "gone")))
        for tab, wanted in (("overview", "run.json is missing"), ("logs", "No output yet")):
            app.detail.open_tab(tab)
            await until_text(pilot, wanted)


async def test_a_run_that_fails_shows_how_its_log_ends(state_folder: Path, server: StandIn) -> None:
    run = make_run(state_folder, server.port)
    log_more(run, f"\n\x1b[31mValueError: [/models] \x1b]0;x\x07 needs key {KEY}\x1b[0m\n\n")
    app = real_host(run, "overview")
    async with app.run_test(size=(100, 40)) as pilot:
        text = await until_text(pilot, "no GPU here")
        assert "End of the log" not in text
        app.snapshot(run._replace(status="failed", ready=False, ended=time.time(), exit_code=1))
        text = await until_text(pilot, "End of the log (3: all of it)")
        assert text.index("Why it failed") < text.index("ValueError") < text.index("End of the log")
        assert "ValueError: [/models]  needs key" in text and KEY not in text and "\x1b" not in text
        assert "line 2999" in text and text.index("line 2999") < text.rindex("ValueError") < text.index(" Start")
        app.snapshot(run)
        await until(pilot, lambda: "End of the log" not in screen_text(app.screen))


async def test_a_chat_with_a_server_and_a_history_that_survives(state_folder: Path, server: StandIn) -> None:
    run = make_run(state_folder, server.port)
    app = real_host(run, "chat")
    async with app.run_test(size=(100, 30)) as pilot:
        await until_text(pilot, "● tiny")
        app.detail.focus_pane()
        pane = app.query_one(ChatPane)
        pane.prompt.insert("tell me something")
        await pilot.press("enter")
        await until(pilot, lambda: not pane.answering and "TTFT" in screen_text(app.screen))
        text = screen_text(app.screen)
        assert "tok/s" in text and "tokens" in text
        pane.prompt.insert("!stall")
        await pilot.press("enter")
        await until(pilot, lambda: pane.answering and "esc stops the answer" in screen_text(app.screen))
        await pilot.press("escape")
        await until_text(pilot, "interrupted")
        await until(pilot, lambda: server.server.aborted.is_set())
    again = real_host(run, "chat")
    async with again.run_test(size=(100, 60)) as pilot:
        text = await until_text(pilot, "you ▸ tell me something")
        assert "interrupted" in text and "TTFT" in text


@pytest.mark.parametrize(
    "order", ["!nested", "!flat", "!string", "!detail", "!html", "!empty", "!busy", "!toolong", "!late", "!cut"]
)
async def test_every_error_is_one_sentence_and_keeps_the_prompt(
    state_folder: Path, server: StandIn, order: str
) -> None:
    app = real_host(make_run(state_folder, server.port), "chat")
    async with app.run_test(size=(300, 30)) as pilot:
        await until_text(pilot, "● tiny")
        app.detail.focus_pane()
        pane = app.query_one(ChatPane)
        pane.prompt.insert(order)
        await pilot.press("enter")
        text = await until_text(pilot, "✖ ")
        sentence = text[text.index("✖ ") :].split("\n")[0].strip()
        assert sentence.endswith(".") and "Traceback" not in text and "<html" not in text
        assert pane.prompt.text == order and not pane.answering


async def test_nobody_there_is_said(state_folder: Path) -> None:
    app = real_host(make_run(state_folder, 9), "chat")
    async with app.run_test(size=(100, 30)) as pilot:
        await until_text(pilot, "enter sends")
        app.detail.focus_pane()
        pane = app.query_one(ChatPane)
        pane.prompt.insert("hello")
        await pilot.press("enter")
        await until_text(pilot, "✖ nothing answers at http://127.0.0.1:9")
        assert pane.prompt.text == "hello"
