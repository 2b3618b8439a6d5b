"""What the commands print: tables, colours of a log, progress."""

from __future__ import annotations

import io
import os
import sys

import pytest

from tui.commands import output
from tui.commands.colour import for_terminal

RED, RESET = "\x1b[31m", "\x1b[0m"


def test_table_aligns_and_strips() -> None:
    rows = [("ID", "Name", "Text"), ("1", "qwen", ""), ("22", "a", "b")]
    assert output.table(rows) == ["ID  Name  Text", "1   qwen", "22  a     b"]


def test_table_aligns_numbers_to_the_right() -> None:
    assert output.table([("", "p50"), ("TTFT", "9 ms")], right=(1,)) == ["       p50", "TTFT  9 ms"]


def test_table_counts_wide_characters_twice() -> None:
    lines = output.table([("한국", "x"), ("ab", "y"), ("e\u0301", "z")])
    assert lines == ["한국  x", "ab    y", "e\u0301     z"]


def test_table_takes_controls_out() -> None:
    assert output.table([("a\x1b[31mb\nc\x07", "\u202ed")]) == ["ab c  d"]


def test_table_cuts_the_last_column_only() -> None:
    assert output.table([("123456789012", "a description that is long")], limit=24) == ["123456789012  a descrip…"]
    assert output.table([("123456789012", "a description")], limit=10) == ["123456789012  a descr…"]


@pytest.mark.parametrize(
    ("line", "coloured", "plain"),
    [
        ("text", "text", "text"),
        (f"{RED}red{RESET} x", f"{RED}red{RESET} x{RESET}", "red x"),
        ("\x1b[38;5;208mx", f"\x1b[38;5;208mx{RESET}", "x"),
        ("\x1b[38;2;8;6;5mx", f"\x1b[38;2;8;6;5mx{RESET}", "x"),
        ("\x1b[8mhidden", f"hidden{RESET}", "hidden"),
        ("\x1b[1;5mblink", f"blink{RESET}", "blink"),
        ("\x1b[08mhidden", f"hidden{RESET}", "hidden"),
        ("\x1b]0;title\x07x", "x", "x"),
        ("\x1b[2J\x1b[Hx", "x", "x"),
        ("a\rb\x07\x9b31mc", "abc", "abc"),
        ("\x1b[3\x1b[31m1mx", f"3{RED}1mx{RESET}", "31mx"),
        ("\x1bPdcs\x1b\\x", "x", "x"),
    ],
)
def test_colours_of_a_log_line(line: str, coloured: str, plain: str) -> None:
    assert for_terminal(line, colours=True) == coloured
    assert for_terminal(line, colours=False) == plain


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_writes_over_one_line_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = output.Progress()
    progress.show("download", "1/9 torch\x1b[2J")
    progress.show("download", "1/9 torch")
    progress.show("download", "x" * 300)
    progress.done("finished")
    progress.done()
    written = terminal.getvalue()
    assert written.startswith("\rdownload 1/9 torch\x1b[K\rdownload xxx")
    assert written.endswith("…\x1b[K\r\x1b[Kfinished\n")
    assert max(map(len, written.split("\r"))) < 90


def test_progress_says_each_step_once_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    progress = output.Progress()
    for step, rest in (("download", "1/9"), ("download", "2/9"), ("install", ""), ("install", "x")):
        progress.show(step, rest)
    progress.done()
    assert capsys.readouterr() == ("", "download\ninstall\n")


def test_pause_ends_when_the_reader_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        output.pause(0.001)
        os.close(read)
        with pytest.raises(BrokenPipeError):
            output.pause(60)


def test_streams_that_are_gone() -> None:
    closed = io.StringIO()
    closed.close()
    assert not output.is_terminal(closed)
    assert not output.is_terminal(None)
