"""Attach on the screen: the dialog, and what an attached run can and cannot do."""

from __future__ import annotations

import pytest
from deck import LARGE, SIZES, SMALL, deck, painted, polled, three_runs
from fake_fleet import FakeControl, FakeFleet, attached_run, failed_run, ready_run, until
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from launcher.chat.settings import ChatSettings
from launcher.errors import VdeckError
from launcher.host.servers import Server
from tui.chat.state import state_line, why_closed
from tui.detail.overview_text import facts, sentence
from tui.render.attach import found_line, server_line
from tui.render.state import look
from tui.screens.attach import AttachScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.palette import ActionProvider

HERE = Server(4711, 18000, "http://127.0.0.1:18000", "some/tiny")
BOXED = Server(4712, 18001, None, "boxed")
PLAIN = {"name": None, "key_variable": None, "insecure": False, "check": True}


def flat(app) -> str:
    """The window as one line, without its frame."""
    return " ".join(painted(app).replace("│", " ").split())


async def opened(app, pilot, found: int = 0) -> AttachScreen:
    await pilot.press("a")
    await until(pilot, lambda: isinstance(app.screen, AttachScreen))
    screen = app.screen
    await until(pilot, lambda: app.screen.query_one(OptionList).option_count == found and "looking" not in painted(app))
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_a_server_that_was_found_is_attached_with_one_key(size):
    control = FakeControl()
    control.servers = (HERE, BOXED)
    fleet = three_runs()
    async with deck(fleet, control, size=size) as (app, pilot):
        await opened(app, pilot, 2)
        text = painted(app)
        for words in ("18000", "some/tiny", "http://127.0.0.1:18000", "pid 4711", "in a container"):
            assert words in text, words
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert control.orders == [("attach", "http://127.0.0.1:18000", PLAIN)]
        fleet.runs = (*fleet.runs, control.attached)
        await polled(app, pilot, fleet)
        assert app.main.table.chosen == control.attached.id


async def test_what_is_typed_is_attached():
    control = FakeControl()
    async with deck(control=control) as (app, pilot):
        await opened(app, pilot)
        assert "none found on this machine" in painted(app)
        await pilot.press(*"box:8000", "tab", *"prod", "tab", *"TEAM_KEY", "tab", "space", "tab", "space")
        text = painted(app)
        assert "[x] do not verify TLS" in text and "[x] also when it is down now" in text
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.screen is app.main)
    given = {"name": "prod", "key_variable": "TEAM_KEY", "insecure": True, "check": False}
    assert control.orders == [("attach", "box:8000", given)]


async def test_an_error_is_shown_in_the_dialog_and_nothing_typed_is_lost():
    control = FakeControl()
    control.errors["attach"] = VdeckError("no answer from [/x]", fix="check the port")
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press(*"box:1", "enter")
        await until(pilot, lambda: "no answer from [/x]" in painted(app))
        assert "check the port" in painted(app) and app.screen is screen
        assert screen.query_one("#attach-url", Input).value == "box:1"
        del control.errors["attach"]
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
    assert len(control.orders) == 2


async def test_a_server_in_a_container_asks_for_its_port():
    control = FakeControl()
    control.servers = (BOXED,)
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot, 1)
        await pilot.press("enter")
        await until(pilot, lambda: "complete the URL with the port" in painted(app))
        assert app.focused is screen.query_one("#attach-url", Input)
        await pilot.press(*"9000", "enter")
        await until(pilot, lambda: control.orders)
    assert control.orders == [("attach", "http://127.0.0.1:9000", PLAIN)]


async def test_nothing_typed_is_said_and_escape_closes():
    control = FakeControl()
    async with deck(control=control) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("enter")
        assert "type the URL" in painted(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
    assert control.orders == []


async def test_a_search_that_fails_leaves_the_url_to_be_typed():
    control = FakeControl()

    def fails():
        raise OSError(13, "Permission denied", "/proc")

    control.found_servers = fails  # type: ignore[method-assign]
    async with deck(control=control) as (app, pilot):
        await opened(app, pilot)
        assert "Permission denied: /proc" in painted(app)
        await pilot.press(*"box", "enter")
        await until(pilot, lambda: control.orders)


async def test_an_empty_deck_offers_what_runs_here():
    control = FakeControl()
    control.servers = (HERE,)
    async with deck(FakeFleet(), control) as (app, pilot):
        await until(pilot, lambda: "A vLLM server runs on this machine already" in painted(app))


async def test_an_empty_deck_without_servers_names_the_key():
    control = FakeControl()
    async with deck(FakeFleet(), control) as (app, pilot):
        await until(pilot, lambda: control.looked)
        assert "a watches a vLLM server that runs already" in painted(app)


async def test_a_deck_with_runs_does_not_look_at_every_process():
    control = FakeControl()
    async with deck(three_runs(), control):
        assert control.looked == 0


@pytest.mark.parametrize("key", ["T", "K", "R", "C", "e"])
async def test_what_would_touch_the_server_means_nothing(key):
    control = FakeControl()
    async with deck(FakeFleet(attached_run()), control) as (app, pilot):
        await pilot.press(key)
        assert app.screen is app.main
    assert control.orders == []


@pytest.mark.parametrize("size", SIZES)
async def test_d_detaches_and_says_that_the_server_goes_on(size):
    control = FakeControl()
    async with deck(FakeFleet(attached_run()), control, size=size) as (app, pilot):
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        text = painted(app)
        assert "Detach prod?" in text and "The server goes on." in text and "Detach (y)" in text
        await pilot.press("y")
        await until(pilot, lambda: control.orders)
    assert control.orders == [("delete", attached_run().id)]


async def test_an_attached_one_among_others_is_named():
    control = FakeControl()
    async with deck(FakeFleet(attached_run(), failed_run(), ready_run()), control) as (app, pilot):
        await pilot.press("space", "space", "space", "D")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "Delete 2 runs?" in flat(app))
        assert isinstance(app.screen, ConfirmScreen)
        note = app.screen.question.note  # where its lines break depends on how long the runs are up
        assert "1 of them only watch" in note and "Not possible for 1" in note


async def test_the_palette_offers_attach_and_no_stop():
    async with deck(FakeFleet(attached_run())) as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        words = [entry.words for entry in ActionProvider(app.main).entries()]
    assert any(word.startswith("Attach") for word in words)
    assert not any(word.startswith(("Terminate", "Kill", "Restart", "Clone", "Edit")) for word in words)


@pytest.mark.parametrize("size", SIZES)
async def test_the_overview_tells_what_is_watched(size):
    async with deck(FakeFleet(attached_run()), size=size) as (app, pilot):
        await until(pilot, lambda: "http://gpu-box:8000" in painted(app))
        text = painted(app)
        for words in ("vLLM 0.33.0", "llama-8b", "watched", "8,192 tokens", "none seen"):
            assert words in text, words
        assert "GPUs" not in text and "manifest" not in text and "No phase" not in text


async def test_the_logs_tab_says_that_there_is_none():
    async with deck(FakeFleet(attached_run()), size=SMALL) as (app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: "vdeck did not start this server" in painted(app))


async def test_y_copies_the_url():
    async with deck(FakeFleet(attached_run()), size=LARGE) as (app, pilot):
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == "http://gpu-box:8000")


def test_a_server_that_is_down_is_not_one_that_starts():
    down = attached_run(ready=False, ready_at=None, reason="not ready: no answer in time")
    assert look(down).words == "not ready"
    assert sentence(down, 0)[1].startswith("Not ready")
    assert why_closed(down) == "Not ready: no answer in time. Enter sends as soon as the server answers."


def test_a_certificate_that_nobody_checks_is_said():
    run = attached_run(attached="https://gpu-box", insecure=True)
    assert "certificate not verified" in facts(run, 0, 80).plain
    assert "certificate" not in facts(run._replace(insecure=False), 0, 80).plain


def test_text_from_a_command_line_is_cleaned():
    assert "\x1b" not in "".join(text for text, _ in server_line(Server(1, 2, None, "a\x1b[31mb\n")))
    assert "2 vLLM servers run" in "".join(text for text, _ in found_line(2))


def test_a_prompt_waits_for_a_server_that_is_down():
    down = attached_run(ready=False, reason="not ready: no answer in time")
    line = state_line(down, ChatSettings(), None, answering=False, waiting=True).plain
    assert "waits for the server (not ready)" in line
