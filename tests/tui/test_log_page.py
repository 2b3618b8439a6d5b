"""tui.detail: which lines stand on which lines of the screen, marks, filters, the status line. All pure."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.detail import log_marks, log_status
from tui.detail.log_lens import Choice, problem
from tui.detail.log_marks import Mark
from tui.detail.log_page import PARTIAL, Cell, Line, Pager, Place
from tui.detail.log_picked import Picked
from tui.detail.log_status import Searched, Status
from tui.detail.log_wrap import parts, wrap_cuts


class Text(NamedTuple):
    start: int
    end: int
    raw: str


class Memory:
    """Lines of ten bytes each; ``gaps`` are hidden ones."""

    def __init__(self, texts: list[str], partial: str = "") -> None:
        self._lines = [Text(10 * n, 10 * n + 10, text) for n, text in enumerate(texts) if text != "-"]
        self.partial = partial

    @property
    def count(self) -> int:
        return len(self._lines)

    def line(self, row: int, /) -> Text | None:
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def lines(self, row: int, n: int, /) -> list[Text]:
        return self._lines[row : row + n] if row >= 0 else []

    def row_at(self, offset: int, /) -> int:
        return next((row for row, line in enumerate(self._lines) if line.end > offset), len(self._lines))


def tall(line: Line) -> int:
    return max(1, len(line.raw))


def seen(cells: list[Cell]) -> list[str]:
    return [f"{cell.line.raw}.{cell.part}" for cell in cells]


ALL = ["a", "bb", "ccc", "d"]
FLAT = ["a.0", "bb.0", "bb.1", "ccc.0", "ccc.1", "ccc.2", "d.0"]


def test_a_page_from_any_place() -> None:
    pager = Pager(Memory(ALL), tall)
    assert seen(pager.fill(Place(0), 100)) == FLAT
    assert seen(pager.fill(Place(10, 1), 3)) == ["bb.1", "ccc.0", "ccc.1"]
    assert seen(pager.fill(Place(15), 2)) == ["bb.0", "bb.1"]  # an offset inside a line
    assert seen(pager.fill(Place(999), 5)) == ["d.0"]  # behind all: the last line
    assert seen(pager.fill(Place(10, 99), 2)) == ["bb.1", "ccc.0"]  # it has fewer parts now
    assert Pager(Memory([]), tall).fill(Place(0), 5) == []


def test_hidden_lines_are_passed_over() -> None:
    pager = Pager(Memory(["a", "-", "c", "-"]), tall)
    assert seen(pager.fill(Place(10), 5)) == ["c.0"]
    assert seen(pager.fill(Place(0), 5)) == ["a.0", "c.0"]
    assert pager.moved(Place(20), -1) == Place(0)
    assert seen(pager.fill(Place(30), 5)) == ["c.0"]


def test_the_unfinished_line_is_the_last() -> None:
    pager = Pager(Memory(["a"], "hh"), tall)
    assert seen(pager.fill(Place(0), 9)) == ["a.0", "hh.0", "hh.1"]
    assert pager.end(2) == Place(PARTIAL) and pager.end(9) == Place(0)
    assert pager.total == 2
    assert seen(Pager(Memory([], "h"), tall).fill(Place(PARTIAL), 3)) == ["h.0"]


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(0, 3), st.integers(1, 12), st.data())
def test_moving_is_walking_over_the_flat_list(
    heights: list[int], partial: int, height: int, data: st.DataObject
) -> None:
    """Any place, moved by any way, is where counting the flat list of all lines of the screen leads."""
    texts = ["x" * size if size else "-" for size in heights]
    pager = Pager(Memory(texts, "p" * partial), tall)
    flat = pager.fill(Place(0), 1000)
    if not flat:
        assert pager.end(height) == Place(0)
        return
    at = data.draw(st.integers(0, len(flat) - 1))
    by = data.draw(st.integers(-70, 70))
    target = flat[max(0, min(len(flat) - 1, at + by))]
    assert pager.moved(Place(flat[at].line.start, flat[at].part), by) == Place(target.line.start, target.part)
    end = pager.end(height)
    assert pager.fill(end, height) == flat[-height:]
    assert pager.fill(Place(flat[at].line.start, flat[at].part), height) == flat[at : at + height]


@given(st.lists(st.sampled_from("ab-"), max_size=20), st.booleans(), st.integers(-30, 30), st.integers(0, 25))
def test_even_lines_take_a_short_way_to_the_same_place(texts: list[str], partial: bool, by: int, row: int) -> None:
    memory = Memory(texts, "p" * partial)
    quick, slow = Pager(memory), Pager(memory, lambda line: 1)
    if quick.total:
        place = Place(quick.offset_of(row))
        assert quick.moved(place, by) == slow.moved(place, by)
        assert quick.end(3) == slow.end(3)


def test_a_stretch_of_lines_for_copying() -> None:
    pager = Pager(Memory(ALL, "p"), tall)
    assert [line.raw for line in pager.between(12, 20)] == ["bb", "ccc"]
    assert [line.raw for line in pager.between(0, 2 * PARTIAL)] == [*ALL, "p"]
    assert [line.raw for line in pager.between(0, 2 * PARTIAL, limit=2)] == ["a", "bb"]


def test_marks_stand_below_their_line_or_the_one_before() -> None:
    memory = Memory(["a", "-", "c"])
    marks = [Mark(0, "1"), Mark(10, "2"), Mark(20, "3")]
    assert {start: [mark.text for mark in found] for start, found in log_marks.hosts(marks, memory).items()} == {
        0: ["1", "2"], 20: ["3"],
    }  # fmt: skip
    assert log_marks.hosts([Mark(0, "1")], Memory(["-", "b"])) == {}
    assert log_marks.moved(marks, 10) == [Mark(0, "2"), Mark(10, "3")]
    assert log_marks.rule("14:05", 20) == "── 14:05 ───────────"
    assert len(log_marks.rule("x" * 50, 10)) == 10


def test_picked_lines() -> None:
    picked = Picked(30, 10)
    assert (picked.first, picked.last) == (10, 30) and picked.holds(10) and picked.holds(30) and not picked.holds(40)


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (Choice(), []), (Choice(words="!"), []), (Choice(words="x"), ["&x"]), (Choice(words="!x"), ["!x"]),
        (Choice(level=1), ["warnings and errors"]), (Choice(level=2, process="W"), ["errors", "W"]),
        (Choice(hide_access=True, first_errors=True), ["no access log", "first errors"]),
    ],
)  # fmt: skip
def test_what_is_hidden_is_told(choice: Choice, told: list[str]) -> None:
    assert choice.told() == told
    assert choice.lens().plain == (told == [])


def test_choices_go_around() -> None:
    assert Choice().next_level().next_level().next_level() == Choice()
    assert Choice().next_process(["A", "B"]).process == "A"
    assert Choice(process="B").next_process(["A", "B"]).process == ""
    assert Choice(process="gone").next_process(["A"]).process == "A"
    lens = Choice(words="!a|b").lens()
    assert lens.invert and lens.pattern == "a|b"
    assert problem("(") is not None and problem("!(") is not None
    assert problem("") is None and problem("!") is None and problem("!ok") is None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status(1), "● following   1 line"),
        (Status(5000, 10, at_end=False), "○ scrolled up (G: end)   line 11 of 5,000 lines"),
        (Status(5000, 10, exact=False, at_end=False), "○ scrolled up (G: end)   line ~11 of ~5,000 lines"),
        (Status(5, follow=False), "○ not following (s)   5 lines"),
        (Status(5, filters=("&x",), matches=1), "● following   1 line matches   &x"),
        (
            Status(5, exact=False, scanned=0.34, filters=("&x",), matches=7),
            "● following   7 lines match (34 % read)   &x",
        ),
        (Status(5, search=Searched(pattern="a\x1b[31mb")), "● following   /ab …   5 lines"),
        (Status(5, search=Searched("x", hits=0)), "● following   /x is nowhere   5 lines"),
        (Status(5, search=Searched("x", hits=1234, counting=True)), "● following   /x 1,234+ hits   5 lines"),
        (Status(5, search=Searched("x", hits=1, around=True)), "● following   /x 1 hit (around the end)   5 lines"),
        (Status(5, picked=True), "○ scrolled up (G: end)   picking lines: c copies, esc drops   5 lines"),
        (
            Status(5, wrap=True, times=False, merged=2, limit=20_000),
            "● following   5 lines   2 logs, last 20,000 lines   wrapped   no times",
        ),
    ],
)  # fmt: skip
def test_the_status_line(status: Status, words: str) -> None:
    assert log_status.text(status).plain == words


@pytest.mark.parametrize(
    ("text", "width", "pieces"),
    [
        ("", 4, [""]), ("abcd", 4, ["abcd"]), ("abcdef", 4, ["abcd", "ef"]), ("漢字漢字", 4, ["漢字", "漢字"]),
        ("a漢字b", 4, ["a漢", "字b"]), ("漢字", 3, ["漢", "字"]), ("漢", 1, ["漢"]),
    ],
)  # fmt: skip
def test_wrapping_keeps_wide_characters_whole(text: str, width: int, pieces: list[str]) -> None:
    assert [text[start:end] for start, end in parts(text, width)] == pieces
    assert wrap_cuts("x" * 10, 4) == [4, 8]


@given(st.text(alphabet=st.sampled_from("ab漢字é 😀"), max_size=80), st.integers(2, 20))
def test_wrapped_parts_fit_and_lose_nothing(text: str, width: int) -> None:
    pieces = [text[start:end] for start, end in parts(text, width)]
    assert "".join(pieces) == text
    assert all(cell_len(piece) <= width for piece in pieces)
