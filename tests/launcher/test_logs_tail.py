"""A log file as a reader sees it: its end, its growth, and everything that can happen to it."""

from __future__ import annotations

import itertools
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.logs import tail
from launcher.logs.tail import LINE_BYTES, LogFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_missing_file_is_empty_and_may_come(path: Path) -> None:
    log = LogFile(str(path))
    assert log.last(10) == []
    assert log.poll() == []
    assert (log.partial, log.behind, log.restarted) == ("", 0, False)
    assert log.first_since(0) is None
    assert list(log.read_from(0)) == []
    path.write_bytes(b"one\ntwo\n")
    assert log.poll() == ["one", "two"]
    assert not log.restarted


@pytest.mark.parametrize("place", ["/", "/dev/null/x", "a\0b"])
def test_what_is_no_file_is_empty(place: str) -> None:
    log = LogFile(place)
    assert log.last(5) == []
    assert log.poll() == []
    assert list(log.read_from(0)) == []
    assert log.first_since(0) is None
    assert log.behind == 0


@pytest.mark.parametrize(
    ("data", "n", "lines", "partial"),
    [
        (b"", 5, [], ""),
        (b"a\nb\nc\n", 2, ["b", "c"], ""),
        (b"a\nb\nc\n", 9, ["a", "b", "c"], ""),
        (b"a\nb\nc", 9, ["a", "b"], "c"),
        (b"a\nb\nc", 1, ["b"], "c"),
        (b"no newline", 1, [], "no newline"),
        (b"\n\n\n", 2, ["", ""], ""),
        (b"a\nb\n", 0, [], ""),
        (b"a\r\nb\r\n", 2, ["a", "b"], ""),
        (b"bar 0%\rbar 50%\rbar 100%\nx\n", 2, ["bar 100%", "x"], ""),
        (b"x\nbar 0%\rbar 50%", 2, ["x"], "bar 50%"),
        (b"\xff\xfe\x00\n\xe2\x82\n", 2, ["\ufffd\ufffd\x00", "\ufffd"], ""),
        ("é\u2028ü\x85\n".encode(), 1, ["é\u2028ü\x85"], ""),
    ],
)
def test_last(path: Path, data: bytes, n: int, lines: list[str], partial: str) -> None:
    path.write_bytes(data)
    log = LogFile(str(path))
    assert log.last(n) == lines
    assert log.partial == partial
    assert log.poll() == []


def test_last_over_many_blocks(path: Path) -> None:
    lines = [f"line {number} {'x' * (number % 300)}" for number in range(20_000)]
    path.write_text("\n".join(lines) + "\n")
    for n in (1, 7, 1000, 19_999, 20_000, 30_000):
        assert LogFile(str(path)).last(n) == lines[-n:]


def test_last_reads_no_more_than_it_may(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "LAST_BYTES", 100_000)
    path.write_bytes(b"".join(b"%06d %s\n" % (number, b"y" * 92) for number in range(10_000)))
    found = LogFile(str(path)).last(9_000)
    assert 1000 < len(found) < 2000
    assert found[-1].startswith("009999 ")
    assert all(len(line) == 99 for line in found)


def test_a_huge_line_is_cut_with_a_mark(path: Path) -> None:
    path.write_bytes(b"a\n" + b"z" * 300_000 + b"\nb\n")
    whole, followed = LogFile(str(path)).last(3), LogFile(str(path)).poll()
    for lines in (whole, followed):
        assert (lines[0], lines[2]) == ("a", "b")
        assert lines[1].startswith("z" * LINE_BYTES)
        assert lines[1][LINE_BYTES:] == f" … (+{300_000 - LINE_BYTES:,} characters)"


def test_a_huge_line_that_comes_in_pieces(path: Path) -> None:
    log = LogFile(str(path))
    for _ in range(20):
        _append(path, b"z" * 20_000)
        assert log.poll() == []
        assert len(log.partial) < LINE_BYTES + 40
    assert log.partial.endswith(f"… (+{400_000 - LINE_BYTES:,} bytes)")
    _append(path, b"\nnext\n")
    first, second = log.poll()
    assert first.startswith("z" * LINE_BYTES)
    assert f"+{400_000 - LINE_BYTES:,} bytes" in first
    assert second == "next"
    assert log.partial == ""


def test_follow(path: Path) -> None:
    path.write_bytes(b"old\n")
    log = LogFile(str(path))
    assert log.last(10) == ["old"]
    _append(path, b"one\ntw")
    assert log.poll() == ["one"]
    assert log.partial == "tw"
    _append(path, b"o\n\nthree\nfo")
    assert log.poll() == ["two", "", "three"]
    assert log.partial == "fo"
    assert log.poll() == []
    _append(path, b"ur\n")
    assert log.poll() == ["four"]


def test_a_character_cut_between_two_polls(path: Path) -> None:
    data = "naïve 한글 🚀\n".encode()
    log = LogFile(str(path))
    got = []
    for byte in data:
        _append(path, bytes([byte]))
        got += log.poll()
    assert got == ["naïve 한글 🚀"]


def test_a_bar_that_runs_for_hours(path: Path) -> None:
    log = LogFile(str(path))
    _append(path, b"(EngineCore pid=9) ")
    for number in range(3000):
        _append(path, b"\rCapturing CUDA graphs: %4d/3000 %s" % (number, b"#" * 60))
        if number % 100 == 0:
            assert log.poll() == []
            assert log.partial == f"(EngineCore pid=9) Capturing CUDA graphs: {number:4d}/3000 {'#' * 60}"
    log.poll()
    _append(path, b"\rdone\n")
    assert log.poll() == ["(EngineCore pid=9) done"]


def test_truncated(path: Path) -> None:
    path.write_bytes(b"a\nb\nc\n")
    log = LogFile(str(path))
    log.last(1)
    os.truncate(path, 0)
    assert log.poll() == []
    assert log.restarted
    _append(path, b"new\n")
    assert log.poll() == ["new"]
    assert not log.restarted


def test_truncated_and_grown_beyond_the_old_size(path: Path) -> None:
    path.write_bytes(b"a\nb\nc\n")
    log = LogFile(str(path))
    log.last(1)
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(b"quite other lines\nthan before\n")
    assert log.poll() == ["quite other lines", "than before"]
    assert log.restarted


def test_rotated(path: Path) -> None:
    path.write_bytes(b"a\n")
    log = LogFile(str(path))
    log.last(1)
    _append(path, b"last words\nunfinished")
    os.rename(path, f"{path}.1")
    assert (log.poll(), log.restarted) == (["last words"], False)  # what was written before the rotation comes first
    assert log.poll() == []  # no new file yet: the old one is kept
    path.write_bytes(b"first\n")
    assert (log.poll(), log.restarted) == (["unfinished", "first"], True)
    assert log.partial == ""
    _append(path, b"second\n")
    assert (log.poll(), log.restarted) == (["second"], False)


def test_deleted_while_read(path: Path) -> None:
    path.write_bytes(b"a\n")
    log = LogFile(str(path))
    log.last(1)
    path.unlink()
    assert log.poll() == []
    assert not log.restarted


def test_one_poll_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "POLL_BYTES", 1000)
    lines = [f"line {number}" for number in range(1000)]
    path.write_text("\n".join(lines) + "\n")
    log = LogFile(str(path))
    got: list[str] = []
    rounds = 0
    while True:
        new = log.poll()
        got += new
        rounds += 1
        assert sum(map(len, new)) <= 1000
        if not log.behind:
            break
    assert got == lines
    assert rounds > 5


def test_read_from(path: Path) -> None:
    path.write_bytes(b"a\nbb\nccc\npart")
    log = LogFile(str(path))
    assert list(log.read_from(2)) == ["bb", "ccc"]
    assert log.partial == "part"
    _append(path, b"ial\n")
    assert log.poll() == ["partial"]
    assert list(log.read_from(10_000)) == []


def test_binary_and_empty_bytes_are_bounded(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)  # a sparse file of zero bytes: one line without an end
    log = LogFile(str(path))
    tracemalloc.start()
    assert log.last(100) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * 1024 * 1024
    assert log.partial.endswith(" bytes)")
    assert len(log.partial) < LINE_BYTES + 40


@settings(max_examples=60, deadline=None)
@given(
    data=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\xff", "é".encode(), b"\0", b"lo " * 99])).map(b"".join),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_polls_give_what_the_file_holds(tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int]) -> None:
    path = tmp_path_factory.mktemp("tail") / "log"
    log = LogFile(str(path))
    got: list[str] = []
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, end in itertools.pairwise(places):
        _append(path, data[start:end])
        got += log.poll()
    *lines, partial = data.decode("utf-8", "replace").split("\n")
    assert got == lines
    assert log.partial == partial
    assert LogFile(str(path)).last(len(lines) + 1) == lines


# -- by time

NOW = time.mktime((2026, 11, 22, 12, 0, 0, 0, 0, -1))


def _stamp(at: float) -> str:
    return time.strftime("%m-%d %H:%M:%S", time.localtime(at))


def _timed(path: Path, *, seconds: int, between: int) -> None:
    """A log of one vLLM line every 10 s with ``between`` access lines after it, ending at NOW."""
    access = 'INFO:     127.0.0.1:49736 - "POST /v1/chat/completions HTTP/1.1" 200 OK\n'
    with path.open("w") as file:
        file.write("a line without a time\n")
        for at in range(-seconds, 1, 10):
            file.write(f"(APIServer pid=1) INFO {_stamp(NOW + at)} [loggers.py:1] Engine 000\n" + access * between)
    os.utime(path, (NOW, NOW))


@pytest.mark.parametrize("between", [0, 3, 700])
@pytest.mark.parametrize("ago", [0, 5, 60, 1234, 7190])
def test_first_since(path: Path, between: int, ago: int) -> None:
    _timed(path, seconds=7200, between=between)
    log = LogFile(str(path))
    offset = log.first_since(NOW - ago)
    assert offset is not None
    first = next(log.read_from(offset))
    wanted = NOW - ago // 10 * 10
    assert f" INFO {_stamp(wanted)} " in first


def test_first_since_at_the_edges(path: Path) -> None:
    _timed(path, seconds=600, between=2)
    log = LogFile(str(path))
    beginning = log.first_since(NOW - 10_000)
    assert beginning == len("a line without a time\n")
    assert log.first_since(NOW + 1) == path.stat().st_size
    path.write_text("no time at all\n" * 5000)
    assert LogFile(str(path)).first_since(NOW) is None


def test_first_since_over_new_year(path: Path) -> None:
    eve = time.mktime((2026, 12, 31, 23, 59, 0, 0, 0, -1))
    lines = [f"INFO {_stamp(eve + step)} [a.py:1] {step}" for step in range(0, 120, 10)]
    path.write_text("\n".join(lines) + "\n")
    os.utime(path, (eve + 120, eve + 120))
    log = LogFile(str(path))
    offset = log.first_since(eve + 60)
    assert offset is not None
    assert next(log.read_from(offset)).endswith(" 60")
