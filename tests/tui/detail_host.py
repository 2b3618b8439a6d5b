"""A tiny app around the detail area, and sources that live in memory."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from fake_fleet import FakeSnapshot, Figures
from screen_text import screen_text
from textual.app import App, ComposeResult
from textual.pilot import Pilot

import styles
from launcher.runs.events import Event
from launcher.runs.view import RunView
from launcher.serving.transcript import Turn
from tui.detail.controller import Periods
from tui.detail.overview_pane import Particulars
from tui.detail.tabs import DetailTabs

DETAIL_CSS = os.path.join(os.path.dirname(styles.__file__), "detail.tcss")


class FakeSeries(NamedTuple):
    name: str
    times_ms: tuple[int, ...]
    values: tuple[float | None, ...]
    current: float | None = None
    mean: float | None = None
    peak: float | None = None


class FakePanel(NamedTuple):
    key: str
    title: str
    unit: str
    series: tuple[FakeSeries, ...]
    note: str | None = None


def wave(name: str, start_ms: int, end_ms: int, points: int, height: float, shift: float = 0.0) -> FakeSeries:
    """A series with round figures."""
    times = tuple(start_ms + (end_ms - start_ms) * index // (points - 1) for index in range(points))
    values = tuple(height * (0.5 + 0.5 * math.sin(index / 9 + shift)) for index in range(points))
    return FakeSeries(name, times, values, values[-1], height / 2, height)


class FakeLog:
    """A log that tests write into."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.fresh: list[str] = []
        self.partial = ""
        self.restarted = False
        self.begins_again = False
        self.behind = 0
        self.polls = 0

    def last(self, n: int) -> list[str]:
        self.behind = 0
        return self.lines[-n:]

    def poll(self) -> list[str]:
        self.polls += 1
        self.restarted, self.begins_again = self.begins_again, False
        fresh, self.fresh = self.fresh, []
        return fresh


class FakeSources:
    """Everything the controller can ask for; ``asked`` notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.log = FakeLog([])
        self.found_events: tuple[Event, ...] = ()
        self.turns: list[Turn] = []
        self.saved: list[Turn] = []
        self.client: Any = None
        self.make_panels: Callable[[int, int, int], tuple[FakePanel, ...] | None] = two_panels
        self.secrets: dict[str, str] = {}
        self.error: Exception | None = None

    def particulars(self, run: RunView) -> Particulars:
        self.asked.append("particulars")
        return Particulars(("image is ignored here",), (("A", "1 2"),), ("HF_TOKEN",))

    def panels(self, run: RunView, start_ms: int, end_ms: int, points: int) -> Any:
        self.asked.append(f"panels {(end_ms - start_ms) // 1000}")
        if self.error is not None:
            raise self.error
        return self.make_panels(start_ms, end_ms, points)

    def open_log(self, run: RunView) -> FakeLog:
        self.asked.append("open_log")
        return self.log

    def redactor(self, run: RunView) -> Callable[[str], str]:
        def redact(text: str) -> str:
            for secret, mask in self.secrets.items():
                text = text.replace(secret, mask)
            return text

        return redact

    def events(self, run: RunView) -> tuple[Event, ...]:
        self.asked.append("events")
        return self.found_events

    def chat_client(self, run: RunView) -> Any:
        self.asked.append("chat_client")
        if self.error is not None:
            raise self.error
        return self.client

    def load_chat(self, run: RunView) -> tuple[Turn, ...]:
        return tuple(self.turns)

    def save_turn(self, run: RunView, turn: Turn) -> None:
        self.saved.append(turn)


def two_panels(start_ms: int, end_ms: int, points: int) -> tuple[FakePanel, ...]:
    """Throughput and TTFT."""
    return (
        FakePanel("tokens", "Throughput", "tok/s", (
            wave("prompt", start_ms, end_ms, points, 800.0), wave("generation", start_ms, end_ms, points, 300.0, 1.0),
        )),
        FakePanel("ttft", "Time to first token", "s", (wave("p95", start_ms, end_ms, points, 0.4),)),
    )  # fmt: skip


class Host(App[None]):
    """An app with nothing but the detail area."""

    CSS_PATH = DETAIL_CSS
    BINDINGS = [("escape", "left", "left"), ("f9", "left", "left")]  # noqa: RUF012

    def __init__(self, sources: FakeSources, run: RunView | None, tab: str = "overview") -> None:
        super().__init__()
        self.animation_level = "none"
        self.detail = DetailTabs(fleet=None, sources=sources)
        self.detail.controller.periods = Periods(0.02, 0.02, 0.02)
        self.detail.set_run(run)
        self.detail.open_tab(tab)
        self.left = 0
        self.copied: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.detail

    def action_left(self) -> None:
        self.left += 1

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)
        super().copy_to_clipboard(text)

    def snapshot(self, run: RunView, figures: Figures | None = None) -> None:
        """What the screen does once a second."""
        held = {run.id: figures} if figures is not None else {}
        self.detail.set_snapshot(FakeSnapshot((run,), held, (), time.time()))  # type: ignore[arg-type]


async def until(pilot: Pilot[Any], condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait for a condition; fails with the painted screen when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not reached:\n" + screen_text(pilot.app.screen))
        await pilot.pause()
        await asyncio.sleep(0.01)
    await pilot.pause()


async def until_text(pilot: Pilot[Any], wanted: str, timeout_s: float = 5.0) -> str:
    """Wait until the painted screen has this text; returns the whole text."""
    await until(pilot, lambda: wanted in screen_text(pilot.app.screen), timeout_s)
    return screen_text(pilot.app.screen)
