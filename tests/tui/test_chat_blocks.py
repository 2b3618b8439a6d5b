"""Markdown that grows: cut where it is settled, whatever the pieces it comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.blocks import LONG_CODE, LONG_LINE, Block, Splitter, blocks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []), ("\n \n", []), ("one\ntwo\n\nthree", [Block("one\ntwo"), Block("three")]),
        ("# Head\ntext", [Block("# Head"), Block("text")]), ("text\n# Head", [Block("text"), Block("# Head")]),
        ("```py\nx = 1\n```\nafter", [Block("x = 1", True, "py"), Block("after")]),
        ("~~~\na\n```\n~~~", [Block("a\n```", True)]), ("````\n```\n````", [Block("```", True)]),
        ("```\nopen", [Block("open", True)]), ("```\n```", [Block("", True)]),
        ("1. a\n\n   more\n\n2. b\n\nafter", [Block("1. a\n\n   more\n\n2. b"), Block("after")]),
        ("- a\n  ```sh\n  ls\n    -l\n  ```\n- b", [Block("- a"), Block("ls\n  -l", True, "sh"), Block("- b")]),
        ("| a |\n|---|\n| 1 |\n\nx", [Block("| a |\n|---|\n| 1 |"), Block("x")]),
        ("``` python title=x\n1\n```", [Block("1", True, "python")]), ("`` ` ``", [Block("`` ` ``")]),
        ("text\n```py\n1\n```\n", [Block("text"), Block("1", True, "py")]),
    ],
)  # fmt: skip
def test_blocks(text: str, found: list[Block]) -> None:
    assert blocks(text) == found


PIECES = st.lists(
    st.sampled_from(
        ["a", " ", "\n", "\n\n", "```", "```py\n", "~~~\n", "# h\n", "- x\n", "  ", "1. y\n", "| a |\n", "word "]
    ),
    max_size=40,
)


@given(PIECES)
def test_any_way_of_cutting_gives_the_same_blocks(pieces: list[str]) -> None:
    text = "".join(pieces)
    by_piece, by_letter = Splitter(whole=True), Splitter(whole=True)
    first = [block for piece in pieces for block in by_piece.feed(piece)] + by_piece.close()
    second = [block for letter in text for block in by_letter.feed(letter)] + by_letter.close()
    assert first == second == blocks(text)


@given(PIECES)
def test_nothing_is_lost_while_it_grows(pieces: list[str]) -> None:
    """What is settled and what is open hold every letter that is no fence, in order."""
    splitter, settled = Splitter(), []
    for piece in pieces:
        settled += splitter.feed(piece)
    tail = splitter.tail
    shown = "".join(block.text for block in [*settled, *([tail] if tail else [])])
    fences = {"`", "~", " ", "\n"}
    wanted = [letter for block in blocks("".join(pieces)) for letter in block.text if letter not in fences]
    assert [letter for letter in shown if letter not in fences] == wanted


def test_long_code_is_settled_in_parts_that_go_on() -> None:
    splitter = Splitter()
    settled = splitter.feed("```py\n" + "x\n" * (2 * LONG_CODE + 1))
    assert [(block.text.count("x"), block.goes_on) for block in settled] == [(LONG_CODE, False), (LONG_CODE, True)]
    assert splitter.tail == Block("x", True, "py", True)
    assert splitter.feed("```\nend") == [Block("x", True, "py", True)] and splitter.tail == Block("end")
    assert len(blocks("```py\n" + "x\n" * 500 + "```")) == 1, "a complete one is one block"


def test_a_paragraph_without_end_is_cut_between_words() -> None:
    splitter, settled = Splitter(), []
    for number in range(1000):
        settled += splitter.feed(f" word{number}")
    assert len(settled) >= 4 and all(len(block.text) <= LONG_LINE + 20 for block in settled)
    assert len(blocks("word " * 1000)) == 1


def test_a_fence_is_not_shown_as_text_while_it_is_typed() -> None:
    splitter = Splitter()
    splitter.feed("Look:\n``")
    assert splitter.tail == Block("Look:\n``"), "it may still be something else"
    splitter.feed("`py")
    assert splitter.tail == Block("Look:")
    assert splitter.feed("\n1\n``") == [Block("Look:")]
    splitter.feed("`")
    assert splitter.tail == Block("1", True, "py")
