"""The frame of the command line: dispatch, help, errors and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import cli_fakes as fakes
import pytest

from launcher import __version__
from launcher.errors import UsageError, VdeckError
from tui.commands import helptext, tree
from tui.commands.options import Command

ROOT = Path(__file__).parents[2]
COMMANDS = [
    command for entry in tree.everything() for command in ((entry,) if isinstance(entry, Command) else entry.commands)
]


@pytest.fixture(params=[pytest.param(c, id=c.name.replace(" ", "-")) for c in COMMANDS])
def command(request: pytest.FixtureRequest) -> Command:
    found: Command = request.param
    return found


def test_help_of_every_command(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, *command.name.split(), "--help")
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith(f"Usage: vdeck {command.name}")
    for option in command.options:
        assert option.names[-1] in result.out
    assert max(map(len, result.out.splitlines())) <= 100


def test_every_handler_exists_and_takes_the_values(command: Command) -> None:
    assert callable(tree.resolve(command.handler))


def test_tables_are_well_formed(command: Command) -> None:
    names = [name for option in (*command.options, *()) for name in option.names]
    assert len(names) == len(set(names))
    assert "-h" not in names
    assert "--help" not in names
    for option in command.options:
        assert option.names[-1].startswith("--"), "the key is the long name"
        assert not option.help.endswith("."), "helptext adds to it"
        assert option.default is None or option.metavar
    assert sum(argument.need in ("many", "any") for argument in command.arguments) <= 1
    assert command.summary[0].islower()


def test_every_option_that_prints_json_is_the_same_one() -> None:
    assert {option.help for c in COMMANDS for option in c.options if option.key == "json"} == {
        "print one JSON document and nothing else"
    }


@pytest.mark.parametrize("words", [["--help"], ["-h"]])
def test_top_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, *words)
    assert result.code == 0
    for found in COMMANDS:
        assert f" {found.name} " in result.out


@pytest.mark.parametrize("word", ["web"])
def test_what_is_not_built_is_not_offered(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert word not in helptext.top()
    result = fakes.vdeck(capsys, word)
    assert result.code == 2
    assert result.err.startswith(f"error: unknown command {word}. ")


def test_run_update_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, "run", "update", "1", "text")
    assert result.code == 2
    assert result.err.startswith("error: unknown command update of vdeck run. ")


@pytest.mark.parametrize("words", [["--version"], ["-V"]])
def test_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert fakes.vdeck(capsys, *words) == (0, f"vdeck {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rum", "list"], "error: unknown command rum. did you mean run."),
        (["run", "lits"], "error: unknown command lits of vdeck run. did you mean list."),
        (["run"], "error: vdeck run needs a command. one of: create, list, read"),
        (["--verson"], "error: unknown option --verson. see vdeck --help."),
        (["run", "--json"], "error: unknown option --json of vdeck run."),
        (["run", "list", "--jsn"], "error: unknown option --jsn. did you mean --json."),
        (["run", "list", "x"], "error: there is a word too many: 'x'. usage: vdeck run list"),
        (["run", "read"], "error: ID is missing. usage: vdeck run read ID"),
        (["run", "create"], "error: --file is missing. give it as -f FILE."),
        (["run", "\x1b[31mred"], "error: unknown command red of vdeck run."),
        ([], "error: the screen needs a terminal."),
        (["tui", "a.yaml"], "error: the screen needs a terminal."),
    ],
)
def test_wrong_usage(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = fakes.vdeck(capsys, *words)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith(said)
    assert result.err.count("\n") == 1


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(values: object) -> NoReturn:
        raise error

    monkeypatch.setattr("tui.commands.run_list.list_runs", fail)


def test_an_expected_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _raising(monkeypatch, VdeckError("it broke.", detail="line one\n\x1b]0;evil\x07line two", fix="mend it"))
    result = fakes.vdeck(capsys, "run", "list")
    assert result == (1, "", "line one\nline two\nerror: it broke. mend it.\n")


def test_a_usage_error_of_the_core(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _raising(monkeypatch, UsageError("there is no run 1"))
    assert fakes.vdeck(capsys, "run", "list") == (2, "", "error: there is no run 1.\n")


def test_an_unexpected_error_is_one_line_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state_folder: Path
) -> None:
    token = "hf_" + "A1b2" * 9
    _raising(monkeypatch, RuntimeError(f"surprise {token}\nsecond line"))
    result = fakes.vdeck(capsys, "run", "list")
    log = state_folder / "screen.log"
    assert result.code == 1
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert result.err.startswith("error: internal error: RuntimeError: surprise ")
    assert result.err.endswith(f"Please report it with {log}.\n")
    assert "Traceback" not in result.err
    written = log.read_text()
    assert "Traceback (most recent call last)" in written
    assert "in fail" in written
    assert token not in result.err + written
    assert log.stat().st_mode & 0o777 == 0o600
    assert state_folder.stat().st_mode & 0o777 == 0o700


def test_an_unexpected_error_with_no_place_to_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("VDECK_HOME", str(tmp_path / "file" / "home"))
    _raising(monkeypatch, RuntimeError("surprise"))
    result = fakes.vdeck(capsys, "run", "list")
    assert result.code == 1
    assert result.err.startswith("error: internal error: RuntimeError: surprise. Please report it")


def test_an_error_of_the_system_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, OSError(28, "No space left on device", "/state/x"))
    result = fakes.vdeck(capsys, "run", "list")
    assert result.code == 1
    assert result.err.startswith("error: No space left on device: /state/x. ")


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _raising(monkeypatch, KeyboardInterrupt())
    assert fakes.vdeck(capsys, "run", "list") == (130, "", "")


def _process(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    code = "import sys; from tui.cli import main; sys.exit(main())"
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", code, *words], cwd=ROOT, text=True, stderr=subprocess.PIPE, timeout=30, **more
    )


def test_a_real_process_prints_the_empty_list() -> None:
    done = _process("run", "list", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ID  Name  Type  Status  Created  Description\n", "")


def test_json_of_a_real_process_is_one_document() -> None:
    done = _process("run", "list", "--json", stdout=subprocess.PIPE)
    assert json.loads(done.stdout) == []
    assert done.stderr == ""


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = _process("--help", stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["run", "list"], ["manifest", "new"]])
def test_a_full_disk_behind_standard_output(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = _process(*words, stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("error: No space left on device.")
    assert done.stderr.count("\n") == 1


def test_an_old_encoding_escapes_what_it_lacks() -> None:
    done = _process(
        "run", "\udcff한국", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: unknown command ")
    assert "Traceback" not in done.stderr
