"""Hostile text: whatever comes in, nothing reaches the terminal that could act on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher import text


@pytest.mark.parametrize(
    "raw, shown",
    [
        ("plain", "plain"),
        ("결과 ✔ naïve", "결과 ✔ naïve"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]52;c;ZXZpbA==\x1b\\x", "x"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x9b31mx", "x"),
        ("\x1b[2J\x1b[Hx", "x"),
        ("\x1bcx", "x"),
        ("a\rb", "ab"),
        ("abc\x1b[", "abc"),
        ("\x1b", ""),
        ("a\u202eb\u200bc\ufeff", "abc"),
        ("a\u061cb\xadc\u180ed", "abcd"),
        ("[/models/x] [bold]", "[/models/x] [bold]"),
    ],
)
def test_what_is_left_of_it(raw: str, shown: str) -> None:
    assert text.clean(raw) == shown


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x07[];mPX_^\\\r\x00\u202e"))))
def test_no_control_character_survives(raw: str) -> None:
    shown = text.clean(raw)
    assert not any((ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160 for c in shown)
    assert "\u202e" not in shown
    assert text.clean(shown) == shown


def test_a_line_is_one_line() -> None:
    assert text.clean_line("a\tb\nc\r") == "a b c"


@pytest.mark.parametrize("width, shown", [(0, ""), (1, "…"), (3, "ab…"), (4, "abcd"), (9, "abcd")])
def test_shortening(width: int, shown: str) -> None:
    assert text.shorten("abcd", width) == shown


def test_a_prompt_keeps_the_marks_that_writing_needs() -> None:
    assert text.clean_prompt("می\u200cروم 👩\u200d💻 \u200fא") == "می\u200cروم 👩\u200d💻 \u200fא"
    assert text.clean_prompt("a\r\nb\rc\td\n") == "a\nb\nc\td\n"
    assert text.clean_prompt("x\x1b[31m\x1b]52;c;ZXZpbA==\x07\x9b1m\x00\u202e\u2066\ufeff\U000e0041y") == "xy"
