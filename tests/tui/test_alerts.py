"""The bell and the desktop notification: once for a goal that begins to be missed, and only when it was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from deck import deck, polled
from fake_fleet import FakeFleet, failed_run, ready_run, until

from tui.alerts import Alert, Alerts, desktop

BELL = "\x07"


def run(*missed: str, notify: str = "bell", **changes: Any) -> Any:
    return ready_run(missed=missed, notify=notify, **changes)


def test_what_is_missed_at_first_sight_rings_nothing() -> None:
    alerts = Alerts()
    assert alerts.look([run("ttft")]) == ()
    assert alerts.look([run("ttft"), run("itl", run_id="900000000002")]) == ()


def test_a_goal_that_begins_to_be_missed_is_told_once() -> None:
    alerts = Alerts()
    alerts.look([run()])
    assert alerts.look([run("ttft", "e2e")]) == (Alert("bell", "vllm-server misses its goal: TTFT, E2E"),)
    assert alerts.look([run("ttft", "e2e")]) == ()
    assert alerts.look([run("e2e", "itl")]) == (Alert("bell", "vllm-server misses its goal: ITL"),)
    assert alerts.look([run()]) == ()
    assert alerts.look([run("ttft")]) == (Alert("bell", "vllm-server misses its goal: TTFT"),)


def test_nobody_is_told_who_did_not_ask() -> None:
    alerts = Alerts()
    for view in (run(notify="off"), run("ttft", notify="off"), run(), run("ttft", notify="mail")):
        assert alerts.look([view]) == ()


def test_a_run_that_is_gone_is_forgotten() -> None:
    alerts = Alerts()
    alerts.look([run()])
    alerts.look([failed_run()])
    assert alerts.look([run("ttft")]) == ()


@pytest.mark.parametrize(
    ("environment", "sequence"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;vdeck: a misses\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;vdeck;a misses\x07"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;vdeck;a misses\x07"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}, "\x1bPtmux;\x1b\x1b]9;vdeck: a misses\x07\x1b\\"),
        ({}, "\x1b]9;vdeck: a misses\x07"),
    ],
)
def test_the_sequence_that_a_terminal_knows(environment: dict[str, str], sequence: str) -> None:
    assert desktop("vdeck", "a misses", environment) == sequence


@pytest.mark.parametrize(
    "hostile", ["a\x07b", "a\x1b]52;c;AA\x07b", "a\x1b\\\x1b[31mb", "a\nb\x9cc", "\udc80", "x" * 5000]
)
def test_no_name_of_a_run_ends_the_sequence_or_begins_another(hostile: str) -> None:
    for environment in ({"TERM": "xterm"}, {"TERM": "foot"}):
        text = desktop("a;b", hostile, environment)
        inner = text[1:-1]
        assert text[0] == "\x1b"
        assert text[-1] == BELL
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in inner)
        assert len(text) < 200
        text.encode()
    assert desktop("a;b", "c", {"TERM": "foot"}) == "\x1b]777;notify;a,b;c\x07"


async def test_the_screen_rings_when_a_run_begins_to_miss_a_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = FakeFleet(run())
    async with deck(fleet) as (app, pilot):
        rung: list[str] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append("bell"))
        fleet.runs = (run("ttft", name="a [x]"), run("itl", run_id="900000000002"))
        await polled(app, pilot, fleet)
        await until(pilot, lambda: [one.message for one in app._notifications] == ["a [x] misses its goal: TTFT"])
        await polled(app, pilot, fleet)
        assert rung == ["bell"]


async def test_the_screen_sends_a_notification_through_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("VTE_VERSION", raising=False)
    fleet = FakeFleet(run(notify="desktop"))
    async with deck(fleet) as (app, pilot):
        sent: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", sent.append)
        monkeypatch.setattr(app, "bell", lambda: sent.append(BELL))
        fleet.runs = (run("e2e", notify="desktop"),)
        await polled(app, pilot, fleet)
        await until(pilot, lambda: "\x1b]9;vdeck: vllm-server misses its goal: E2E\x07" in sent)
        assert BELL not in sent
