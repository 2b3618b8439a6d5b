"""launcher.logs.merge: several logs as one, by time."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from launcher.logs.merge import MergedLog, Piece, merged

NOW = time.mktime((2026, 11, 26, 14, 0, 0, 0, 0, -1))


def line(second: int, words: str) -> str:
    return f"INFO 11-26 13:{second // 60:02}:{second % 60:02} [x.py:1] {words}"


def said(pieces: list[Piece]) -> list[str]:
    return [f"{piece.owner}:{piece.line.rpartition(' ')[2]}" for piece in pieces]


def begin(count: int) -> list[float]:
    return [float("-inf")] * count


def test_lines_stand_in_the_order_of_time() -> None:
    a = [line(1, "a1"), line(3, "a2"), line(9, "a3")]
    b = [line(2, "b1"), line(3, "b2"), line(4, "b3")]
    assert said(merged([a, b], begin(2), near=NOW)) == ["0:a1", "1:b1", "0:a2", "1:b2", "1:b3", "0:a3"]


def test_a_line_without_time_stays_behind_the_one_before_it() -> None:
    a = [line(1, "a1"), "Traceback", "  at-x", line(9, "a2")]
    b = [line(2, "b1"), "tail-b"]
    assert said(merged([a, b], begin(2), near=NOW)) == ["0:a1", "0:Traceback", "0:at-x", "1:b1", "1:tail-b", "0:a2"]


def test_lines_before_the_first_time_stand_right_before_it() -> None:
    a = ["banner", line(5, "a1")]
    b = [line(1, "b1"), line(6, "b2")]
    assert said(merged([a, b], begin(2), near=NOW)) == ["1:b1", "0:banner", "0:a1", "1:b2"]
    assert said(merged([["x"], ["y"]], begin(2), near=NOW)) == ["0:x", "1:y"]


def test_the_next_batch_goes_on_from_the_times_of_the_last() -> None:
    last = begin(2)
    merged([[line(5, "a1")], [line(7, "b1")]], last, near=NOW)
    assert said(merged([["a2"], [line(6, "b2"), line(8, "b3")]], last, near=NOW)) == ["0:a2", "1:b2", "1:b3"]


@given(st.lists(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=15), min_size=1, max_size=4))
def test_no_line_is_lost_and_each_log_keeps_its_order(logs: list[list[tuple[int, bool]]]) -> None:
    batches = [
        [line(second, f"{owner}-{at}") if timed else f"{owner}-{at}" for at, (second, timed) in enumerate(log)]
        for owner, log in enumerate(logs)
    ]  # fmt: skip
    pieces = merged(batches, begin(len(logs)), near=NOW)
    for owner, batch in enumerate(batches):
        assert [piece.line for piece in pieces if piece.owner == owner] == batch
    assert [piece.at for piece in pieces] == sorted(piece.at for piece in pieces)


def owned(log: MergedLog) -> list[str]:
    found, start = [], 0
    for text in log.read(0, log.size).decode().splitlines():
        found.append(f"{log.owner(start)}:{text.rpartition(' ')[2]}")
        start += len(text.encode()) + 1
    return found


def test_a_merged_log_follows(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text(line(1, "a1") + "\n")
    log = MergedLog([str(a), str(b)], near=NOW)  # b is not there yet
    assert owned(log) == ["0:a1"] and log.refresh() == "same"
    b.write_text(line(3, "b1") + "\nhalf")
    with a.open("a") as file:
        file.write(line(2, "ä2") + "\n")
    assert log.refresh() == "grown"
    assert owned(log) == ["0:a1", "0:ä2", "1:b1"]
    assert log.offset_since(NOW - 3600 + 3) == log.read(0, log.size).index(line(3, "b1").encode())
    assert log.offset_since(NOW) == log.size and log.offset_since(0) == 0


def test_the_oldest_lines_are_dropped_and_told(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("".join(line(n, f"a{n}") + "\n" for n in range(50)))
    b.write_text("".join(line(n, f"b{n}") + "\n" for n in range(50)))
    log = MergedLog([str(a), str(b)], near=NOW, limit=20)
    assert owned(log)[0] == "0:a40" and len(owned(log)) == 20
    kept = log.read(log.size - 10, log.size)
    with a.open("a") as file:
        file.write("".join(line(n, f"a{n}") + "\n" for n in range(50, 60)))
    before, generation = log.size, log.generation
    assert log.refresh() == "restarted" and log.generation == generation + 1
    assert len(owned(log)) == 20 and log.dropped is not None
    assert log.read(before - log.dropped - 10, before - log.dropped) == kept
    assert owned(log)[-1] == "0:a59" and log.owner(log.size - 1) == 0
