"""The lines of a log by number: equal to splitting the whole file, whatever happens to it in between."""

from __future__ import annotations

import os
import random
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.logs.lens import Lens
from launcher.logs.map import LogMap
from launcher.logs.rows import LogRow, Rows
from launcher.logs.tail import LogFile
from tests.launcher.log_kit import append, passes, places, raw_lines, small_blocks

LENSES = [
    Lens(), Lens("o"), Lens("o", invert=True), Lens(hide_access=True), Lens(levels=frozenset({"ERROR", "-"})),
    Lens("INFO", processes=frozenset({"APIServer"})),
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def _scan(rows: Rows) -> None:
    for _ in range(100_000):
        if rows.complete:
            return
        rows.step(0.0)
    raise AssertionError("it never ends")


def _check(rows: Rows, data: bytes) -> None:
    _scan(rows)
    expected = [(start, line) for start, line in places(data) if passes(line, rows.lens)]
    found = rows.lines(0, len(expected) + 5)
    assert [(row.start, row.end) for row in found] == [(start, start + len(line) + 1) for start, line in expected]
    assert (rows.count, rows.matches, rows.scanned) == (len(expected), len(expected), 1.0)
    for number, row in enumerate(found):
        assert rows.line(number) == row
        assert rows.row_at(row.start) == rows.row_at(row.end - 1) == number
    assert rows.row_at(len(data) + 9) == len(found)
    assert rows.line(-1) is rows.line(len(found)) is None


steps = st.one_of(
    st.tuples(st.just("append"), st.lists(raw_lines, max_size=8).map(b"\n".join), st.booleans()),
    st.tuples(st.just("append"), st.lists(raw_lines, max_size=8).map(b"\n".join), st.booleans()),
    st.tuples(st.just("truncate"), st.floats(0, 1), st.booleans()),
    st.tuples(st.just("rotate"), st.lists(raw_lines, max_size=8).map(b"\n".join), st.booleans()),
)


@given(st.sampled_from(LENSES), st.lists(steps, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_rows_are_the_lines_whatever_happens(
    lens: Lens, happens: list[tuple[str, object, bool]], rnd: random.Random
) -> None:
    with tempfile.TemporaryDirectory() as folder, small_blocks():
        path = Path(folder, "output.log")
        path.write_bytes(b"")
        log = LogMap(str(path))
        rows = Rows(log, lens)
        data = b""
        for what, value, flag in happens:
            if what == "append":
                assert isinstance(value, bytes)
                piece = value + b"\n" * flag
                append(path, piece)
                data += piece
            elif what == "truncate":
                assert isinstance(value, float)
                data = data[: int(len(data) * value)]
                os.truncate(path, len(data))
            else:
                assert isinstance(value, bytes)
                data = value + b"\n" * flag
                path.unlink()
                path.write_bytes(data)
            for _ in range(2):  # what was written to an old file comes first
                log.refresh()
                rows.refresh()
            if rnd.random() < 0.5:
                rows.lines(rnd.randrange(rows.count + 1), 3)
            for _ in range(rnd.randrange(4)):
                rows.step(0.0, rnd.choice([None, rnd.randrange(rows.count + 1)]))
            if rnd.random() < 0.4:
                _check(rows, data)
        _check(rows, data)


@given(st.lists(raw_lines, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_line_reads_as_the_tail_reads_it(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "output.log")
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        rows = Rows(LogMap(str(path)))
        assert [row.raw for row in rows.lines(0, 99)] == LogFile(str(path)).last(99)


def test_missing_empty_and_coming(path: Path) -> None:
    log = LogMap(str(path))
    rows = Rows(log)
    assert (rows.count, rows.complete, rows.lines(0, 5), rows.row_at(7), rows.partial) == (0, True, [], 0, "")
    path.write_bytes(b"one\ntw")
    log.refresh()
    assert rows.refresh()
    assert (rows.count, rows.line(0), rows.partial) == (1, LogRow(0, 4, "one"), "tw")
    append(path, b"o\n")
    log.refresh()
    assert rows.refresh()
    assert (rows.count, rows.line(1), rows.partial) == (2, LogRow(4, 8, "two"), "")
    assert not rows.refresh()


def test_the_end_is_there_before_anything_was_scanned(path: Path) -> None:
    lines = [b"line %d" % number for number in range(20_000)]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    with small_blocks():
        rows = Rows(LogMap(str(path)))
        assert not rows.complete
        last = rows.lines(rows.count - 5, 5)
        assert [row.raw for row in last] == ["line 19995", "line 19996", "line 19997", "line 19998", "line 19999"]


def test_a_place_is_kept_while_estimates_become_exact(path: Path) -> None:
    long = b"".join(b"x" * 90 + b"\n" for _ in range(400))
    short = b"".join(b"%d\n" % number for number in range(4000))
    path.write_bytes(short + long)
    with small_blocks():
        rows = Rows(LogMap(str(path)))
        row = rows.count - 3
        kept = rows.lines(row, 3)
        while not rows.complete:
            rows.step(0.0)
            row = rows.row_at(kept[0].start)
            assert rows.lines(row, 3) == kept
        assert rows.count == 4400


def test_scanning_goes_on_around_the_row_that_is_asked_for(path: Path) -> None:
    path.write_bytes(b"".join(b"line %05d\n" % number for number in range(20_000)))
    with small_blocks():
        rows = Rows(LogMap(str(path)))
        middle = rows.count // 2
        for _ in range(12):
            rows.step(0.0, near=middle)
        before = rows.matches
        assert rows.lines(middle, 20)
        assert rows.matches == before  # all that is painted was counted already


@pytest.mark.parametrize("length", [64 * 1024, 64 * 1024 + 1, 300_000, 1_000_000, 3_000_000])
def test_a_very_long_line_is_cut_with_a_mark(path: Path, length: int) -> None:
    path.write_bytes(b"before\n" + b"x" * length + b"\nafter\n")
    rows = Rows(LogMap(str(path)))
    _scan(rows)
    before, long, after = rows.lines(0, 9)
    assert (before.raw, after.raw, long.start, long.end) == ("before", "after", 7, 8 + length)
    assert long.raw.startswith("x" * 65536)
    assert long.raw[65536:] == (f" … (+{length - 65536:,} bytes)" if length > 65536 else "")
    assert rows.row_at(7 + length // 2) == 1


def test_a_very_long_bar_is_its_last_state(path: Path) -> None:
    path.write_bytes(b"".join(b"\rDownloading: %d%%" % (n // 1000) for n in range(100_001)) + b"\nafter\n")
    rows = Rows(LogMap(str(path)))
    _scan(rows)
    assert [row.raw for row in rows.lines(0, 9)] == ["Downloading: 100%", "after"]
    found = Rows(LogMap(str(path)), Lens("100%"))
    _scan(found)
    assert found.count == 1


def test_a_log_without_a_newline_has_no_rows(path: Path) -> None:
    path.write_bytes(b"x" * 5_000_000)
    rows = Rows(LogMap(str(path)))
    _scan(rows)
    assert rows.count == 0
    assert rows.partial.startswith("xxx")
    assert len(rows.partial) < 70_000


def test_a_bad_pattern_shows_nothing(path: Path) -> None:
    path.write_bytes(b"one\n")
    rows = Rows(LogMap(str(path)), Lens("("))
    assert (rows.count, rows.complete) == (0, True)


FIRST = b"""(APIServer pid=1) INFO 11-22 06:32:05 [a.py:1] start
(EngineCore pid=2) ERROR 11-22 06:32:06 [core.py:9] EngineCore failed to start.
(Worker_TP0 pid=3) ERROR 11-22 06:32:06 [w.py:7] WorkerProc failed.
(EngineCore pid=2) ERROR 11-22 06:32:06 [core.py:9] Traceback (most recent call last):
(APIServer pid=1) INFO 11-22 06:32:06 [a.py:1] waiting
(EngineCore pid=2) ERROR 11-22 06:32:06 [core.py:9] ValueError: boom
(EngineCore pid=2) INFO 11-22 06:32:07 [core.py:3] ending
(EngineCore pid=2) ERROR 11-22 06:32:08 [core.py:9] not the first
Traceback (most recent call last):
  File "x.py", line 1
ValueError: raw

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "y.py", line 2
RuntimeError: Engine core initialization failed.
something else
Traceback (most recent call last):
ValueError: not the first
"""
FIRST_ROWS = [1, 2, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize("cut", range(0, len(FIRST), 37))
def test_first_errors_of_each_process(path: Path, cut: int) -> None:
    path.write_bytes(FIRST[:cut])
    log = LogMap(str(path))
    with small_blocks():
        rows = Rows(log, Lens(first_errors=True))
        _scan(rows)
        append(path, FIRST[cut:])
        log.refresh()
        rows.refresh()
        _scan(rows)
        lines = FIRST.decode().split("\n")
        found = rows.lines(0, 99)
        assert [row.raw for row in found] == [lines[number] for number in FIRST_ROWS]
        assert [rows.row_at(row.start) for row in found] == list(range(len(found)))


def test_first_errors_pass_the_other_conditions_too(path: Path) -> None:
    path.write_bytes(FIRST)
    rows = Rows(LogMap(str(path)), Lens("boom|raw", first_errors=True))
    _scan(rows)
    assert [row.raw.rpartition(" ")[2] for row in rows.lines(0, 9)] == ["boom", "raw"]


def test_one_thread_scans_while_the_other_looks_and_the_log_grows(path: Path) -> None:
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(5000)))
    log = LogMap(str(path))
    with small_blocks(2000):
        rows = Rows(log)
        done = threading.Event()
        faults: list[BaseException] = []

        def work() -> None:
            try:
                for number in range(5000, 9000, 10):
                    append(path, b"".join(b"line %d\n" % (number + n) for n in range(10)))
                    log.refresh()
                    rows.refresh()
                    rows.step(0.0)
            except BaseException as error:
                faults.append(error)
            finally:
                done.set()

        thread = threading.Thread(target=work)
        thread.start()
        rnd = random.Random(1)
        while not done.is_set():
            found = rows.lines(rnd.randrange(rows.count), 20)
            numbers = [int(row.raw.split()[1]) for row in found]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        thread.join()
        assert not faults
        _check(rows, path.read_bytes())
