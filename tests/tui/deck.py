"""Helpers for tests that drive the whole screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fake_fleet import FIGURES, FakeControl, FakeFleet, FakeGpu, failed_run, ready_run, starting_run, until
from screen_text import screen_text
from textual import _wait
from textual.pilot import Pilot

from tui.app import VdeckApp

SMALL, LARGE = (80, 24), (120, 40)
SIZES = [SMALL, LARGE]
GIB = 1024**3

# Pilot looks every 20 ms whether the app is idle, several times a key: a test of ten keys would sleep for a second.
_wait.SLEEP_GRANULARITY = 1 / 250
_wait.SLEEP_IDLE = 1 / 500


def three_runs() -> FakeFleet:
    """Ready, starting, failed; two GPUs."""
    return FakeFleet(
        ready_run(), starting_run(), failed_run(), figures={ready_run().id: FIGURES},
        gpus=(FakeGpu(0, 74 * GIB, 80 * GIB, 0.92), FakeGpu(1, 0, 80 * GIB, 0.0)),
    )  # fmt: skip


@asynccontextmanager
async def deck(
    fleet: FakeFleet | None = None, control: Any = None, size: tuple[int, int] = SMALL, **more: Any
) -> AsyncIterator[tuple[VdeckApp, Pilot[None]]]:
    """The app with its first picture on the screen."""
    app = VdeckApp(fleet=fleet or three_runs(), control=control or FakeControl(), **more)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        if app.main.snapshot is not None and app.main.snapshot.runs:
            await until(pilot, lambda: bool(app.main.query("DetailTabs")))
        await pilot.pause()
        yield app, pilot


def painted(app: VdeckApp) -> str:
    """The screen as text."""
    return screen_text(app.screen)


async def polled(app: VdeckApp, pilot: Pilot[None], fleet: FakeFleet) -> None:
    """Wait for a poll that began after now, and for its picture (or its error)."""
    polls = fleet.polls
    app.poll_soon()
    if fleet.error is not None:
        await until(pilot, lambda: fleet.polls > polls + 1 or app.main._problem)
    else:
        await until(pilot, lambda: app.main.snapshot is not None and app.main.snapshot.poll > polls)  # type: ignore[attr-defined]
    await pilot.pause()
