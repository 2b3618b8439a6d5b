"""The windows and commands of the chat: options, prompts, earlier conversations, pictures, completions, saving."""

from __future__ import annotations

from pathlib import Path

import pytest
from detail_host import until, until_text
from fake_fleet import ready_run, starting_run
from screen_text import screen_text
from test_chat_pane import FakeClient, ask, host, opened
from test_chat_view import TALK
from textual import events
from textual.widgets import Input, Select, TextArea

from launcher.chat.library import Prompt
from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.errors import VdeckError
from launcher.serving.errors import ServingError
from launcher.serving.parts import Model
from tui.chat.desk import GROUP
from tui.chat.pane import ChatPane
from tui.chat.sheet import OptionsSheet, read


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


# -- the options sheet


async def test_the_sheet_shows_what_holds_and_escape_changes_nothing() -> None:
    app, sources, client = host(FakeClient("tiny", "my-lora"))
    sources.chat_settings = ChatSettings(temperature=0.1234567, stop=("END", "a b"), thinking=False, system="be\nbrief")
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("ctrl+o")
        await until_text(pilot, "Options of the chat")
        sheet = app.screen
        assert isinstance(sheet, OptionsSheet)
        assert read(sheet.settings, sheet.typed()) == (sources.chat_settings, {}), "opened and applied: the same"
        sheet.query_one("#option-seed", Input).focus()
        await pilot.press(*"17", "escape")
        await until(pilot, lambda: app.screen is not sheet)
        await ask(app, pilot, client, "hi")
        assert client.asked[0][1].seed is None and client.asked[0][1].temperature == 0.1234567


async def test_the_model_of_the_sheet_answers() -> None:
    app, sources, client = host(FakeClient("tiny", "my-lora"))
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape", "s")
        await until_text(pilot, "Options of the chat")
        app.screen.query_one("#option-model", Select).value = "my-lora"
        app.screen.query_one("#option-system", TextArea).text = "be brief"
        await pilot.click("#sheet-apply")
        await until_text(pilot, "● my-lora")
        await pilot.press("i")
        await ask(app, pilot, client, "hi")
        messages, params = client.asked[0]
        assert messages[0] == {"role": "system", "content": "be brief"} and params.model == "my-lora"
        await until(pilot, lambda: sources.chat_settings.model == "my-lora")


async def test_every_problem_of_the_sheet_is_told_in_turn() -> None:
    app, sources, _ = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("ctrl+o")
        await until_text(pilot, "Options of the chat")
        app.screen.query_one("#option-max_tokens", Input).value = "0"
        app.screen.query_one("#option-extra", Input).value = "[1]"
        await pilot.press("ctrl+s")
        await until_text(pilot, "Max tokens needs a whole number from 1")
        assert app.screen.focused is not None and app.screen.focused.id == "option-max_tokens"
        app.screen.query_one("#option-max_tokens", Input).value = "9"
        await pilot.press("ctrl+s")
        await until_text(pilot, "More fields needs a JSON object")
        assert sources.chat_settings == ChatSettings()
        app.screen.query_one("#option-extra", Input).value = '{"top_k": 3}'
        await pilot.press("ctrl+s")
        await until_text(pilot, "max 9")
        await until(pilot, lambda: dict(sources.chat_settings.extra) == {"top_k": 3})


@pytest.mark.parametrize(
    ("key", "title"), [("ctrl+o", "Options of the chat"), ("ctrl+l", "Prompts"), ("h", "Earlier conversations")]
)
async def test_a_window_opens_once_however_often_the_key_is_pressed(key: str, title: str) -> None:
    app, _, _ = host(turns=TALK)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await opened(app, pilot)
        pane.view.focus()
        for _ in range(3):
            getattr(pane, {"ctrl+o": "action_options", "ctrl+l": "action_library", "h": "action_history"}[key])()
        await until_text(pilot, title)
        await pilot.press("escape")
        await until(pilot, lambda: not [work for work in app.workers if work.group == GROUP and not work.is_finished])
        assert len(app.screen_stack) == 1
        await pilot.press(key)
        await until_text(pilot, title)


# -- prompts and earlier conversations


async def test_control_characters_of_a_prompt_do_not_reach_the_terminal() -> None:
    app, sources, client = host()
    sources.found_prompts = (Prompt("evil", "one\x1b[31m\x1b]52;c;ZXZpbA==\x07\ttwo\u202e", "/p/evil.md"),)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        pane.prompt.insert("/prompt evil")
        await pilot.press("enter")
        await until(pilot, lambda: pane.prompt.text == "one\ttwo")
        pane.prompt.clear()
        await pilot.press("ctrl+l")
        await until_text(pilot, "evil")
        assert not any(letter in screen_text(app.screen) for letter in "\x1b\x07\u202e")
        await pilot.press("enter")
        await until(pilot, lambda: pane.prompt.text == "one\ttwo")
        await pilot.press("enter")
        await until(pilot, lambda: client.asked)


async def test_a_prompt_of_the_library_does_not_take_the_place_of_what_is_written() -> None:
    app, sources, _ = host()
    sources.found_prompts = (Prompt("review", "Review this:", "/p/review.md"),)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        pane.prompt.insert("my code\n")
        await pilot.press("ctrl+l")
        await until_text(pilot, "Review this:")
        await pilot.press("enter")
        await until(pilot, lambda: pane.prompt.text == "my code\nReview this:")


async def test_a_prompt_that_fits_several_names_or_is_broken_is_not_taken() -> None:
    app, sources, _ = host()
    sources.found_prompts = (Prompt("review-a", "a", "/p/a.md"), Prompt("review-b", "", "/p/b.md", "is empty"))
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        for typed, said in (("review", "Several prompts match: review-a, review-b."), ("review-b", "is empty.")):
            pane.prompt.insert(f"/prompt {typed}")
            await pilot.press("enter")
            await until_text(pilot, said)
            assert pane.prompt.text == ""


async def test_nothing_matches_and_nothing_is_chosen() -> None:
    app, sources, _ = host(turns=TALK)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape", "h")
        await until_text(pilot, "Earlier conversations")
        await pilot.press(*"zzz", "enter")
        assert "nothing matches" in await until_text(pilot, "nothing matches")
        assert len(app.screen_stack) == 2
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert "First this" in screen_text(app.screen) and not sources.saved


async def test_a_run_without_conversations_says_so() -> None:
    app, _, _ = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape", "h")
        await until_text(pilot, "Nothing was said to this run yet.")


async def test_no_other_conversation_under_an_answer_that_began_meanwhile() -> None:
    """A prompt that waited for the server is sent while the window is open."""
    turns = [Turn("user", "old q", 0.1), Turn("assistant", "old a", 0.2), Turn("clear", "", 0.3), *TALK]
    app, sources, client = host(turns=turns)
    app.detail.set_run(starting_run(served_names=()))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_text(pilot, "First this")
        app.detail.focus_pane()
        await pilot.press(*"hello", "enter")
        await until_text(pilot, "Your prompt waits")
        app.query_one(ChatPane).action_history()
        await until_text(pilot, "Earlier conversations")
        app.snapshot(ready_run("369367189170", served_names=()))
        await until(pilot, lambda: client.asked)
        await pilot.press(*"old", "enter")
        await until_text(pilot, "Press esc first.")
        client.streams[0].say("answer", None)
        await until(pilot, lambda: sources.saved and sources.saved[-1].text == "answer")
        assert [turn.role for turn in sources.saved] == ["user", "assistant"]


# -- pictures


@pytest.mark.parametrize("where", ["prompt", "conversation"])
async def test_the_pasted_path_of_a_picture_goes_along(where: str) -> None:
    app, sources, _ = host()
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        if where == "conversation":
            pane.view.focus()
        assert app.focused is not None
        app.focused.post_message(events.Paste("'/data/two cats.png'\n"))
        await until_text(pilot, "▣ two cats.png")
        assert pane.prompt.text == "" and "picture /data/two cats.png" in sources.asked
        app.focused.post_message(events.Paste("https://example.org/dog.jpg"))
        await until_text(pilot, "▣ two cats.png, dog.jpg")
        assert "picture https://example.org/dog.jpg" not in sources.asked, "a URL is the server's affair"
        pane.prompt.insert("/image off")
        pane.prompt.focus()
        await pilot.press("enter")
        await until(pilot, lambda: "▣" not in screen_text(app.screen))


async def test_a_pasted_path_that_is_no_picture_is_text() -> None:
    app, sources, _ = host()
    sources.fault = VdeckError("cannot read the picture /nowhere/cat.png: No such file or directory")
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        pane.prompt.insert("what is ")
        pane.prompt.post_message(events.Paste("/nowhere/cat.png"))
        await until(pilot, lambda: pane.prompt.text == "what is /nowhere/cat.png")
        await until_text(pilot, "✖ cannot read the picture")
        assert "▣" not in screen_text(app.screen)


async def test_a_paste_of_many_lines_is_one_prompt() -> None:
    app, _, client = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        lines = "\n".join(f"line {number}" for number in range(40))
        pane.prompt.post_message(events.Paste(lines))
        await until(pilot, lambda: pane.prompt.text == lines)
        assert not client.asked and pane.prompt.size.height <= 8
        await pilot.press("enter")
        await until(pilot, lambda: client.asked)
        assert client.asked[0][0] == [{"role": "user", "content": lines}]


async def test_a_paste_has_no_commands_for_the_terminal_and_keeps_the_marks_of_writing() -> None:
    app, _, _ = host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(app, pilot)
        for place in (pane.prompt, pane.view):
            pane.prompt.clear()
            place.focus()
            await until(pilot, lambda place=place: place.has_focus)
            place.post_message(events.Paste("a\x1b[31m\x07\r\nمی\u200cروم\u202e"))
            await until(pilot, lambda: pane.prompt.text == "a\nمی\u200cروم")


async def test_a_picture_that_is_gone_is_told_and_the_prompt_comes_back(tmp_path: Path) -> None:
    app, _, client = host()
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        pane.prompt.insert(f"/image {picture}")
        await pilot.press("enter")
        await until_text(pilot, "▣ cat.png")
        picture.unlink()
        pane.prompt.insert("what is it?")
        await pilot.press("enter")
        await until_text(pilot, "✖ cannot read the picture")
        await until_text(pilot, "● tiny   ▣ cat.png")
        assert pane.prompt.text == "what is it?" and not client.asked


# -- completions


async def test_the_prompt_that_wanted_completions_is_sent_again_by_one_key() -> None:
    app, sources, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(app, pilot)
        stream = await ask(app, pilot, client, "Once upon")
        stream.say(ServingError("no chat template", kind="http", status=400))
        await until_text(pilot, "/mode completions sends your text as it is")
        pane.prompt.clear()
        pane.prompt.insert("/mode completions")
        await pilot.press("enter")
        await until_text(pilot, "completions   enter sends")
        await pilot.press("escape", "r")
        await until(pilot, lambda: len(client.asked) == 2)
        assert client.asked[1][0] == list("Once upon")
        client.streams[1].say(" a time", None)
        await until_text(pilot, "a time")
        await until(pilot, lambda: sources.chat_settings.mode == "completions")
        assert "no chat template" not in screen_text(app.screen), "what failed has been replaced"


async def test_completions_are_not_offered_for_another_error() -> None:
    app, _, client = host()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, pilot)
        stream = await ask(app, pilot, client, "hi")
        stream.say(ServingError("the server failed on the request (HTTP 500)", kind="http", status=500))
        await until_text(pilot, "✖ the server failed")
        assert "/mode completions" not in screen_text(app.screen)
