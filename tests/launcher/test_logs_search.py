"""Searches over a whole log: as re does it line by line, forwards and backwards, by pieces."""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.logs.lens import Lens
from launcher.logs.map import LogMap
from launcher.logs.search import PENDING, Hit, Pending, Search
from tests.launcher.log_kit import append, passes, places, raw_lines, small_blocks

PATTERNS = ["boom", "o", r"pid=\d+", "INFO|ERROR", "^$", "x{30}", "none of them"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def _find(search: Search, offset: int, backwards: bool) -> Hit | None:
    for _ in range(100_000):
        found = search.find(offset, backwards, 0.0)
        if not isinstance(found, Pending):
            return found
    raise AssertionError("it never ends")


def _count(search: Search) -> int:
    for _ in range(100_000):
        count, done = search.count_step(0.0)
        if done:
            return count
    raise AssertionError("it never ends")


@given(
    st.lists(raw_lines, max_size=25),
    st.lists(raw_lines, max_size=5),
    st.sampled_from(PATTERNS),
    st.booleans(),
    st.sampled_from([Lens(), Lens(hide_access=True), Lens("0", invert=True)]),
    st.lists(st.floats(0, 1.1), max_size=5),
)
@settings(max_examples=200, deadline=None)
def test_hits_are_the_lines_that_re_finds(
    lines: list[bytes], more: list[bytes], pattern: str, ignore: bool, lens: Lens, at: list[float]
) -> None:
    with tempfile.TemporaryDirectory() as folder, small_blocks():
        path = Path(folder, "output.log")
        data = b"".join(line + b"\n" for line in lines)
        path.write_bytes(data)
        log = LogMap(str(path))
        search = Search(log, lens, pattern, ignore)
        wanted = Lens(pattern, ignore_case=ignore)
        for piece in (b"", b"".join(line + b"\n" for line in more)):
            append(path, piece)
            data += piece
            log.refresh()
            hits = [start for start, line in places(data) if passes(line, lens) and passes(line, wanted)]
            assert _count(search) == len(hits)
            for part in [0.0, 1.0, *at]:
                offset = int(len(data) * part)
                ahead = _find(search, offset, False)
                behind = _find(search, offset, True)
                assert (ahead and ahead.line_start) == next((hit for hit in hits if hit >= offset), None)
                assert (behind and behind.line_start) == next((hit for hit in reversed(hits) if hit < offset), None)


def test_a_hit_says_where_its_first_match_is(path: Path) -> None:
    path.write_bytes("zero\nit went boom, boom\n\x1b[31mboom\x1b[0m\nmö boom\n".encode())
    log = LogMap(str(path))
    search = Search(log, Lens(), "boom")
    first = _find(search, 0, False)
    assert first == Hit(13, 17, 5)
    second = _find(search, first.line_start + 1, False)
    assert second is not None
    assert log.read(second.start, second.end) == b"\x1b[31mboom\x1b[0m"  # colours: the whole line
    third = _find(search, second.line_start + 1, False)
    assert third is not None
    assert log.read(third.start, third.end) == "mö boom".encode()
    assert _find(search, third.line_start + 1, False) is None
    assert _find(search, third.line_start, True) == second
    assert search.next(0, 10.0) == first
    assert search.previous(log.size, 10.0) == third


def test_it_stops_at_its_budget_and_goes_on(path: Path) -> None:
    path.write_bytes(b"filler\n" * 2000 + b"needle\n")
    with small_blocks():
        search = Search(LogMap(str(path)), Lens(), "needle")
        assert search.find(0, False, 0.0) is PENDING
        found = _find(search, 0, False)
        assert found is not None
        assert found.line_start == 14_000
        assert search.count_step(0.0) == (0, False)
        assert 0 < search.progress < 1
        assert (_count(search), search.progress) == (1, 1.0)


def test_a_new_beginning_is_noticed(path: Path) -> None:
    path.write_bytes(b"boom\n" * 100)
    log = LogMap(str(path))
    search = Search(log, Lens(), "boom")
    assert _count(search) == 100
    os.truncate(path, 0)
    append(path, b"calm\nboom\n")
    log.refresh()
    assert _count(search) == 1
    assert _find(search, 0, False) == Hit(5, 9, 5)


def test_a_bad_pattern_is_nowhere(path: Path) -> None:
    path.write_bytes(b"(\n")
    search = Search(LogMap(str(path)), Lens(), "(")
    assert search.problem
    assert (_find(search, 0, False), _count(search)) == (None, 0)


def test_a_missing_log(path: Path) -> None:
    log = LogMap(str(path))
    search = Search(log, Lens(), "boom")
    assert (_find(search, 0, False), _find(search, 9, True), _count(search)) == (None, None, 0)
    path.write_bytes(b"boom\n")
    log.refresh()
    assert (_find(search, 0, False), _count(search)) == (Hit(0, 4, 0), 1)


def test_within_first_errors(path: Path) -> None:
    path.write_bytes(
        b"boom\n(A pid=1) ERROR 11-22 06:32:06 [a.py:9] boom\n(A pid=1) INFO 11-22 06:32:06 [a.py:9] x\n"
        b"(A pid=1) ERROR 11-22 06:32:06 [a.py:9] boom\n"
    )
    search = Search(LogMap(str(path)), Lens(first_errors=True), "boom")
    assert _count(search) == 1
    found = _find(search, 0, False)
    assert found is not None
    assert found.line_start == 5
    assert _find(search, 6, False) is None
    assert _find(search, 6, True) == found


def test_a_match_never_goes_over_a_newline(path: Path) -> None:
    path.write_bytes(b"one\ntwo\n")
    log = LogMap(str(path))
    for pattern in (r"one\s+two", r"e\nt", r"(?s)one.two", r"one[^x]two"):
        assert _count(Search(log, Lens(), pattern)) == 0
    assert _count(Search(log, Lens(), r"^two$")) == 1


def test_jump_to_a_time(path: Path) -> None:
    now = int(time.time())
    lines = [time.strftime("INFO %m-%d %H:%M:%S [x.py:1] hello\n", time.localtime(now - 100 + n)) for n in range(100)]
    path.write_text("".join(lines))
    log = LogMap(str(path))
    offset = log.first_since(now - 40)
    assert offset is not None
    assert log.read(offset, offset + 34).decode() == lines[60][:34]
    assert re.match("INFO", log.read(offset, offset + 4).decode())
    assert LogMap("/").first_since(0) is None
