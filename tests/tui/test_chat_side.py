"""Side by side: one prompt, a column each."""

from __future__ import annotations

from typing import Any

import pytest
from detail_host import FakeSources, Host, until, until_text
from fake_fleet import ready_run
from screen_text import screen_text
from test_chat_pane import FakeClient

from launcher.chat.turn import Turn
from launcher.runs.view import RunView
from launcher.serving.errors import ServingError
from launcher.serving.stats import ChatStats
from tui.chat import contest
from tui.chat.side import Contender, SideScreen


class TwoSources(FakeSources):
    """A client each run."""

    def __init__(self, **clients: FakeClient) -> None:
        super().__init__()
        self.clients = clients

    def chat_client(self, run: RunView) -> Any:
        return self.clients[run.name]


def stage() -> tuple[Host, SideScreen, TwoSources]:
    sources = TwoSources(a=FakeClient("model-a"), b=FakeClient("model-b"))
    runs = [ready_run(f"36936718916{n}", name=name, served_names=()) for n, name in enumerate("ab")]
    return Host(sources, None), SideScreen(sources, [Contender(run) for run in runs]), sources


async def send(pilot: Any, screen: SideScreen, text: str) -> None:
    screen._prompt.insert(text)
    await pilot.press("enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_same_prompt_to_both_and_what_came_of_it(size: tuple[int, int]) -> None:
    app, screen, sources = stage()
    a, b = sources.clients["a"], sources.clients["b"]
    async with app.run_test(size=size) as pilot:
        app.push_screen(screen)
        await until_text(pilot, "model-b")
        await send(pilot, screen, "hello")
        await until(pilot, lambda: a.streams and b.streams)
        assert a.asked[0][0] == b.asked[0][0] == [{"role": "user", "content": "hello"}]
        assert (a.asked[0][1].model, b.asked[0][1].model) == ("model-a", "model-b")
        a.streams[0].figures = ChatStats(0.1, 1.0, 50.0, 3, 20)
        a.streams[0].say("left answer", None)
        await until_text(pilot, "1 of 2 still writes")
        assert "▲" not in screen_text(app.screen), "no verdict before all are there"
        b.streams[0].figures = ChatStats(0.3, 1.0, 100.0, 3, 20)
        b.streams[0].say("right answer", None)
        text = await until_text(pilot, "▲ fastest")
        assert "left answer" in text and "right answer" in text and "▲ soonest" in text
        assert "200 ms later" in text and "TTFT 300 ms" in text
        await until(pilot, lambda: len(sources.saved) == 6)
        assert [turn.role for turn in sources.saved].count("clear") == 2, "a conversation of its own"


async def test_one_fails_and_the_other_goes_on() -> None:
    app, screen, sources = stage()
    a, b = sources.clients["a"], sources.clients["b"]
    async with app.run_test(size=(120, 30)) as pilot:
        app.push_screen(screen)
        await until_text(pilot, "model-b")
        await send(pilot, screen, "hello")
        await until(pilot, lambda: a.streams and b.streams)
        a.streams[0].say(ServingError("it broke", kind="stream"))
        await until_text(pilot, "✖ it broke.")
        b.streams[0].say("fine", None)
        await until_text(pilot, "2 answers at once")
        assert "fine" in screen_text(app.screen) and screen._prompt.text == ""


async def test_when_nobody_answers_the_prompt_comes_back() -> None:
    app, screen, sources = stage()
    async with app.run_test(size=(120, 30)) as pilot:
        app.push_screen(screen)
        await until_text(pilot, "model-b")
        await send(pilot, screen, "hello")
        await until(pilot, lambda: all(client.streams for client in sources.clients.values()))
        for client in sources.clients.values():
            client.streams[0].say(ServingError("gone", kind="unreachable"))
        await until(pilot, lambda: screen._prompt.text == "hello")


async def test_escape_stops_all_then_leaves() -> None:
    app, screen, sources = stage()
    async with app.run_test(size=(120, 30)) as pilot:
        app.push_screen(screen)
        await until_text(pilot, "model-b")
        await send(pilot, screen, "hello")
        await until(pilot, lambda: all(client.streams for client in sources.clients.values()))
        await pilot.press("escape")
        await until(pilot, lambda: not screen.answering)
        assert all(client.streams[0].closed for client in sources.clients.values()) and app.screen is screen
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not screen)
        await until(pilot, lambda: all(client.closed for client in sources.clients.values()))


async def test_commands_are_for_all_and_models_are_kept() -> None:
    app, screen, sources = stage()
    async with app.run_test(size=(120, 30)) as pilot:
        app.push_screen(screen)
        await until_text(pilot, "model-b")
        await send(pilot, screen, "/max 7")
        await until(pilot, lambda: screen_text(app.screen).count("max 7") == 2)
        await send(pilot, screen, "/history")
        await until(pilot, lambda: len(app._notifications) == 1)
        await send(pilot, screen, "x")
        await until(pilot, lambda: all(client.asked for client in sources.clients.values()))
        assert [client.asked[0][1].max_tokens for client in sources.clients.values()] == [7, 7]
        assert sources.chat_settings.max_tokens is None, "the options of the runs' own chats stay"


def _turn(ttft: float | None, speed: float | None, error: str | None = None) -> Turn:
    return Turn("assistant", "x", stats={"ttft_s": ttft, "tokens_per_s": speed}, error=error)


def test_verdicts() -> None:
    assert contest.verdicts([_turn(0.1, 10.0), None]) == ["", ""]
    assert contest.verdicts([_turn(0.1, 10.0)]) == [""]
    same = contest.verdicts([_turn(0.1, 10.0), _turn(0.101, 9.9)])
    assert same == ["▲ soonest   ▲ fastest"] * 2
    assert contest.verdicts([_turn(0.1, None), _turn(0.2, 5.0)]) == [
        "▲ soonest",
        "▼ 100 ms later",
    ]
    assert contest.verdicts([_turn(0.1, 5.0, "broken."), _turn(0.2, 5.0)]) == ["", ""]
