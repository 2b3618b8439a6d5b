"""The main job from the keyboard, on the whole screen: choose tiny, start, watch, chat, read, terminate."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_kit import START_S, ended
from textual.pilot import Pilot

from launcher.chat.turn import Turn
from launcher.host import ports
from launcher.logs.phases import PHASES
from tui.app import VdeckApp
from tui.chat import session as chat_session
from tui.chat.growing import Growth
from tui.chat.pane import ChatPane
from tui.detail.log_view import LogView
from tui.screens.confirm import ConfirmScreen
from tui.screens.launch import LaunchScreen

sys.path.append(str(Path(__file__).parents[1] / "tui"))
from screen_text import screen_text

pytestmark = pytest.mark.engine
SIZE = (120, 40)


async def until(pilot: Pilot[None], condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait for a condition with a deadline; gives its value."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not in {seconds:.0f} s\n{screen_text(pilot.app.screen)}"
        await pilot.pause(0.05)
    return found


async def test_the_main_job_by_keyboard(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.parent)
    app = VdeckApp()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "No runs yet" in screen_text(app.screen), 10, "the empty screen")
        await start_tiny(app, pilot)
        run_id = await until(pilot, lambda: app.main.table.chosen, 10, "a row for the run")
        await watch_the_start(app, pilot, run_id)
        run = app.main.chosen_run()
        assert run is not None and run.url is not None and run.pids
        port = run.endpoints[0].port
        assert not ports.is_free(port)

        await chat(app, pilot, monkeypatch)
        await metrics_moved(app, pilot, run_id)
        await pilot.press("3")
        view = await until(pilot, lambda: app.main.query(LogView), 5, "the log")
        await until(pilot, lambda: count_of(view.first()) > 30, 10, "the lines of the log")
        await until(pilot, lambda: "POST /v1/chat/completions" in screen_text(app.screen), 5, "the request in the log")

        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), 5, "the question")
        assert "Terminate tiny?" in screen_text(app.screen) and run_id in screen_text(app.screen)
        await pilot.press("y")
        await until(pilot, lambda: status(app, run_id) == "■ terminated", 40, "the end in the table")
    assert ended(run_id, 5).status == "terminated"
    assert ports.is_free(port)


def count_of(view: LogView) -> int:
    """Lines that the log view has."""
    return view.lines.count if view.lines is not None else 0


def status(app: VdeckApp, run_id: str) -> str:
    """The status cell of the run's row."""
    table = app.main.table
    return table.get_cell(run_id, "status").plain.strip() if run_id in table.rows else ""


async def start_tiny(app: VdeckApp, pilot: Pilot[None]) -> None:
    """n, the first letters of the file, ctrl+s; the exact command stands there before."""
    await pilot.press("n")
    await until(pilot, lambda: isinstance(app.screen, LaunchScreen), 10, "the dialog")
    await pilot.press(*"tiny")
    await until(pilot, lambda: "✔ no problems" in screen_text(app.screen), 20, "the checked manifest")
    await until(pilot, lambda: "ready to start" in screen_text(app.screen), 20, "the plan")
    for word in ("--served-model-name", "--enforce-eager", "--port"):
        assert word in screen_text(app.screen)
    await pilot.press("ctrl+s")
    await until(pilot, lambda: app.screen is app.main, 20, "the end of the dialog")


async def watch_the_start(app: VdeckApp, pilot: Pilot[None], run_id: str) -> None:
    """The phases pass by in the table, in their order."""
    seen: list[str] = []

    def ready() -> bool:
        words = status(app, run_id).lstrip("◐●○ ").split(" ")[0]
        if words and words not in seen:
            seen.append(words)
        assert not status(app, run_id).startswith("✖"), screen_text(app.screen)
        return "ready" in seen

    await until(pilot, ready, START_S, "ready")
    phases = [name for name in seen if name in PHASES]
    assert phases == [name for name in PHASES if name in phases]
    assert {"imports", "engine", "ready"} <= set(phases)


async def chat(app: VdeckApp, pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Type, enter; the answer grows before our eyes and has its figures below it."""
    await pilot.press("4")
    await until(pilot, lambda: "● tiny" in screen_text(app.screen), 10, "the chat")
    pane = app.main.query_one(ChatPane)
    assert app.main.focused is pane.prompt
    grown: list[int] = []
    """Characters of the answer at each paint that had more of it than the one before."""
    grow = pane.grow

    def watched(growth: Growth) -> None:
        grow(growth)
        texts = (one.item.text for one in pane.view.rows.painted if one.item.kind in ("prose", "code"))
        seen = len("".join(texts))
        if not grown or seen > grown[-1]:
            grown.append(seen)

    finish, finished = pane.finish, []

    def ended_turn(turn: Turn, index: int) -> None:
        finished.append(turn)
        finish(turn, index)

    # a tiny model says 200 words in less than two paints of the screen: paint more often to see an answer grow
    monkeypatch.setattr(chat_session, "PAINT_PERIOD_S", 0.01)
    monkeypatch.setattr(pane, "grow", watched)
    monkeypatch.setattr(pane, "finish", ended_turn)
    for number in range(1, 9):  # noise may be short: ask again until one answer was long enough to be seen growing
        grown.clear()
        await pilot.press(*"Tell", "space", *"me", "space", *"more", "enter")
        await until(pilot, lambda wanted=number: len(finished) == wanted, 60, "the answer")
        assert finished[-1].error is None, finished[-1].error
        if len(grown) > 2:
            break
    assert len(grown) > 2, [(turn.text, turn.stats) for turn in finished]
    text = await until(
        pilot, lambda: "TTFT" in (found := screen_text(app.screen)).rpartition("tiny ◂")[2] and found, 5, "its figures"
    )
    figures = text.rpartition("tiny ◂")[2]
    assert "tok/s" in figures and "tokens" in figures
    await pilot.press("escape", "escape")
    assert app.main.focused is app.main.table


async def metrics_moved(app: VdeckApp, pilot: Pilot[None], run_id: str) -> None:
    """The chat is to be seen in the table and in the charts."""
    await pilot.press("2")
    await until(pilot, lambda: "Throughput" in screen_text(app.screen), 20, "the charts")

    def moved() -> bool:
        figures = app.main.snapshot.figures.get(run_id) if app.main.snapshot is not None else None
        return figures is not None and (figures.gen_tps or 0) > 0 and figures.ttft_p95 is not None

    await until(pilot, moved, 20, "tok/s in the figures")
    rate = app.main.table.get_cell(run_id, "rate").plain.strip()
    await until(pilot, lambda: f"tok/s {rate}" in screen_text(app.screen), 10, "the same tok/s above the charts")
    assert rate not in ("-", "0")
