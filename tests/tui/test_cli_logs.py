"""`vdeck run logs`: the end of a log, all of it, what was logged lately, and following to the last line."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import ID, FakeControl, a_run, folder_with_log, put, vdeck

from launcher.runs.view import RunView
from tui.commands import run_logs

Capsys = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
NUMBERS = "".join(f"line {n}\n" for n in range(300))


def _stamped(seconds_ago: float, text: str) -> str:
    stamp = time.strftime("%m-%d %H:%M:%S", time.localtime(time.time() - seconds_ago))
    return f"(APIServer pid=7) INFO {stamp} [api_server.py:1] {text}\n"


def _with_log(monkeypatch: Patch, tmp_path: Path, text: str, **changes: Any) -> FakeControl:
    values = {"folder": folder_with_log(tmp_path, text), "status": "completed"} | changes
    return put(monkeypatch, a_run(**values))


@pytest.mark.parametrize(
    ("words", "count", "first"),
    [
        ([], 200, "line 100"),
        (["--tail", "3"], 3, "line 297"),
        (["--tail=all"], 300, "line 0"),
        (["--tail", "0"], 0, None),
        (["--tail", "1000"], 300, "line 0"),
    ],
)
def test_tail(
    words: list[str], count: int, first: str | None, monkeypatch: Patch, capsys: Capsys, tmp_path: Path
) -> None:
    _with_log(monkeypatch, tmp_path, NUMBERS)
    result = vdeck(capsys, "run", "logs", ID, *words)
    lines = result.out.splitlines()
    assert (result.code, result.err, len(lines)) == (0, "", count)
    assert (lines[0] if lines else None) == first


@pytest.mark.parametrize("given", ["-5", "x", "1.5", "٣"])
def test_a_tail_that_is_no_number(given: str, monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    _with_log(monkeypatch, tmp_path, NUMBERS)
    result = vdeck(capsys, "run", "logs", ID, f"--tail={given}")
    assert result.code == 2
    assert result.err.startswith(f"error: --tail cannot be {given!r}")


def test_the_unfinished_last_line_is_shown(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    _with_log(monkeypatch, tmp_path, "one\nLoading:  10%\rLoading:  43%")
    assert vdeck(capsys, "run", "logs", ID).out == "one\nLoading:  43%\n"


def test_no_log_yet(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    put(monkeypatch, a_run(folder=str(tmp_path / "nowhere")))
    assert vdeck(capsys, "run", "logs", ID) == (0, "", "")
    assert vdeck(capsys, "run", "logs", ID, "--since", "5m") == (0, "", "")


def test_since_takes_what_was_logged_lately(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    text = _stamped(900, "old") + "  without a time\n" + _stamped(100, "new") + "  more\n" + _stamped(5, "newest")
    _with_log(monkeypatch, tmp_path, text, created=time.time() - 1000)
    lines = vdeck(capsys, "run", "logs", ID, "--since", "5m").out.splitlines()
    assert [line.split()[-1] for line in lines] == ["new", "more", "newest"]
    assert len(vdeck(capsys, "run", "logs", ID, "--since", "5m", "--tail", "1").out.splitlines()) == 1
    assert vdeck(capsys, "run", "logs", ID, "--since", "1s").out == ""


def test_since_of_a_young_run_is_all_of_it(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    _with_log(monkeypatch, tmp_path, "+ pip install\n" + _stamped(5, "up"), created=time.time() - 20)
    assert vdeck(capsys, "run", "logs", ID, "--since", "5m").out.startswith("+ pip install\n")


def test_since_of_a_log_without_times(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    control = _with_log(monkeypatch, tmp_path, "one\ntwo\n", created=time.time() - 1000)
    result = vdeck(capsys, "run", "logs", ID, "--since", "5m")
    assert result == (0, "one\ntwo\n", "No line of this log has a time: all of it is shown.\n")
    old = time.time() - 600
    os.utime(Path(control.runs[ID].folder) / "output.log", (old, old))
    assert vdeck(capsys, "run", "logs", ID, "--since", "5m") == (0, "", "")


def test_secrets_are_masked(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    token = "hf_" + "A1b2" * 9
    control = _with_log(monkeypatch, tmp_path, f"key correct-horse\ntoken {token}\n")
    control.secrets = {"VLLM_API_KEY": "correct-horse"}
    assert vdeck(capsys, "run", "logs", ID).out == "key ***\ntoken ***\n"


def test_a_pipe_gets_the_line_as_it_is(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    _with_log(monkeypatch, tmp_path, "\x1b[36m(EngineCore)\x1b[0m \x1b]0;x\x07\n")
    assert vdeck(capsys, "run", "logs", ID).out == "\x1b[36m(EngineCore)\x1b[0m \x1b]0;x\x07\n"


@pytest.mark.parametrize(
    ("no_colour", "shown"), [("", "\x1b[36m(EngineCore)\x1b[0m x\x1b[0m\n"), ("1", "(EngineCore) x\n")]
)
def test_a_terminal_gets_colours_only(
    no_colour: str, shown: str, monkeypatch: Patch, capsys: Capsys, tmp_path: Path
) -> None:
    _with_log(monkeypatch, tmp_path, "\x1b[36m(EngineCore)\x1b[0m \x1b]0;t\x07\x1b[2Jx\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", no_colour)
    result = vdeck(capsys, "run", "logs", ID)
    assert result.out == shown
    assert result.err == f"Displayed last 1 lines of #{ID}.\n"


def test_follow_goes_on_until_the_run_has_ended_and_is_drained(
    monkeypatch: Patch, capsys: Capsys, tmp_path: Path
) -> None:
    """What is written between the last look at the log and the end of the run is still printed."""
    control = _with_log(monkeypatch, tmp_path, "one\n", status="running")
    log = Path(control.runs[ID].folder) / "output.log"
    pieces = iter(["two\nthr", "ee\n", "four\n", "last words"])

    def read(run_id: str) -> RunView:
        piece = next(pieces, None)
        if piece is not None:
            with log.open("a") as file:
                file.write(piece)
        status = "running" if piece in ("two\nthr", "ee\n", "four\n") else "completed"
        return control.runs[run_id]._replace(status=status)

    monkeypatch.setattr(control, "read", read)
    monkeypatch.setattr("tui.commands.output.pause", lambda seconds: None)
    result = vdeck(capsys, "run", "logs", ID, "-f")
    assert result == (0, "one\ntwo\nthree\nfour\nlast words\n", "")


def test_ctrl_c_while_following(monkeypatch: Patch, capsys: Capsys, tmp_path: Path) -> None:
    _with_log(monkeypatch, tmp_path, "one\n", status="running")

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.commands.output.pause", interrupt)
    assert vdeck(capsys, "run", "logs", ID, "-f") == (130, "one\n", "")


def test_all_of_a_large_log_is_not_held_in_memory(monkeypatch: Patch, tmp_path: Path) -> None:
    import tracemalloc

    from launcher.logs.tail import LogFile

    folder = folder_with_log(tmp_path, ("x" * 99 + "\n") * 200_000)
    lines = run_logs.first_lines(LogFile(f"{folder}/output.log"), a_run(), tail=None, since_s=None)
    tracemalloc.start()
    count = sum(1 for _ in lines)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 200_000
    assert peak < 30e6
