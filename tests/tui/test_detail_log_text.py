"""tui.detail.log_text: one raw log line into what is shown of it. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from launcher.logs.redact import Redactor
from tui.detail.log_text import MAX_CHARACTERS, letter, plain, segments, shown, whole

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


def test_a_line_for_a_file_is_whole_plain_and_masked() -> None:
    raw = "\x1b[31mkey s3cr3tvalue\x1b[0m 10%\r20% " + "x" * 30_000
    assert whole(raw, Redactor(["s3cr3tvalue"])) == "20% " + "x" * 30_000
    assert whole("a s3cr\x1b[1m3tvalue", Redactor(["s3cr3tvalue"])) == "a ***"


def test_letters_of_levels() -> None:
    assert [letter(name) for name in ("DEBUG", "info", "WARN", "ERROR", "FATAL", None, "odd")] == list("DIWEC  ")
    assert (shown(VLLM, str).level, shown(VLLM, str, times=False).level) == ("WARNING", "WARNING")
    assert shown(VLLM, str).process == "EngineCore"


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_segments_lose_no_text_and_later_marks_lie_over_earlier_ones(
    text: str, ranges: list[tuple[int, int]], first: int, second: int
) -> None:
    start, end = sorted((min(first, len(text)), min(second, len(text))))
    styles = [Style(color=f"color({number + 1})") for number in range(len(ranges))]
    marks = [(left, right, style) for (left, right), style in zip(ranges, styles, strict=True)]
    found = segments(text, start, end, marks, Style())
    assert "".join(each.text for each in found) == text[start:end]
    place = start
    for each in found:
        over = [style for left, right, style in marks if left <= place < right]
        assert each.style is not None and (not each.text or each.style.color == (over[-1].color if over else None))
        place += len(each.text)
