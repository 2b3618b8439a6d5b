"""The conversation as a view: what can be chosen, folded, copied, edited; where the reader is."""

from __future__ import annotations

import pytest
from detail_host import until, until_text
from screen_text import screen_text, widget_text
from test_chat_pane import ask, host, opened
from textual import events

from launcher.chat.turn import Call, Turn
from launcher.serving.parts import Delta, ToolCall
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


def items_in_view(pane: ChatPane) -> list[Item]:
    """The items of which a line is on the screen."""
    top = pane.view.scroll_offset.y
    found = (pane.view.rows.at(top + row) for row in range(pane.view.size.height))
    return [pane.view.rows.painted[place[0]].item for place in found if place is not None]


def row_of(pane: ChatPane, wanted: str) -> int:
    """The row of the conversation, as painted, that has this text."""
    return next(row for row, line in enumerate(widget_text(pane.app, pane.view).split("\n")) if wanted in line)


def line_of(pane: ChatPane, wanted: str) -> str:
    """The line of the screen from the left edge of the conversation on that has this text."""
    left = pane.view.region.x
    return next(line[left:] for line in screen_text(pane.screen).split("\n") if wanted in line)


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


# -- what the reader chose, and where they are, while an answer comes


async def test_reasoning_that_was_unfolded_stays_so_when_the_answer_ends() -> None:
    app, _, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "why?")
        stream.say(Delta("reasoning", "hm, because"), "So it is.")
        await until_text(pilot, "▸ thought for")
        pane.view.focus()
        await pilot.press("enter")
        await until_text(pilot, "hm, because")
        stream.say(None)
        await until(pilot, lambda: not pane.answering)
        assert "hm, because" in screen_text(app.screen)


async def test_reasoning_that_was_folded_while_it_came_stays_so() -> None:
    app, _, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "why?")
        stream.say(Delta("reasoning", "hm, because"))
        await until_text(pilot, "hm, because")
        pane.view.focus()
        await pilot.press("k", "enter")
        await until_text(pilot, "▸ thinking")
        stream.say(Delta("reasoning", " of that"))
        await until(pilot, lambda: any("of that" in one.item.text for one in pane.view.rows.painted))
        assert "hm, because" not in screen_text(app.screen), "more of it does not unfold it"
        stream.say("So it is.", None)
        await until(pilot, lambda: not pane.answering)
        text = screen_text(app.screen)
        assert "▸ thought for" in text and "hm, because" not in text


async def test_what_is_chosen_stays_so_while_it_grows() -> None:
    app, _, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "code")
        stream.say("Look:\n\n```python\none = 1\n")
        await until_text(pilot, "one = 1")
        pane.view.focus()
        await pilot.press("k")
        stream.say("two = 2\n")
        await until_text(pilot, "two = 2")
        assert pane.view.chosen is not None and pane.view.chosen.text == "one = 1\ntwo = 2"
        assert "▌ ┌ python" in screen_text(app.screen)
        await pilot.press("k")
        stream.say("```\n\nDone.", None)
        await until(pilot, lambda: not pane.answering)
        assert "▌ Look:" in screen_text(app.screen)
        await pilot.press("c", "j", "c")
        assert app.copied == ["Look:\n\n```python\none = 1\ntwo = 2\n```\n\nDone.", "one = 1\ntwo = 2"]


async def test_the_end_is_followed_while_the_next_prompt_is_written() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "go on")
        stream.say("more\n\n" * 40)
        await until(pilot, lambda: pane.view.rows.height > 60)
        before = pane.view.size.height
        await pilot.press(*["a", "ctrl+j"] * 4)
        await until(pilot, lambda: pane.view.size.height < before)
        assert pane.view.at_end
        stream.say("the last word", None)
        await until_text(pilot, "the last word")


@pytest.mark.parametrize("width", [60, 130])
async def test_another_width_keeps_the_end_and_the_folds(width: int) -> None:
    turns = [*TALK, Turn("user", "again?"), Turn("assistant", "word " * 300 + "end.", reasoning="hm " * 60)]
    app, _, _ = host(turns=turns)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        pane.view.focus()
        await pilot.press("enter", "end")
        await until(pilot, lambda: pane.view.at_end)
        await pilot.resize_terminal(width, 30)
        await until(pilot, lambda: pane.view._width == pane.view._room and pane.view.at_end)
        assert "end." in screen_text(app.screen)
        lines = "\n".join(strip.text for one in pane.view.rows.painted for strip in one.strips)
        assert "▾ thought" in lines and "▸ thought for 3.1 s" in lines


async def test_the_first_choice_is_in_view() -> None:
    turns = [Turn("user" if index % 2 == 0 else "assistant", f"turn {index}.\n" * 3) for index in range(60)]
    app, _, _ = host(turns=turns)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        pane.view.focus()
        for _ in range(4):
            await pilot.press("pageup")
        below = pane.view.rows.height - pane.view.scroll_offset.y
        assert pane.view.rows.waiting, "the key paints more above, which moves nothing"
        await pilot.press("k")
        assert pane.view.chosen is not None and pane.view.chosen in items_in_view(pane)
        moved = below - (pane.view.rows.height - pane.view.scroll_offset.y)
        assert 0 <= moved <= 3, "nobody is thrown to the end; the chosen item is whole"


# -- the mouse


async def test_a_click_chooses_and_a_second_one_unfolds() -> None:
    app, _, _ = host(turns=TALK)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        await pilot.click(pane.view, offset=(8, row_of(pane, "thought for")))
        assert pane.view.chosen is not None and pane.view.chosen.kind == "thought"
        assert "let me see" not in screen_text(app.screen)
        await pilot.click(pane.view, offset=(8, row_of(pane, "thought for")))
        await until_text(pilot, "let me see")
        await pilot.click(pane.view, offset=(8, row_of(pane, "print('hi')")))
        await pilot.press("c")
        assert app.copied == ["print('hi')"]


async def test_the_mouse_selects_text_and_it_is_copied() -> None:
    app, _, _ = host(turns=TALK)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        row = row_of(pane, "First this")
        left = line_of(pane, "First this").index("First")
        await pilot.mouse_down(pane.view, offset=(left, row))
        await pilot.hover(pane.view, offset=(left + 4, row))
        await pilot.mouse_up(pane.view, offset=(left + 4, row))
        await pilot.press("c")
        assert app.copied == ["First"] and pane.view.chosen is None, "a selection is no click"
        await pilot.click(pane.view, offset=(left, row))
        await pilot.press("c")
        assert app.copied[-1] == TALK[1].text, "a click ends the selection and chooses"


async def test_the_wheel_leaves_the_end_and_comes_back() -> None:
    turns = [Turn("user" if index % 2 == 0 else "assistant", f"turn {index}.\n" * 3) for index in range(60)]
    app, _, _ = host(turns=turns)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        await until(pilot, lambda: pane.view.at_end)
        for _ in range(3):
            await pilot._post_mouse_events([events.MouseScrollUp], pane.view, offset=(5, 5))
        await until(pilot, lambda: not pane.view.at_end)
        for _ in range(6):
            await pilot._post_mouse_events([events.MouseScrollDown], pane.view, offset=(5, 5))
        await until(pilot, lambda: pane.view.at_end)


# -- editing, and what may come in between


@pytest.mark.parametrize("command", ["/clear", "/history"])
async def test_another_conversation_ends_an_edit(command: str) -> None:
    turns = [Turn("user", "old q", 0.1), Turn("assistant", "old a", 0.2), Turn("clear", "", 0.3), *TALK,
             Turn("user", "second", 3.0), Turn("assistant", "answer two", 4.0)]  # fmt: skip
    app, sources, client = host(turns=turns)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        await pilot.press("escape", "e")
        await until_text(pilot, "✎ editing")
        pane.prompt.replace_text(command)
        await pilot.press("enter")
        if command == "/history":
            await until_text(pilot, "Earlier conversations")
            await pilot.press(*"old", "enter")
            await until_text(pilot, "old a")
        await until(pilot, lambda: "answer two" not in screen_text(app.screen))
        assert "✎" not in screen_text(app.screen)
        await ask(app, pilot, client, "new")
        said = ["old q", "old a"] if command == "/history" else []
        assert [message["content"] for message in client.asked[0][0]] == [*said, "new"]
        assert "rewind" not in [turn.role for turn in sources.saved]


async def test_an_edit_keeps_what_was_being_written() -> None:
    app, _, _ = host(turns=TALK)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        pane.prompt.insert("half a thought")
        await pilot.press("escape", "e")
        assert pane.prompt.text == "how?"
        await pilot.press("escape")
        await until(pilot, lambda: "✎" not in screen_text(app.screen))
        assert pane.prompt.text == "half a thought"


async def test_the_chosen_prompt_is_the_one_that_is_edited() -> None:
    turns = [*TALK, Turn("user", "second", 3.0), Turn("assistant", "answer two", 4.0)]
    app, _, client = host(turns=turns)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        await pilot.press("escape", *["k"] * 8)
        assert pane.view.chosen is not None and pane.view.chosen.text == "how?"
        await pilot.press("e")
        assert pane.prompt.text == "how?"
        await pilot.press("!", "enter")
        await until(pilot, lambda: client.asked)
        assert [message["content"] for message in client.asked[0][0]] == ["how?!"]
        assert "second" not in screen_text(app.screen) and "First this" not in screen_text(app.screen)


async def test_a_failed_answer_is_asked_again() -> None:
    turns = [*TALK, Turn("user", "second", 3.0), Turn("assistant", "", 4.0, error="the server was gone.")]
    app, sources, client = host(turns=turns)
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape", "r")
        await until(pilot, lambda: client.asked)
        assert [message["content"] for message in client.asked[0][0]] == ["how?", TALK[1].text, "second"]
        await until(pilot, lambda: "the server was gone" not in screen_text(app.screen))
        client.streams[0].say("fine now", None)
        await until(pilot, lambda: len(sources.saved) == 3)
        assert (sources.saved[0].role, sources.saved[0].keep) == ("rewind", 2)
        await until_text(pilot, "fine now")


async def test_without_a_prompt_there_is_nothing_to_edit_or_ask_again() -> None:
    app, sources, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape", "e", "c")
        await until(pilot, lambda: len(app._notifications) == 2)
        await pilot.press("r")
        await until_text(pilot, "There is no prompt yet.")
        assert not client.asked and not sources.saved and not app.copied
