"""Nothing but text and colours reaches the screen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.logs.ansi import colours_only, plain

SGR = re.compile(r"\x1b\[[0-9;:]*m")
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("line", "coloured", "text"),
    [
        ("plain", "plain", "plain"),
        ("한글 ▄▄ é", "한글 ▄▄ é", "한글 ▄▄ é"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mx\x1b[m", "\x1b[38;2;1;2;3mx\x1b[m", "x"),
        ("\x1b[38:5:7mx", "\x1b[38:5:7mx", "x"),
        ("a\tb", "a    b", "a    b"),
        ("a\nb", "a b", "a b"),
        ("\x1b[2Jgone\x1b[1;1H", "gone", "gone"),
        ("\x1b]0;title\x07x", "x", "x"),
        ("\x1b]52;c;ZXZpbA==\x1b\\x", "x", "x"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link", "link"),
        ("\x1bPq#0\x1b\\x", "x", "x"),
        ("\x1b[?1049hx", "x", "x"),
        ("\x9b31mx", "x", "x"),
        ("\x1bcx", "x", "x"),
        ("x\x1b", "x", "x"),
        ("x\x1b[", "x", "x"),
        ("a\x08\x7f\x00b", "ab", "ab"),
        ("a\u202eb\u2066c\ufeffd", "abcd", "abcd"),
        ("\x1b[1\x1b[31mx", "1\x1b[31mx", "1x"),
        ("\x1b]0;a\x1b[31mb\x07c", "\x1b[31mbc", "bc"),
    ],
)
def test_lines(line: str, coloured: str, text: str) -> None:
    assert colours_only(line) == coloured
    assert plain(line) == text


def test_an_endless_colour_is_none() -> None:
    assert "\x1b" not in colours_only("\x1b[" + "1;" * 5000 + "mx")


PIECES = ["\x1b", "\x9b", "[", "]", "0;", "31", "m", "H", "?", "\x07", "\\", "P", "text", "\x1b[32m", "\x00", "\u202e",
          "\x85", "é"]  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=30).map("".join)


@given(HOSTILE)
def test_nothing_else_survives(line: str) -> None:
    coloured = colours_only(line)
    assert not FORBIDDEN.search(SGR.sub("", coloured))
    assert not FORBIDDEN.search(plain(line))
    assert colours_only(coloured) == coloured
    assert plain(plain(line)) == plain(line)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind(data: bytes) -> None:
    assert not FORBIDDEN.search(SGR.sub("", colours_only(data.decode("utf-8", "replace"))))


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S"))))
def test_text_is_untouched(line: str) -> None:
    assert colours_only(line) == line
    assert plain(line) == line
