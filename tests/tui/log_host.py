"""Helpers for tests of the Logs tab: a host with a log, opened and focused."""

from __future__ import annotations

from collections.abc import Iterable

from detail_host import FakeLog, FakeSources, Host, until, until_text
from fake_fleet import ready_run
from textual.pilot import Pilot
from textual.widgets import Static

from launcher.runs.view import RunView
from tui.detail.log_pane import LogPane
from tui.detail.log_view import LogView

SIZES = [(80, 24), (120, 40)]


def host(*lines: str, sources: FakeSources | None = None, run: RunView | None = None) -> tuple[Host, FakeLog]:
    """An app with this log in its Logs tab."""
    sources = sources or FakeSources()
    sources.log = FakeLog(lines)
    return Host(sources, run or ready_run(), "logs"), sources.log


async def opened(app: Host, pilot: Pilot[None], wanted: str) -> LogView:
    """The log view, open and focused, its file read through."""
    await until_text(pilot, wanted)
    app.detail.focus_pane()
    pane = app.query_one(LogPane)
    await until(pilot, lambda: pane._rows is not None and pane._rows.complete)
    return app.query_one(LogView)


def numbered(count: int, start: int = 0) -> list[str]:
    """Lines that say their number."""
    return [f"line {number:05d}" for number in range(start, start + count)]


def status(app: Host) -> str:
    """The line below the log."""
    return str(app.query_one("#log-status", Static).render())


async def until_status(app: Host, pilot: Pilot[None], wanted: str) -> str:
    """Wait until the line below the log has this text."""
    await until(pilot, lambda: wanted in status(app))
    return status(app)


async def press(pilot: Pilot[None], keys: Iterable[str]) -> None:
    """Press these keys; ``slash`` and the like are one."""
    await pilot.press(*keys)
