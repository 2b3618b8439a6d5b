"""The bytes of a log, and all that can happen to its file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launcher.logs.map import LogMap
from tests.launcher.log_kit import append


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def test_a_missing_file_is_empty_and_may_come(path: Path) -> None:
    log = LogMap(str(path))
    assert (log.size, log.generation, log.read(0, 10), log.refresh()) == (0, 0, b"", "same")
    path.write_bytes(b"one\n")
    assert log.refresh() == "grown"
    assert (log.size, log.read(0, 10)) == (4, b"one\n")


@pytest.mark.parametrize("place", ["/", "/dev/null/x", "a\0b", "/dev/zero"])
def test_what_is_no_file_is_empty(place: str) -> None:
    log = LogMap(place)
    assert (log.size, log.refresh(), log.read(0, 10), log.first_since(0)) == (0, "same", b"", None)


def test_a_file_that_may_not_be_read_is_empty(path: Path) -> None:
    path.write_bytes(b"secret\n")
    path.chmod(0)
    log = LogMap(str(path))
    if os.geteuid() == 0:
        assert log.size == 7  # root reads everything
    else:
        assert (log.size, log.read(0, 10)) == (0, b"")


def test_growth(path: Path) -> None:
    path.write_bytes(b"one\n")
    log = LogMap(str(path))
    assert log.refresh() == "same"
    append(path, b"two\n")
    assert (log.size, log.refresh(), log.size) == (4, "grown", 8)
    assert log.read(4, 99) == b"two\n"
    assert log.generation == 0


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (3, 3), (5, 2), (100, 200)])
def test_what_is_not_there_is_empty(path: Path, start: int, stop: int) -> None:
    path.write_bytes(b"one\ntwo\n")
    assert LogMap(str(path)).read(start, stop) == b""


def test_truncation(path: Path) -> None:
    path.write_bytes(b"one\ntwo\n")
    log = LogMap(str(path))
    os.truncate(path, 4)
    assert (log.refresh(), log.size, log.generation) == ("restarted", 4, 1)


def test_truncated_and_grown_beyond_what_it_was(path: Path) -> None:
    path.write_bytes(b"one\ntwo\n")
    log = LogMap(str(path))
    path.write_bytes(b"another beginning\n")  # the same inode
    assert (log.refresh(), log.size) == ("restarted", 18)


def test_written_anew_with_the_same_size(path: Path) -> None:
    path.write_bytes(b"one\n")
    log = LogMap(str(path))
    path.write_bytes(b"two\n")
    os.utime(path, ns=(1, 1))
    assert log.refresh() == "restarted"


def test_rotation_the_old_one_is_read_to_its_end_first(path: Path) -> None:
    path.write_bytes(b"one\n")
    log = LogMap(str(path))
    old = path.with_suffix(".1")
    path.rename(old)
    append(old, b"last\n")
    assert (log.refresh(), log.size) == ("grown", 9)
    assert log.refresh() == "same"  # nobody has its name yet
    path.write_bytes(b"new\n")
    assert (log.refresh(), log.size, log.read(0, 9)) == ("restarted", 4, b"new\n")


def test_a_file_that_is_truncated_under_the_reader_does_no_harm(path: Path) -> None:
    path.write_bytes(b"x" * 1_000_000)
    log = LogMap(str(path))
    os.truncate(path, 10)
    assert log.read(500_000, 900_000) == b""  # under a memory map this were SIGBUS
    assert log.read(0, 900_000) == b"x" * 10


def test_closed_and_opened_again(path: Path) -> None:
    path.write_bytes(b"one\n")
    log = LogMap(str(path))
    log.close()
    assert log.read(0, 4) == b""
    assert log.refresh() == "same"
    assert log.read(0, 4) == b"one\n"


def test_replaced_while_it_was_closed(path: Path) -> None:
    path.write_bytes(b"one\n")
    log = LogMap(str(path))
    log.close()
    path.unlink()
    path.write_bytes(b"something else\n")
    assert log.refresh() == "restarted"


def test_a_stale_handle_is_opened_anew(path: Path) -> None:
    path.write_bytes(b"one\n")
    log = LogMap(str(path))
    handle = log._handle
    assert handle is not None
    good, handle.fd = handle.fd, 1 << 20  # no such descriptor: every use fails, as on a network file system
    assert log.read(0, 4) == b""
    assert log.refresh() == "same"
    handle.fd = good
    assert log.refresh() == "same"
    assert log.read(0, 4) == b"one\n"
