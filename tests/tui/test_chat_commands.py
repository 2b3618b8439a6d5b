"""Slash commands of the chat, and the table of options behind them."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.chat import options
from launcher.chat.options import OPTIONS, WORDS
from launcher.chat.settings import ChatSettings
from launcher.serving.parts import Model
from tui.chat import commands, sheet
from tui.chat.commands import Clear, TakePrompt
from tui.chat.wants import Attach, OpenDialog, SaveChat

MODELS = (Model("tiny", 4096), Model("my-lora", None, "tiny"))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("/help", True), ("/x y", True), ("//help", False), ("/", False), ("/ x", False), ("/9", False), ("a", False)],
)
def test_what_is_a_command(text: str, is_one: bool) -> None:
    assert commands.is_command(text) is is_one


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("/model tiny", {"model": "tiny"}), ("/MODEL lora", {"model": "my-lora"}), ("/max 100", {"max_tokens": 100}),
        ("/temp 0", {"temperature": 0.0}), ("/system a b\nc", {"system": "a b\nc"}), ("/system\na", {"system": "a\n"}),
        ("/top_p 0.9", {"top_p": 0.9}), ("/top_k -1", {"top_k": -1}), ("/min_p 0", {"min_p": 0.0}),
        ("/seed -7", {"seed": -7}), ("/stop END ###", {"stop": ("END", "###")}),
        ('/stop ["\\n\\n", "a b"]', {"stop": ("\n\n", "a b")}), ("/presence -2", {"presence_penalty": -2.0}),
        ("/frequency 0.5", {"frequency_penalty": 0.5}), ("/repetition 1.1", {"repetition_penalty": 1.1}),
        ("/effort HIGH", {"reasoning_effort": "high"}), ("/think off", {"thinking": False}),
        ("/mode completions", {"mode": "completions"}), ('/set {"n": 2}', {"extra": {"n": 2}}),
    ],
)  # fmt: skip
def test_commands_change_settings_and_say_so(text: str, changed: dict[str, Any]) -> None:
    done = commands.apply(text, ChatSettings(), MODELS)
    assert done.problem is None and done.deed is None and done.say
    assert done.settings == ChatSettings(**changed)
    word = text[1:].split()[0].lower()
    if word != "model":
        back = commands.apply(f"/{word}", done.settings, MODELS)
        assert back.settings == ChatSettings() and back.problem is None, "without a value: the server's default"


@pytest.mark.parametrize(
    "text",
    [
        "/model nope", "/model y", "/max 0", "/max -3", "/max many", "/max 1.5", "/max " + "9" * 20, "/max ²",
        "/temp 3", "/temp nan", "/temp x", "/top_p 0", "/top_p 1.1", "/top_k -2", "/seed 1e3", "/stop [1]",
        '/stop [""]', "/stop [", "/presence 3", "/repetition 0", "/effort much", "/think maybe", "/mode telepathy",
        "/set []", "/set {", "/foo", "/set " + "[" * 100_000, "/image", "/x\x1b[31m",
    ],
)  # fmt: skip
def test_wrong_commands_say_why_and_change_nothing(text: str) -> None:
    before = ChatSettings(model="a", max_tokens=5)
    done = commands.apply(text, before, MODELS)
    assert done.settings is before and done.problem is not None and done.deed is None
    assert done.problem.endswith(".") and "\x1b" not in done.problem and len(done.problem) < 300


def test_a_word_that_is_nearly_one() -> None:
    assert "Did you mean /temp?" in str(commands.apply("/tmp 1", ChatSettings(), ()).problem)


@pytest.mark.parametrize(
    ("text", "deed"),
    [
        ("/clear", Clear()), ("/save", SaveChat("")), ("/save a b.md", SaveChat("a b.md")),
        ("/prompt x", TakePrompt("x")), ("/prompt", OpenDialog("library")),
        ("/history", OpenDialog("history")), ("/options", OpenDialog("options")),
        ("/image /a b.png", Attach("/a b.png")), ("/image OFF", Attach("")),
    ],
)  # fmt: skip
def test_commands_that_do_something(text: str, deed: object) -> None:
    done = commands.apply(text, ChatSettings(seed=1), ())
    assert done.deed == deed and done.settings == ChatSettings(seed=1) and done.problem is None


def test_models_are_listed_with_what_they_are() -> None:
    assert commands.apply("/model", ChatSettings(), MODELS).say == "tiny (4096 tokens)\nmy-lora (adapter of tiny)"
    assert "not said yet" in commands.apply("/model", ChatSettings(), ()).say
    assert commands.apply("/model any", ChatSettings(), ()).settings.model == "any", "nobody can say that it is wrong"
    assert commands.unescape("//x") == "/x" and commands.unescape("x") == "x"


def test_the_help_names_every_command() -> None:
    text = commands.help_text()
    assert all(f"/{word} " in text for word in (*WORDS, "model", "clear", "save", "image", "prompt", "history"))


FULL = ChatSettings(
    system="s", max_tokens=5, temperature=0.25, top_p=1.0, top_k=3, min_p=0.0, presence_penalty=-1.0,
    frequency_penalty=0.0, repetition_penalty=1.1, seed=0, stop=("a", "b c", "[x"), reasoning_effort="low",
    thinking=True, mode="completions", extra={"a": [1]},
)  # fmt: skip


def test_what_is_written_is_read_again() -> None:
    typed = {option.field: options.written(FULL, option) for option in OPTIONS}
    assert all(typed.values())
    assert sheet.read(ChatSettings(model="m"), typed) == (ChatSettings(**{**_plain(FULL), "model": "m"}), {})
    empty = dict.fromkeys(typed, "")
    assert sheet.read(FULL, empty) == (ChatSettings(), {})
    assert {option.field: options.written(ChatSettings(), option) for option in OPTIONS} == empty


def test_wrong_fields_are_told_each_and_the_others_taken() -> None:
    typed = {option.field: options.written(FULL, option) for option in OPTIONS}
    settings, problems = sheet.read(FULL, {**typed, "seed": "x", "top_p": "2", "max_tokens": "9"})
    assert set(problems) == {"seed", "top_p"} and settings.max_tokens == 9 and settings.seed == 0
    assert problems["top_p"] == "Top p needs a number above 0 up to 1."


def _plain(settings: ChatSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__slots__}


def test_what_differs_is_on_the_line_above_the_prompt() -> None:
    assert ChatSettings("m", "s", 5, 0.5).describe() == "max 5  temp 0.5  system prompt set"
    assert ChatSettings("m").describe() == ""
    assert ChatSettings(mode="completions", seed=3, thinking=False).describe() == "completions  seed 3  +1 option"
