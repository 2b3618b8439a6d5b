"""Filters over the bytes of a block: the same as the slow way line by line; and patterns that could take for ever."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.logs.lens import LEVELS, Lens
from launcher.logs.pattern import Matcher, problem, spans
from launcher.logs.sieve import Sieve
from tests.launcher.log_kit import SAMPLES, passes, raw_lines

PATTERNS = [
    "", "boom", "BOOM", "o", "INFO|ERROR", r"pid=\d+", r"^\(", r"\)$", "200 OK$", r"\s", r"\S+ \S+", "grüße", "ſ", "k",
    "S", "(?i)Traceback", r"\bHTTP/1\.[01]\b", ".", "^$", "x{20,}", "모델", "(?:Worker|Engine)Core", r"[^\x00-\x7f]",
    "no such", "(?=.*boom)", r"(\w+)\1", r"a|", r"\d\d:\d\d", "loading done", "100%",
]  # fmt: skip
lenses = st.builds(
    Lens,
    pattern=st.sampled_from(PATTERNS),
    invert=st.booleans(),
    ignore_case=st.sampled_from([True, False]),
    levels=st.frozensets(st.sampled_from([*LEVELS, "-"]), max_size=3),
    processes=st.frozensets(
        st.sampled_from(["APIServer", "EngineCore", "Worker", "Worker_TP0", "-", "nobody"]), max_size=2
    ),
    hide_access=st.booleans(),
)


@given(st.lists(raw_lines, max_size=30), lenses)
@settings(max_examples=400, deadline=None)
def test_a_lens_agrees_with_the_slow_way(lines: list[bytes], lens: Lens) -> None:
    data = b"".join(line + b"\n" for line in lines)
    sieve = Sieve(lens)
    expected = [number for number, line in enumerate(lines) if passes(line, lens)]
    assert list(sieve.numbers(data)) == expected
    assert sieve.count(data) == len(expected)
    assert [sieve.accepts(line) for line in lines] == [number in expected for number in range(len(lines))]


@pytest.mark.parametrize("level", [*LEVELS, "-"])
@pytest.mark.parametrize("hide", [False, True])
def test_every_sample_by_level(level: str, hide: bool) -> None:
    lens = Lens(levels=frozenset({level}), hide_access=hide)
    data = b"".join(line + b"\n" for line in SAMPLES)
    assert list(Sieve(lens).numbers(data)) == [n for n, line in enumerate(SAMPLES) if passes(line, lens)]


@pytest.mark.parametrize("pattern", [pattern for pattern in PATTERNS if pattern])
@pytest.mark.parametrize("ignore", [False, True])
def test_a_dense_block_and_a_sparse_one_agree(pattern: str, ignore: bool) -> None:
    """Whether few lines have the words of a pattern or many, ASCII or not: ways differ, results do not."""
    plain = [line for line in SAMPLES if line.isascii() and b"\x1b" not in line and b"\r" not in line]
    for lines in (plain * 40, [*plain, *[b"filler %d" % n for n in range(3000)]], SAMPLES * 3):
        data = b"".join(line + b"\n" for line in lines)
        lens = Lens(pattern, ignore_case=ignore)
        expected = [number for number, line in enumerate(lines) if passes(line, lens)]
        assert list(Sieve(lens).numbers(data)) == expected
        assert Sieve(lens).count(data) == len(expected)


def test_case_is_ignored_unless_there_is_a_capital() -> None:
    data = b"boom\nBOOM\n"
    assert Sieve(Lens("boom")).count(data) == 2
    assert Sieve(Lens("BOOM")).count(data) == 1
    assert Sieve(Lens(r"boom\S*")).count(data) == 2  # the capital of an escape is none
    assert Sieve(Lens("boom", ignore_case=False)).count(data) == 1


def test_colours_do_not_hide_a_match() -> None:
    assert Sieve(Lens("boom")).count(b"bo\x1b[31mo\x1b[0mm\n") == 1


def test_a_bar_counts_by_its_last_state() -> None:
    data = b"Loading:  0%\rLoading: 100%\n"
    assert (Sieve(Lens(" 0%")).count(data), Sieve(Lens("100%")).count(data)) == (0, 1)


def test_what_is_behind_64_kb_of_a_line_is_not_searched() -> None:
    assert Sieve(Lens("needle")).count(b"x" * 70_000 + b"needle\n") == 0
    assert Sieve(Lens("needle")).count(b"x" * 60_000 + b"needle" + b"x" * 70_000 + b"\nneedle\n") == 2


def test_plain() -> None:
    assert Lens().plain
    assert Lens(invert=True).plain  # there is nothing to turn
    for lens in (Lens("x"), Lens(hide_access=True), Lens(levels=frozenset({"-"})), Lens(first_errors=True)):
        assert not lens.plain
    assert hash(Lens("x")) == hash(Lens("x"))


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?P<x", "*", r"\Q", "x" * 1001, "(?L)x"])
def test_a_bad_pattern_is_told_in_words_and_matches_nothing(pattern: str) -> None:
    told = Lens.problem(pattern)
    assert told and "\n" not in told
    assert Sieve(Lens(pattern)).count(b"(\nx\n") == 0
    assert spans(pattern, "((x") == []


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|aa)+$", r"(\w+\s*)+:", "(a+ca+)+$", "(.*,)+x", "(x+x+)+y", "((a+)?)+b", "(a?){50}b", "(a|a?)+b",
     r"(\d+|\w+)*!"],
)  # fmt: skip
def test_a_pattern_that_could_take_for_ever_is_refused(pattern: str) -> None:
    assert "for ever" in (problem(pattern) or "")
    assert not Matcher(pattern).holds(b"a" * 60)


@pytest.mark.parametrize(
    "pattern",
    [r"(\d+\.)+\d+", r"(\s\w+)*$", r"(\w+\s)+", '("[^"]*",?)+', "(a|b)*c", "(?:foo|bar)+",
     r"a.*b.*c", r"(?:(?:\w+/)+\.py)+", "(?>a+)+",
     r"\[[^\]]*\]", r"(?:\([^()]*\) )*INFO", r".*\d{3}", "a{2,5}b{1,9}"],
)  # fmt: skip
def test_repeats_that_cannot_are_allowed(pattern: str) -> None:
    assert problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r".*.*.*.*=x", b"a" * 60_000 + b"xa="), (r"\s+$", b" " * 60_000 + b"x"), (r"(?m)\s+$", b" " * 60_000 + b"x"),
        (r"(a*)(a*)(a*)(a*)(a*)b", b"a" * 60_000 + b"ba"), (".*a.*a.*a.*b", b"a" * 60_000),
        (r"\s+(?!.)", b" " * 60_000 + b"x"), (r"\s+\Z", b" " * 60_000 + b"x"),
        (r"\s+$", "\u00e9".encode() + b" " * 60_000 + b"x"),
    ],
)  # fmt: skip
def test_a_long_line_that_would_take_too_long_is_skipped_and_counted(pattern: str, line: bytes) -> None:
    matcher = Matcher(pattern, False)
    assert not matcher.holds(line) and matcher.skipped == 1
    assert matcher.holds(b"a=x b aaab" + b" "), "a short one is searched"
    assert matcher.skipped == 1


@pytest.mark.parametrize(
    ("pattern", "line"),
    [(r"\s+x$", b" " * 2_000 + b"x"), ("a.*b.*c", b"a" + b"-" * 60_000 + b"bc"), (r"\d{3}$", b"-" * 60_000 + b"123")],
)
def test_a_long_line_that_can_be_searched_is(pattern: str, line: bytes) -> None:
    matcher = Matcher(pattern, False)
    assert matcher.holds(line) and not matcher.skipped


def test_spans_are_where_re_finds_them() -> None:
    text = "boom, Boom and boom"
    assert spans("boom", text) == [(0, 4), (6, 10), (15, 19)]
    assert spans("Boom", text) == [(6, 10)]
    assert spans("x*", text) == []  # empty matches are nothing to show
    assert spans("", text) == []
    assert len(spans("a", "a" * 5000)) == 1000


@given(st.text(max_size=12), st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_pattern_is_either_told_or_as_re(pattern: str, text: str) -> None:
    if Lens.problem(pattern) is None:
        found = [match.span() for match in re.finditer(pattern, text) if match.end() > match.start()]
        assert spans(pattern, text, False) == found[:1000]
