"""The conversation as a view: what can be chosen, folded, copied, edited; where the reader is."""

from __future__ import annotations

from pathlib import Path

import pytest
from detail_host import until, until_text
from screen_text import screen_text
from test_chat_pane import FakeClient, ask, host, opened

from launcher.chat.library import Prompt
from launcher.chat.turn import Call, Turn
from launcher.errors import VdeckError
from launcher.serving.errors import ServingError
from launcher.serving.parts import Delta, Model, ToolCall
from tui.chat.items import Item
from tui.chat.pane import ChatPane

TALK = (
    Turn("user", "how?", 1.0),
    Turn(
        "assistant", "First this:\n\n```python\nprint('hi')\n```\n\nthen **that**.", 2.0, "tiny",
        {"thought_s": 3.1, "finish_reason": "stop"}, reasoning="let me see", calls=(Call("look", '{"x": {"y": 1}}'),),
    ),
)  # fmt: skip


def top_of(pane: ChatPane) -> Item:
    """The item whose line is the first in view."""
    found = pane.view.rows.at(pane.view.scroll_offset.y)
    assert found is not None
    return pane.view.rows.painted[found[0]].item


async def test_items_are_chosen_folded_and_copied() -> None:
    app, _, _ = host(turns=TALK)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        text = await until_text(pilot, "▸ thought for 3.1 s")
        assert "let me see" not in text and "┌ python" in text and '▸ tool call look({"x": {"y": 1}})' in text
        await pilot.press("escape")
        kinds = []
        for _ in range(6):
            await pilot.press("k")
            kinds.append(pane.view.chosen.kind if pane.view.chosen else None)
        assert kinds == ["call", "prose", "code", "prose", "thought", "prompt"]
        await pilot.press("j", "enter")
        await until_text(pilot, "let me see")
        await pilot.press("enter")
        await until(pilot, lambda: "let me see" not in screen_text(app.screen))
        await pilot.press("j", "j", "c")
        assert app.copied[-1] == "print('hi')"
        await pilot.press("j", "c")
        assert app.copied[-1] == TALK[1].text
        await pilot.press("j", "enter")
        assert '"y": 1' in await until_text(pilot, "▾ tool call look")


async def test_without_a_choice_the_last_answer_is_copied() -> None:
    app, _, _ = host(turns=TALK)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape", "c")
        assert app.copied == [TALK[1].text]


async def test_a_prompt_is_edited_and_what_followed_goes() -> None:
    turns = [*TALK, Turn("user", "second", 3.0), Turn("assistant", "answer two", 4.0)]
    app, sources, client = host(turns=turns)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        await pilot.press("escape", "e")
        assert pane.prompt.text == "second" and pane.prompt.has_focus
        await until_text(pilot, "✎ editing")
        await pilot.press("escape")
        await until(pilot, lambda: "✎" not in screen_text(app.screen))
        assert pane.prompt.text == "" and "answer two" in screen_text(app.screen), "nothing has changed"
        await pilot.press("escape", "e")
        pane.prompt.replace_text("better")
        await pilot.press("enter")
        await until(pilot, lambda: client.asked)
        assert [message["content"] for message in client.asked[0][0]] == ["how?", TALK[1].text, "better"]
        assert "answer two" not in screen_text(app.screen)
        client.streams[0].say("new answer", None)
        await until_text(pilot, "new answer")
        await until(pilot, lambda: len(sources.saved) == 3)
        assert [(turn.role, turn.keep) for turn in sources.saved] == [("rewind", 2), ("user", 0), ("assistant", 0)]


async def test_another_answer_takes_the_place_of_the_last() -> None:
    app, _, client = host(turns=TALK)
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: client.asked)
        assert client.asked[0][0] == [{"role": "user", "content": "how?"}]
        client.streams[0].say("instead", None)
        await until_text(pilot, "instead")
        assert "First this" not in screen_text(app.screen)


async def test_reasoning_is_open_while_it_is_all_there_is() -> None:
    app, sources, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, pilot)
        stream = await ask(app, pilot, client, "why?")
        stream.say(Delta("reasoning", "hm, because"))
        await until_text(pilot, "hm, because")
        stream.say("So it is.")
        await until(pilot, lambda: "hm, because" not in screen_text(app.screen))
        assert "▸ thought for" in screen_text(app.screen)
        stream.say(ToolCall(0, "1", "weather", "", False))
        await until_text(pilot, "tool call weather(…)")
        stream.say(ToolCall(0, "1", "weather", "not json", True), None)
        await until_text(pilot, "tool call weather(not json)")
        await until(pilot, lambda: len(sources.saved) == 2)
        assert sources.saved[1].reasoning == "hm, because" and sources.saved[1].calls == (
            Call("weather", "not json", "1"),
        )


async def test_the_end_is_followed_only_by_who_is_there() -> None:
    turns = [
        Turn("user" if index % 2 == 0 else "assistant", f"turn {index}.\n" * 3, float(index)) for index in range(30)
    ]
    app, _, client = host(turns=turns)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "go on")
        stream.say("first line\n")
        await until_text(pilot, "first line")
        pane.view.focus()
        await pilot.press("pageup")
        await until(pilot, lambda: not pane.view.at_end)
        before, height = top_of(pane), pane.view.rows.height
        stream.say("more\n\n" * 40)
        await until(pilot, lambda: pane.view.rows.height > height + 30)
        assert top_of(pane) == before and not pane.view.at_end, "the reader stays"
        await pilot.press("end")
        stream.say("the last word", None)
        await until_text(pilot, "the last word")


async def test_another_width_keeps_the_place() -> None:
    turns = [
        Turn("user" if index % 2 == 0 else "assistant", f"turn {index}. " + "word " * 60, float(index))
        for index in range(40)
    ]
    app, _, _ = host(turns=turns)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        pane.view.focus()
        for _ in range(4):
            await pilot.press("pageup")
        item = top_of(pane)
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: pane.view._width == pane.view._room)
        assert top_of(pane) == item


# -- dialogs and commands that do something


async def test_the_options_sheet() -> None:
    client = FakeClient("tiny")
    app, sources, _ = host(client)
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("ctrl+o")
        await until_text(pilot, "Options of the chat")
        app.screen.query_one("#option-temperature").focus()
        await pilot.press(*"9", "ctrl+s")
        text = await until_text(pilot, "Temperature needs a number from 0 to 2")
        assert "Options of the chat" in text, "what was typed is not lost"
        await pilot.press("backspace", *"0.5", "ctrl+s")
        await until_text(pilot, "temp 0.5")
        await until(pilot, lambda: sources.chat_settings.temperature == 0.5)
        await pilot.press("ctrl+o")
        await until_text(pilot, "Options of the chat")
        await pilot.press("escape")
        await until_text(pilot, "temp 0.5")


async def test_a_prompt_out_of_the_library() -> None:
    app, sources, _ = host()
    sources.found_prompts = (
        Prompt("bad", "", "/p/bad.md", "is not UTF-8"), Prompt("review", "Review this:\nplease", "/p/review.md"),
    )  # fmt: skip
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        await pilot.press("ctrl+l")
        assert "✖ bad" in await until_text(pilot, "review")
        await pilot.press("enter")
        await until(pilot, lambda: len(app._notifications) == 1)
        await pilot.press(*"rev")
        await until_text(pilot, "please")
        await pilot.press("enter")
        await until(pilot, lambda: pane.prompt.text == "Review this:\nplease")
        pane.prompt.clear()
        pane.prompt.insert("/prompt nope")
        await pilot.press("enter")
        await until_text(pilot, "There is no prompt nope.")


async def test_an_empty_library_says_where_prompts_lie() -> None:
    app, _, _ = host()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, pilot)
        await pilot.press("ctrl+l")
        await until_text(pilot, "/home/me/.config/vdeck/prompts")


async def test_going_on_with_an_earlier_conversation() -> None:
    turns = [Turn("user", "old q", 0.1), Turn("assistant", "old a", 0.2), Turn("clear", "", 0.3), *TALK]
    app, sources, client = host(turns=turns)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, pilot)
        assert "old a" not in screen_text(app.screen)
        await pilot.press("escape", "h")
        await until_text(pilot, "Earlier conversations")
        await pilot.press(*"old", "enter")
        await until_text(pilot, "old a")
        await until(
            pilot,
            lambda: sources.saved and sources.saved[-1] == sources.saved[-1]._replace(role="resume", keep_time=0.1),
        )
        await pilot.press("i")
        await ask(app, pilot, client, "new")
        assert [message["content"] for message in client.asked[0][0]] == ["old q", "old a", "new"]


async def test_pictures_go_along_and_come_back_with_a_prompt_that_failed(tmp_path: Path) -> None:
    app, sources, client = host()
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        pane.prompt.insert(f"/image {picture}")
        await pilot.press("enter")
        await until_text(pilot, "▣ cat.png")
        stream = await ask(app, pilot, client, "what is it?")
        parts = client.asked[0][0][0]["content"]
        assert [part["type"] for part in parts] == ["image_url", "text"]
        assert "▣" in await until_text(pilot, "what is it?")
        stream.say(ServingError("tiny is not a multimodal model", kind="http", status=400))
        await until_text(pilot, "this model takes none")
        assert pane.prompt.text == "what is it?"
        sources.fault = VdeckError("cannot read the picture", fix="give a path")
        pane.prompt.clear()
        pane.prompt.insert("/image /nowhere.png")
        await pilot.press("enter")
        await until_text(pilot, "✖ cannot read the picture. give a path.")


async def test_a_base_model_is_offered_completions() -> None:
    app, _, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "Once upon")
        stream.say(ServingError("no chat template", kind="http", status=400))
        await until_text(pilot, "/mode completions sends your text as it is")
        pane.prompt.clear()
        pane.prompt.insert("/mode completions")
        await pilot.press("enter")
        await until_text(pilot, "completions   enter sends")
        await ask(app, pilot, client, "Once upon")
        assert client.asked[-1][0] == list("Once upon"), "one text, not messages (the fake takes it apart)"


@pytest.mark.parametrize("path", ["", "talk.json"])
async def test_saving(path: str) -> None:
    app, sources, _ = host(turns=TALK)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        if path:
            pane.prompt.insert(f"/save {path}")
            await pilot.press("enter")
        else:
            await pilot.press("ctrl+s")
        await until_text(pilot, "Saved to")
        assert f"export {path} 2" in sources.asked


def test_adapters_are_among_the_models() -> None:
    from tui.chat.commands import described

    assert described(Model("my-lora", 4096, "tiny")) == "my-lora (adapter of tiny, 4096 tokens)"
    assert ChatPane.BINDINGS
