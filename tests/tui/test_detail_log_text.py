"""tui.detail: one raw log line into what is shown, the ring of lines, the filter. All pure."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from launcher.logs.redact import Redactor
from tui.detail import log_text
from tui.detail.log_buffer import LogBuffer, Row, parts, wrap_cuts
from tui.detail.log_filter import compile_filter
from tui.detail.log_text import MAX_CHARACTERS, plain, shown

LINES = ["Error: x", "error: y", "[/models/qwen] ok", "INFO"]
VLLM = "(EngineCore pid=17024) WARNING 11-22 06:32:28 [core.py:133] KV cache is small"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("hello", "hello"),
        ("\x1b[36m(APIServer pid=1)\x1b[0;0m INFO", "(APIServer pid=1) INFO"),
        ("a\x1b]0;owned\x07b\x1b[2J\x1b[Hc", "abc"),
        ("\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("[/models/qwen] [bold]x[/bold] [0]", "[/models/qwen] [bold]x[/bold] [0]"),
        ("safe\u202egnp.exe\u2066x", "safegnp.exex"),
        ("10%|#   |\r50%|##  |\r100%|####|", "100%|####|"),
        ("done\r", "done"),
        ("a\tb", "a    b"),
        ("nul\x00bell\x07del\x7f", "nulbelldel"),
        ("漢字 ok", "漢字 ok"),
    ],
)
def test_plain(raw: str, text: str) -> None:
    assert plain(raw, str) == text
    assert shown(raw, str).text == text


def test_long_lines_are_cut_and_huge_ones_cost_nothing() -> None:
    assert plain("x" * 5_000_000, str) == "x" * (MAX_CHARACTERS - 1) + "…"
    assert len(plain("\x00é" * 1_000_000, str)) <= MAX_CHARACTERS


def test_times_can_be_hidden() -> None:
    assert plain(VLLM, str, times=False) == "(EngineCore pid=17024) WARNING [core.py:133] KV cache is small"
    assert plain("no time here", str, times=False) == "no time here"


def test_secrets_are_masked_even_when_colours_cut_them() -> None:
    redact = Redactor(["s3cr3tvalue"])
    raw = "key is s3cr\x1b[31m3tvalue\x1b[0m!"
    assert plain(raw, redact) == "key is ***!"
    made = shown(raw, redact)
    assert made.text == "key is ***!"
    assert all(span.end <= len(made.text) for span in made.spans)


def test_levels_colour_prefix_level_and_message() -> None:
    made = shown(VLLM, str)
    named = {span.style: made.text[span.start : span.end] for span in made.spans}
    assert named["prefix"].startswith("(EngineCore")
    assert [made.text[s.start : s.end] for s in made.spans if s.style == "warning"] == ["WARNING", "KV cache is small"]


def test_a_line_with_its_own_colours_keeps_them() -> None:
    made = shown("\x1b[31mred\x1b[0m plain \x1b[1;38;5;40mgreen\x1b[0m \x1b[38;2;1;2;3mrgb\x1b[m", str)
    assert made.text == "red plain green rgb"
    styles = [(made.text[span.start : span.end], span.style) for span in made.spans]
    assert [text for text, _ in styles] == ["red", "green", "rgb"]
    red, green, rgb = (style for _, style in styles)
    assert red.color.number == 1 and green.bold and green.color.number == 40  # type: ignore[union-attr]
    assert rgb.color.triplet == (1, 2, 3)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "codes", ["", "0", "38", "38;5", "38;5;999", "38;2;1;2", "48;2;300;0;0", "99999999", "58;5;1", "1;;31", "4:3"]
)
def test_odd_colour_codes_never_fail(codes: str) -> None:
    assert shown(f"\x1b[{codes}mtext", str).text == "text"


@given(st.text(alphabet=st.sampled_from("ab \x1b[]0;m31\r\t\x07\u202e漢\U0001f600é"), max_size=60))
def test_no_control_survives_and_spans_fit(raw: str) -> None:
    made = shown(raw, str)
    assert made.text.isprintable()
    assert all(0 <= span.start <= span.end <= len(made.text) for span in made.spans)


@pytest.mark.parametrize(
    ("text", "width", "pieces"),
    [
        ("", 4, [""]), ("abcd", 4, ["abcd"]), ("abcdef", 4, ["abcd", "ef"]), ("漢字漢字", 4, ["漢字", "漢字"]),
        ("a漢字b", 4, ["a漢", "字b"]), ("漢字", 3, ["漢", "字"]), ("漢", 1, ["漢"]),
    ],
)  # fmt: skip
def test_wrapping_keeps_wide_characters_whole(text: str, width: int, pieces: list[str]) -> None:
    assert [text[start:end] for start, end in parts(text, width)] == pieces


@given(st.text(alphabet=st.sampled_from("ab漢字é 😀"), max_size=80), st.integers(2, 20))
def test_wrapped_parts_fit_and_lose_nothing(text: str, width: int) -> None:
    pieces = [text[start:end] for start, end in parts(text, width)]
    assert "".join(pieces) == text
    assert all(cell_len(piece) <= width for piece in pieces)


def numbered(buffer: LogBuffer) -> list[str]:
    """What stands on every row, as ``line.part``."""
    found = buffer.rows_of(range(buffer.first_row, buffer.first_row + buffer.row_count))
    return [f"{buffer.line(row.line)}.{row.part}" for _, row in found]


def test_a_ring_drops_its_oldest() -> None:
    buffer = LogBuffer(limit=3)
    assert buffer.extend(["a", "b"]) == 0
    assert buffer.extend(["c", "d"]) == 1
    assert numbered(buffer) == ["b.0", "c.0", "d.0"]
    assert buffer.first_row == 1 and len(buffer) == 3
    with pytest.raises(IndexError):
        buffer.line(0)
    assert buffer.row(0) is None and buffer.row(4) is None


def test_more_lines_than_the_ring_holds() -> None:
    buffer = LogBuffer(limit=3)
    buffer.extend(list("abcdefgh"))
    assert numbered(buffer) == ["f.0", "g.0", "h.0"]


def test_wrapped_rows() -> None:
    buffer = LogBuffer(limit=3)
    buffer.arrange(text=str, width=2)
    buffer.extend(["abc", "d"])
    assert numbered(buffer) == ["abc.0", "abc.1", "d.0"]
    assert buffer.extend(["efghi", "j"]) == 2
    assert numbered(buffer) == ["d.0", "efghi.0", "efghi.1", "efghi.2", "j.0"]
    assert buffer.row_of_line(2) == 3 and buffer.row(3) == Row(2, 0)


def test_filtered_rows() -> None:
    buffer = LogBuffer(limit=4)
    buffer.extend(["x1", "y", "x2", "y"])
    buffer.arrange(text=str, accept=lambda text: "x" in text)
    assert numbered(buffer) == ["x1.0", "x2.0"] and buffer.shown_count == 2
    assert buffer.extend(["x3"]) == 1
    assert numbered(buffer) == ["x2.0", "x3.0"] and buffer.first_row == 1
    buffer.arrange(text=str)
    assert numbered(buffer) == ["y.0", "x2.0", "y.0", "x3.0"]


def test_texts_are_made_once_until_they_change() -> None:
    made: list[str] = []

    def text(raw: str) -> str:
        made.append(raw)
        return raw

    buffer = LogBuffer()
    buffer.extend(list("abc"))
    buffer.arrange(text=text, accept=lambda seen: seen != "b")
    assert made == ["a", "b", "c"] and numbered(buffer) == ["a.0", "c.0"]
    buffer.arrange(text=text, width=5)
    assert made == ["a", "b", "c"]
    buffer.forget_texts()
    assert not buffer.warm(2) and buffer.warm(2) and made[3:] == ["a", "b", "c"]


def test_the_unfinished_line_is_replaced() -> None:
    buffer = LogBuffer()
    buffer.arrange(text=str, width=4)
    buffer.extend(["a"], "10 %")
    assert numbered(buffer) == ["a.0", "10 %.0"]
    buffer.extend([], "20 % done")
    assert numbered(buffer) == ["a.0", "20 % done.0", "20 % done.1", "20 % done.2"]
    buffer.extend(["20 % done, b"])
    assert numbered(buffer) == ["a.0", *(f"20 % done, b.{part}" for part in range(3))]


@pytest.mark.parametrize("width", [None, 3])
@pytest.mark.parametrize("filtered", [False, True])
def test_a_ring_fed_in_pieces_equals_one_laid_out_at_once(width: int | None, filtered: bool) -> None:
    accept = (lambda text: "1" not in text) if filtered else None
    chance = random.Random(7)
    buffer = LogBuffer(limit=20)
    buffer.arrange(text=str, width=width, accept=accept)
    kept: list[str] = []
    had_tail = False
    for step in range(60):
        lines = [str(chance.randrange(10 ** chance.randrange(1, 9))) for _ in range(chance.randrange(0, 9))]
        tail = "tail" if chance.random() < 0.5 else ""
        before, first = buffer.row_count, buffer.first_row
        buffer.extend(lines, tail)
        if step % 7 == 0:
            buffer.warm(chance.randrange(12))
        kept = [*kept[: len(kept) - had_tail], *lines, *([tail] if tail else [])][-20:]
        had_tail = bool(tail)
        fresh = LogBuffer(limit=20)
        fresh.extend(kept)
        fresh.arrange(text=str, width=width, accept=accept)
        assert numbered(buffer) == numbered(fresh), (step, before, first)
        for row, found in buffer.rows_of(range(buffer.first_row, buffer.first_row + buffer.row_count)):
            assert buffer.row_of_line(found.line) == row - found.part


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("", LINES), ("!", LINES), ("error", LINES[:2]), ("Error", LINES[:1]), ("!error", LINES[2:]),
        (r"\[/models", LINES[2:3]), ("x$|y$", LINES[:2]), (r"\S+: \w", LINES[:2]),
    ],
)  # fmt: skip
def test_filters(words: str, kept: list[str]) -> None:
    accept = compile_filter(words).accept or (lambda text: True)
    assert [line for line in LINES if accept(line)] == kept


@pytest.mark.parametrize("words", ["[", "(", "*", "!(", "a{99999999999}"])
def test_wrong_expressions_say_so(words: str) -> None:
    found = compile_filter(words)
    assert found.accept is None and found.problem is not None and "regular expression" in found.problem


def test_wrap_cuts_of_plain_text_are_quick_multiples() -> None:
    assert wrap_cuts("x" * 10, 4) == [4, 8]
    assert log_text.MAX_CHARACTERS == 10_000
