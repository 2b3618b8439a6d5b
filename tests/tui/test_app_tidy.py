"""Full rounds of the garbage collector are made while nobody types."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from deck import deck

from tui import tidy
from tui.tidy import Tidier


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [1000.0]
    monkeypatch.setattr(tidy.time, "monotonic", lambda: now[0])
    threshold = gc.get_threshold()
    yield now
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.mark.parametrize(
    ("passed", "since_key", "made"),
    [(10, 10, False), (61, 61, True), (61, 1, False), (599, 0.1, False), (600, 0.1, True)],
)
def test_a_round_waits_for_a_quiet_moment_but_not_for_ever(clock, passed, since_key, made):
    tidier = Tidier()
    clock[0] += passed - since_key
    tidier.touched()
    clock[0] += since_key
    assert tidier.look() is made
    assert tidier.look() is False


def test_no_full_round_by_itself(clock):
    Tidier().begin()
    assert gc.get_threshold()[2] > 100_000 and gc.get_freeze_count() > 0 and gc.isenabled()


async def test_keys_and_clicks_are_noted():
    async with deck() as (app, pilot):
        for act in (lambda: pilot.press("j"), lambda: pilot.click("#tab-logs")):
            app.tidier._touched = 0.0
            await act()
            assert app.tidier._touched > 0
