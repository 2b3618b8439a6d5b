"""The chat pane: streaming, interrupting, errors, commands, history; with a server that the test plays."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from detail_host import FakeSources, Host, until, until_text
from fake_fleet import ready_run, starting_run
from screen_text import screen_text, widget_text
from textual.pilot import Pilot

from launcher.chat.turn import Turn
from launcher.serving.errors import ServingError
from launcher.serving.parts import ChatParams, Delta, Finish, Model, ToolCall, Usage
from launcher.serving.stats import ChatStats
from tui.chat import text as chat_text
from tui.chat.pane import ChatPane


class FakeStream:
    """One answer: the test puts parts (or an exception) into ``parts``; None ends it. It is read in another thread."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.parts: asyncio.Queue[Any] = asyncio.Queue()
        self.closed = False
        self.figures = ChatStats()

    async def __aenter__(self) -> FakeStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True

    def __aiter__(self) -> FakeStream:
        return self

    async def __anext__(self) -> Any:
        part = await self.parts.get()
        if part is None:
            raise StopAsyncIteration
        if isinstance(part, Exception):
            raise part
        return part

    def stats(self) -> ChatStats:
        return self.figures

    def say(self, *parts: Any) -> None:
        for part in parts:
            given = Delta("content", part) if isinstance(part, str) else part
            self.loop.call_soon_threadsafe(self.parts.put_nowait, given)


class FakeClient:
    """Notes what was asked; each question gets a stream of its own."""

    def __init__(self, *models: str) -> None:
        self.served = models or ("tiny",)
        self.asked: list[tuple[list[Mapping[str, Any]], ChatParams]] = []
        self.streams: list[FakeStream] = []
        self.closed = False

    async def models(self) -> tuple[Model, ...]:
        return tuple(Model(name) for name in self.served)

    def stream(self, messages: Sequence[Mapping[str, Any]], params: ChatParams) -> FakeStream:
        self.asked.append((list(messages), params))
        self.streams.append(FakeStream())
        return self.streams[-1]

    async def aclose(self) -> None:
        self.closed = True


def host(client: FakeClient | None = None, turns: Sequence[Turn] = ()) -> tuple[Host, FakeSources, FakeClient]:
    sources = FakeSources()
    sources.client = client or FakeClient()
    sources.turns = list(turns)
    return Host(sources, ready_run(served_names=()), "chat"), sources, sources.client


async def opened(app: Host, pilot: Pilot[None]) -> ChatPane:
    await until_text(pilot, "● tiny")
    app.detail.focus_pane()
    await pilot.pause()
    return app.query_one(ChatPane)


async def ask(app: Host, pilot: Pilot[None], client: FakeClient, text: str) -> FakeStream:
    """Type a prompt and send it; returns the stream of its answer."""
    count = len(client.streams)
    app.query_one(ChatPane).prompt.insert(text)
    await pilot.press("enter")
    await until(pilot, lambda: len(client.streams) > count)
    return client.streams[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_question_is_streamed_and_ends_as_markdown(size: tuple[int, int]) -> None:
    app, sources, client = host()
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot)
        stream = await ask(app, pilot, client, "hello")
        text = await until_text(pilot, "you ▸ hello")
        assert "esc stops the answer" in text
        stream.figures = ChatStats(ttft_s=0.212)
        stream.say("**bo")
        await until_text(pilot, "bo")
        stream.say("ld** word")
        text = await until_text(pilot, "bold word")
        assert "**" not in text, "Markdown is formatted while it comes"
        assert "TTFT 212 ms" in screen_text(app.screen)
        stream.figures = ChatStats(0.212, 1.5, 48.0, 12, 340, 8, "length")
        stream.say(Finish("length"), Usage(12, 340), None)
        text = await until_text(pilot, "token limit")
        assert "bold word" in text and "**" not in text
        assert "TTFT 212 ms   48 tok/s   12 + 340 tokens   8 cached   1.5 s" in text
        await until(pilot, lambda: len(sources.saved) == 2)
        assert [(turn.role, turn.text) for turn in sources.saved] == [("user", "hello"), ("assistant", "**bold** word")]
        assert sources.saved[1].stats["completion_tokens"] == 340 and sources.saved[1].model == "tiny"


async def test_the_conversation_goes_along() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        (await ask(app, pilot, client, "one")).say("first", None)
        await until_text(pilot, "enter sends")
        (await ask(app, pilot, client, "two")).say("second", None)
        await until_text(pilot, "second")
        messages, params = client.asked[1]
        assert [message["content"] for message in messages] == ["one", "first", "two"]
        assert params.model == "tiny"


async def test_escape_interrupts_and_keeps_what_came() -> None:
    app, sources, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "count")
        stream.say("1 2 3")
        await until_text(pilot, "1 2 3")
        stream.figures = ChatStats(0.1, 1.0, finish_reason="cancelled")
        await pilot.press("escape")
        await until_text(pilot, "interrupted")
        assert stream.closed and not pane.answering and app.left == 0
        await until(pilot, lambda: len(sources.saved) == 2)
        assert sources.saved[1].text == "1 2 3"
        assert "enter sends" in screen_text(app.screen)


async def test_escape_leaves_the_prompt_then_the_pane() -> None:
    app, _, _ = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        assert app.focused is pane.prompt
        await pilot.press("escape")
        assert app.focused is not None and app.focused.id == "chat-view" and app.left == 0
        await pilot.press("escape")
        await until(pilot, lambda: app.left == 1)
        app.query_one("#chat-view").focus()
        await pilot.press("i")
        assert app.focused is pane.prompt


async def test_an_error_is_one_sentence_and_the_prompt_comes_back() -> None:
    app, sources, client = host()
    async with app.run_test(size=(100, 24)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "why?")
        stream.say("half")
        await until_text(pilot, "half")
        stream.say(ServingError("the server closed the connection", kind="interrupted", fix="send it again"))
        await until_text(pilot, "✖ the server closed the connection. send it again.")
        assert pane.prompt.text == "why?" and "half" in screen_text(app.screen)
        await until(pilot, lambda: len(sources.saved) == 2)
        assert sources.saved[1].error == "the server closed the connection. send it again."
        pane.prompt.clear()
        (await ask(app, pilot, client, "again")).say("fine", None)
        await until_text(pilot, "fine")
        assert [message["content"] for message in client.asked[-1][0]] == ["again"]


async def test_a_server_without_running_usage_is_asked_again() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        stream = await ask(app, pilot, client, "hi")
        assert client.asked[0][1].body()["stream_options"]["continuous_usage_stats"] is True
        stream.say(ServingError("refused", kind="http", status=400, detail="continuous_usage_stats: extra field"))
        await until(pilot, lambda: len(client.streams) == 2)
        client.streams[1].say("answered", None)
        await until_text(pilot, "answered")
        assert "stream_options" not in client.asked[1][1].body()
        assert app.query_one(ChatPane).prompt.text == ""


async def test_a_prompt_during_an_answer_is_kept() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        await ask(app, pilot, client, "one")
        pane.prompt.insert("two")
        await pilot.press("enter")
        await until(pilot, lambda: len(app._notifications) == 1)
        assert pane.prompt.text == "two" and len(client.streams) == 1


async def test_several_lines_and_the_last_prompt_again() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        await pilot.press("a", "ctrl+j", "b", "shift+enter", "c")
        assert pane.prompt.text == "a\nb\nc"
        await pilot.press("enter")
        await until(pilot, lambda: client.streams)
        assert client.asked[0][0][-1]["content"] == "a\nb\nc"
        await pilot.press("up")
        assert pane.prompt.text == "a\nb\nc"


def starting() -> tuple[Host, FakeClient]:
    sources = FakeSources()
    sources.client = FakeClient()
    return Host(sources, starting_run(served_names=()), "chat"), sources.client


NOW_READY = ready_run("369367189170", served_names=())


async def test_a_prompt_can_be_written_before_the_run_is_ready() -> None:
    app, client = starting()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Not ready yet (load 43 %)")
        pane = app.query_one(ChatPane)
        await pilot.press(*"hello")
        assert pane.prompt.text == "hello" and not client.asked
        app.snapshot(NOW_READY)
        await until_text(pilot, "● tiny")
        assert pane.prompt.text == "hello" and not client.asked  # written, but nobody said: send


async def test_a_sent_prompt_waits_for_the_server() -> None:
    app, client = starting()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Not ready yet (load 43 %)")
        pane = app.query_one(ChatPane)
        await pilot.press(*"hello", "enter")
        await until_text(pilot, "Your prompt waits for the server (load 43 %)")
        assert pane.prompt.text == "hello"
        app.snapshot(NOW_READY)
        await until(pilot, lambda: client.asked)
        assert client.asked[0][0][-1]["content"] == "hello" and pane.prompt.text == ""


@pytest.mark.parametrize("keys", [["escape"], [*"!"]])
async def test_a_waiting_prompt_is_held_back(keys: list[str]) -> None:
    app, client = starting()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Not ready yet (load 43 %)")
        pane = app.query_one(ChatPane)
        await pilot.press(*"hello", "enter")
        await until_text(pilot, "Your prompt waits")
        await pilot.press(*keys)
        await until_text(pilot, "Not ready yet")
        app.snapshot(NOW_READY)
        await until_text(pilot, "● tiny")
        assert pane.prompt.has_focus and pane.prompt.text.startswith("hello") and not client.asked


async def test_nobody_answers_after_the_end() -> None:
    app, client = starting()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Not ready yet")
        await pilot.press(*"hello", "enter")
        await until_text(pilot, "Your prompt waits")
        app.snapshot(ready_run("369367189170", status="failed", ready=False))
        await until_text(pilot, "nobody answers")
        pane = app.query_one(ChatPane)
        await pilot.press("enter")
        await until(pilot, lambda: len(app._notifications) == 1)
        assert pane.prompt.text == "hello" and not client.asked


async def test_letters_typed_into_the_conversation_go_to_the_prompt() -> None:
    app, _, _ = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        await pilot.press("escape")
        assert not pane.prompt.has_focus
        await pilot.press(*"Tell", "space", *"me")
        assert pane.prompt.text == "Tell me" and pane.prompt.has_focus


async def test_the_history_is_shown_and_goes_along_after_a_clear() -> None:
    turns = [
        Turn("user", "old"), Turn("assistant", "forgotten"), Turn("clear", ""), Turn("user", "kept q"),
        Turn("assistant", "# Head\n\nkept a", model="m", stats={"ttft_s": 0.5, "finish_reason": "stop"}),
        Turn("user", "failed q"), Turn("assistant", "", error="the server was gone."),
    ]  # fmt: skip
    app, _, client = host(turns=turns)
    async with app.run_test(size=(80, 40)) as pilot:
        await opened(app, pilot)
        text = screen_text(app.screen)
        assert "kept a" in text and "TTFT 500 ms" in text and "✖ the server was gone." in text
        assert "forgotten" not in text
        await ask(app, pilot, client, "new")
        assert [message["content"] for message in client.asked[0][0]] == ["kept q", "# Head\n\nkept a", "new"]


async def test_commands() -> None:
    app, sources, client = host(FakeClient("tiny", "lora-a", "lora-b"))
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)

        async def command(text: str, answer: str) -> None:
            pane.prompt.insert(text)
            await pilot.press("enter")
            await until_text(pilot, answer)

        await command("/model lora-b", "● lora-b")
        await command("/max 50", "max 50")
        await command("/temp 0.5", "temp 0.5")
        await command("/temp hot", "/temp needs a number from 0 to 2, not hot.")
        await command("/system be brief", "system prompt set")
        await command("/nonsense", "There is no command /nonsense.")
        await command("/help", "further fields of the request body")
        await ask(app, pilot, client, "//slash")
        messages, params = client.asked[0]
        assert messages == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "/slash"}]
        assert (params.model, params.max_tokens, params.temperature) == ("lora-b", 50, 0.5)
        await command("/clear", "Press esc first.")
        client.streams[0].say("x", None)
        await until_text(pilot, "enter sends")
        pane.prompt.insert("/clear")
        await pilot.press("enter")
        await until(pilot, lambda: "be brief" not in screen_text(app.screen) and "you ▸" not in screen_text(app.screen))
        await until(pilot, lambda: sources.saved[-1].role == "clear")


async def test_an_answer_goes_on_while_another_tab_is_open() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        stream = await ask(app, pilot, client, "hello")
        app.detail.open_tab("metrics")
        await until_text(pilot, "Throughput")
        stream.say("written meanwhile", None)
        await until(pilot, lambda: not app.query_one(ChatPane).answering)
        app.detail.open_tab("chat")
        await until_text(pilot, "written meanwhile")


async def test_another_run_stops_the_answer_and_shows_its_own_chat() -> None:
    app, sources, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        stream = await ask(app, pilot, client, "hello")
        stream.say("part")
        await until_text(pilot, "part")
        app.detail.set_run(ready_run("369367189999", served_names=()))
        await until(pilot, lambda: stream.closed and client.closed)
        await until(pilot, lambda: "hello" not in screen_text(app.screen))
        await until(pilot, lambda: any(turn.text == "part" for turn in sources.saved))


async def test_a_full_disk_is_said_and_the_chat_goes_on() -> None:
    app, sources, client = host()

    def full(run: Any, turn: Turn) -> None:
        raise OSError(28, "No space left on device")

    sources.save_turn = full  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        (await ask(app, pilot, client, "hello")).say("answer", None)
        await until_text(pilot, "answer")
        assert "No space left on device" in next(iter(app._notifications)).message


async def test_hostile_answers_are_text() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "[/models/qwen] [b]x")
        stream.say("[/models/qwen]\x1b[31m\x1b]52;c;ZXZpbA==\x07 pay\u202eeht [click](http://evil)")
        text = await until_text(pilot, "payeht")
        assert "[/models/qwen]" in text and "you ▸ [/models/qwen] [b]x" in text
        stream.say(None)
        await until(pilot, lambda: not pane.answering)
        text = widget_text(app, pane)
        assert not any(character in text for character in "\x1b\x07\u202e")
        await pilot.press("escape", "c")
        await until(pilot, lambda: app.copied)
        assert "\x1b" not in app.copied[0] and "\u202e" not in app.copied[0]


async def test_old_turns_are_painted_when_somebody_comes_near() -> None:
    turns = [Turn("user" if index % 2 == 0 else "assistant", f"turn {index}.") for index in range(150)]
    app, _, _ = host(turns=turns)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        await until_text(pilot, "turn 149.")
        assert len(pane.view.rows.painted) < 100, "what nobody sees is not painted"
        pane.view.focus()
        await pilot.press("home")
        await until_text(pilot, "turn 0.")
        assert pane.view.item_count == 150 + 75, "a name above each answer"
        await pilot.press("end")
        await until_text(pilot, "turn 149.")


@pytest.mark.parametrize(
    ("stats", "line"),
    [
        ({}, ""),
        ({"ttft_s": 0.2, "finish_reason": "stop"}, "TTFT 200 ms"),
        ({"prompt_tokens": 12, "completion_tokens": None}, "12 + - tokens"),
        ({"tokens_per_s": 1234.5, "cached_tokens": 0}, "1.23k tok/s"),
        ({"finish_reason": "tool_calls"}, "called a tool"),
        ({"finish_reason": "\x1b[31mnew"}, "new"),
        ({"ttft_s": "soon", "prompt_tokens": True}, ""),
    ],
)
def test_the_line_of_figures(stats: dict[str, Any], line: str) -> None:
    assert chat_text.figures_line(stats) == line


async def test_tool_calls_and_reasoning_are_shown() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        stream = await ask(app, pilot, client, "weather?")
        stream.say(Delta("reasoning", "I should ask."))
        await until_text(pilot, "I should ask.")
        stream.say(ToolCall(0, "1", "weather", '{"city": "Seoul"}', True), Finish("tool_calls"), None)
        await until_text(pilot, 'tool call weather({"city": "Seoul"})')
