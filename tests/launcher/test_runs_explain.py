"""The lines around the evidence, and a diagnosis without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.logs.diagnosis import Change, Diagnosis, Evidence, Fix
from launcher.runs import explain


def log(tmp_path: Path, lines: int = 20, width: int = 10) -> str:
    path = tmp_path / "output.log"
    path.write_text("".join(f"line {number} {'x' * width}\n" for number in range(1, lines + 1)))
    return str(path)


@pytest.mark.parametrize(
    ("number", "wanted"),
    [(1, [1, 2, 3, 4]), (2, [1, 2, 3, 4, 5]), (10, [7, 8, 9, 10, 11, 12, 13]), (20, [17, 18, 19, 20]), (40, [])],
)
def test_the_lines_around(tmp_path: Path, number: int, wanted: list[int]) -> None:
    found = explain.lines_around(log(tmp_path), number, str)
    assert [at for at, _ in found] == wanted
    assert all(text.startswith(f"line {at} ") for at, text in found)


def test_far_down_a_large_file(tmp_path: Path) -> None:
    path = log(tmp_path, lines=60_000, width=70)
    for number in (13_797, 13_798, 59_999):  # about a megabyte, and the end
        found = explain.lines_around(path, number, str)
        assert [text.split()[1] for _, text in found] == [str(at) for at, _ in found]
        assert number in [at for at, _ in found]


def test_hostile_lines(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(b"\x1b[2J\x1b]0;t\x07bar 1%\rbar 100%\n\xff\xfe bad\n" + b"y" * 3_000_000 + b"\nlast secret-1\n")
    found = explain.lines_around(str(path), 2, lambda text: text.replace("secret-1", "***"))
    assert [at for at, _ in found] == [1, 2, 3, 4]
    assert found[0][1] == "bar 100%"
    assert len(found[2][1]) == explain.LINE_CHARACTERS
    assert found[3][1] == "last ***"


def test_no_file(tmp_path: Path) -> None:
    assert explain.lines_around(str(tmp_path / "none"), 3, str) == ()
    assert explain.lines_around(str(tmp_path), 3, str) == ()


def test_masked_everywhere() -> None:
    found = Diagnosis("r", "S", "S \x1b[31m", Evidence(1, "S\n"), (Fix("S", (Change("x", 1),)),), "S")
    masked = explain.masked(found, lambda text: text.replace("S", "***"))
    assert masked == Diagnosis("r", "***", "***", Evidence(1, "***"), (Fix("***", (Change("x", 1),)),), "***")


def test_as_text_has_all_of_it() -> None:
    told = explain.Explained(
        Diagnosis("r", "T", "C", Evidence(7, "E"), (Fix("F"), Fix("G")), "W"), ((6, "a"), (7, "E"))
    )
    text = explain.as_text(told)
    for words in ("T\n", "C\n", "Where: W", "Line 7", "     6  a", "1. F", "2. G"):
        assert words in text


@pytest.mark.parametrize("number", [1, 2, 13_797, 60_000])
def test_the_offset_is_that_of_the_line(tmp_path: Path, number: int) -> None:
    path = log(tmp_path, lines=60_000, width=70)
    offset = explain.line_offset(path, number)
    assert offset is not None
    assert Path(path).read_bytes()[offset:].startswith(f"line {number} ".encode())


@pytest.mark.parametrize("number", [60_001, 99_999_999])
def test_a_line_that_is_not_there_has_no_offset(tmp_path: Path, number: int) -> None:
    assert explain.line_offset(log(tmp_path, lines=60_000), number) is None
    assert explain.line_offset(str(tmp_path / "none"), number) is None
