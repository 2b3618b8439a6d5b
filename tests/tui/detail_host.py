"""A tiny app around the detail area, and sources that live in memory."""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any

from fake_fleet import FakeSnapshot, Figures
from screen_text import screen_text
from textual.app import App, ComposeResult
from textual.pilot import Pilot

import styles
from launcher.chat.library import Prompt
from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.logs.map import Change, LogMap
from launcher.logs.merge import MergedLog
from launcher.metrics.catalog import Charts, Heat, Panel, Series
from launcher.metrics.families import Family
from launcher.metrics.goals import Goal
from launcher.metrics.records import Event
from launcher.runs import events as run_events
from launcher.runs.view import RunView
from styles import themes
from tui.detail.controller import Periods
from tui.detail.overview_pane import Particulars
from tui.detail.tabs import DetailTabs

DETAIL_CSS: list[str | PurePath] = [
    os.path.join(os.path.dirname(styles.__file__), name) for name in ("detail.tcss", "chat.tcss", "bench.tcss")
]


def series(name: str, *values: float | None, current: float | None = None, span_ms: int = 0) -> Series:
    """A series with a sample every millisecond (or spread over ``span_ms``) and its true figures."""
    known = [value for value in values if value is not None]
    mean = sum(known) / len(known) if known else None
    step = span_ms / max(1, len(values) - 1) if span_ms else 1
    times = tuple(round(index * step) for index in range(len(values)))
    return Series(name, times, values, current, mean, max(known, default=None))


def panel(*lines: Series, key: str = "key", title: str = "Latency", unit: str = "s", **more: Any) -> Panel:
    """A panel of these lines."""
    return Panel(key, title, unit, lines, more.pop("note", None), **more)


def wave(name: str, start_ms: int, end_ms: int, points: int, height: float, shift: float = 0.0) -> Series:
    """A series with round figures."""
    times = tuple(start_ms + (end_ms - start_ms) * index // (points - 1) for index in range(points))
    values = tuple(height * (0.5 + 0.5 * math.sin(index / 9 + shift)) for index in range(points))
    return Series(name, times, values, values[-1], height / 2, height)


def heat(points: int, *columns: tuple[float, ...], bounds: tuple[float, ...] = (10.0, 100.0, math.inf)) -> Heat:
    """A heat map whose columns repeat until there are enough."""
    shown = columns or ((1.0, 4.0, 0.0), (0.0, 2.0, 1.0))
    return Heat(bounds, tuple(shown[index % len(shown)] for index in range(points)))


class FakeLog:
    """A log file that tests write into. It goes when nobody holds it any more."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._folder.name, "log")
        self.polls = 0
        self.write("")
        self.add(*lines)

    def add(self, *lines: str) -> None:
        """Append lines."""
        self.write("".join(line + "\n" for line in lines))

    def write(self, text: str | bytes) -> None:
        """Append whatever it is."""
        with open(self.path, "ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))

    def begin_again(self, *lines: str) -> None:
        """The file is cut to nothing and written anew."""
        with open(self.path, "wb"):
            pass
        self.add(*lines)

    def rotate(self, *lines: str) -> None:
        """Another file has the name."""
        os.rename(self.path, self.path + ".1")
        self.add(*lines)


class CountedMap(LogMap):
    """Notes how often one looks at the file."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log
        super().__init__(log.path)

    def refresh(self) -> Change:
        self._log.polls += 1
        return super().refresh()


class FakeSources:
    """Everything the controller can ask for; ``asked`` notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.log = FakeLog()
        self.more_logs: dict[str, FakeLog] = {}
        """Logs of other runs, by id."""
        self.found_events: tuple[run_events.Event, ...] = ()
        self.turns: list[Turn] = []
        self.saved: list[Turn] = []
        self.bench: Any = None
        """A BenchSources, for the tests of that tab."""
        self.chat_settings = ChatSettings()
        self.found_prompts: tuple[Prompt, ...] = ()
        self.client: Any = None
        self.make_charts: Callable[[int, int, int], Charts | None] = two_panels
        self.found_families: tuple[Family, ...] = ()
        self.kept: tuple[str, ...] = ()
        self.found_goals: tuple[Goal, ...] = ()
        self.fault: Exception | None = None
        """What everything but reading the charts raises."""
        self.secrets: dict[str, str] = {}
        self.error: Exception | None = None

    def particulars(self, run: RunView) -> Particulars:
        self.asked.append("particulars")
        return Particulars(("image is ignored here",), (("A", "1 2"),), ("HF_TOKEN",))

    def charts(
        self, run: RunView, start_ms: int, end_ms: int, points: int, extra: tuple[str, ...] = ()
    ) -> Charts | None:
        self.asked.append(f"charts {(end_ms - start_ms) // 1000}")
        if self.error is not None:
            raise self.error
        made = self.make_charts(start_ms, end_ms, points)
        if made is None:
            return None
        picked = tuple(
            panel(wave("value", start_ms, end_ms, points, 9.0), key=f"metric:{name}", title=name, unit="")
            for name in extra
        )
        return made._replace(panels=picked + made.panels)

    def _check(self, what: str) -> None:
        self.asked.append(what)
        if self.fault is not None:
            raise self.fault

    def families(self, run: RunView) -> tuple[Family, ...]:
        self._check("families")
        return self.found_families

    def extras(self) -> tuple[str, ...]:
        return self.kept

    def keep_extras(self, families: tuple[str, ...]) -> None:
        self._check(f"keep {' '.join(families)}")
        self.kept = families

    def goals(self, run: RunView) -> tuple[Goal, ...]:
        self._check("goals")
        return self.found_goals

    def set_goals(self, run: RunView, goals: tuple[Goal, ...]) -> None:
        self._check("set goals")
        self.found_goals = goals

    def open_log(self, run: RunView) -> LogMap:
        self.asked.append("open_log")
        return CountedMap(self.more_logs.get(run.id, self.log))

    def merge_logs(self, runs: tuple[RunView, ...]) -> MergedLog:
        self.asked.append("merge_logs")
        return MergedLog([self.more_logs.get(run.id, self.log).path for run in runs], near=time.time())

    def redactor(self, run: RunView) -> Callable[[str], str]:
        def redact(text: str) -> str:
            for secret, mask in self.secrets.items():
                text = text.replace(secret, mask)
            return text

        return redact

    def events(self, run: RunView) -> tuple[run_events.Event, ...]:
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

    def load_chat_settings(self, run: RunView) -> ChatSettings:
        return self.chat_settings

    def save_chat_settings(self, run: RunView, settings: ChatSettings) -> None:
        self.chat_settings = settings

    def check_picture(self, path: str) -> None:
        self._check(f"picture {path}")

    def export_chat(self, run: RunView, path: str, turns: tuple[Turn, ...], settings: ChatSettings) -> str:
        self._check(f"export {path} {len(turns)}")
        return path or "/tmp/chat.md"

    def prompts(self) -> tuple[Prompt, ...]:
        return self.found_prompts

    def prompts_folder(self) -> str:
        return "/home/me/.config/vdeck/prompts"


def two_panels(start_ms: int, end_ms: int, points: int) -> Charts:
    """Throughput and TTFT."""
    lines = (
        wave("prompt", start_ms, end_ms, points, 800.0), wave("generation", start_ms, end_ms, points, 300.0, 1.0),
    )  # fmt: skip
    ttft = wave("p95", start_ms, end_ms, points, 0.4)
    return Charts(start_ms, end_ms, (
        panel(*lines, key="tokens", title="Throughput", unit="tok/s"),
        panel(ttft, key="ttft", title="Time to first token"),
    ))  # fmt: skip


def many_panels(start_ms: int, end_ms: int, points: int) -> Charts:
    """Eight with a line, a heat map, and two that the server has not."""
    shown = [
        panel(wave("x", start_ms, end_ms, points, 5.0), key=f"k{n}", title=f"Panel {n}", unit="req") for n in range(8)
    ]
    shown.append(panel(key="heat", title="Prompt length", unit="tok", heat=heat(points)))
    shown.append(panel(key="lora", title="LoRA adapters", note="without --enable-lora", absent=True))
    shown.append(panel(key="spec", title="Drafts", note="without --speculative-config", absent=True))
    middle = start_ms + (end_ms - start_ms) // 2
    return Charts(start_ms, end_ms, tuple(shown), (Event(middle, "restart"),))


class Host(App[None]):
    """An app with nothing but the detail area."""

    CSS_PATH = DETAIL_CSS
    BINDINGS = [("escape", "left", "left"), ("f9", "left", "left")]  # noqa: RUF012

    def __init__(self, sources: FakeSources, run: RunView | None, tab: str = "overview") -> None:
        super().__init__()
        for theme in themes.themes():  # the dialogs need their variables
            self.register_theme(theme)
        self.theme = themes.DARK
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
