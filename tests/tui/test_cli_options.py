"""The option parser against tables: what it reads, and what it says when it cannot."""

from __future__ import annotations

import pytest

from launcher.errors import UsageError
from tui.commands.options import JSON, Argument, Command, Option, duration, usage
from tui.commands.parser import nearest, parse

COMMAND = Command(
    "toy make",
    "make a toy",
    "nowhere:nothing",
    (Argument("ID", "which"), Argument("WORD", "more", "optional"), Argument("REST", "handed on", "rest")),
    (
        Option(("-f", "--file"), "a file", "FILE"),
        Option(("-v", "--verbose"), "say more"),
        Option(("-q",), "say less"),
        Option(("--env",), "a variable", "K=V", many=True),
        Option(("--count",), "how many", "N", "integer", default="3"),
        Option(("--heat",), "how hot", "X", "number"),
        Option(("--since",), "how long", "TIME", "seconds"),
        Option(("--colour",), "which", "C", choices=("red", "green")),
        Option(("--wait",), "wait", "WHEN", choices=("ready", "end"), alone="ready"),
        JSON,
    ),
)


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [
        ("x -f a", "file", ("a",)),
        ("x -fa", "file", ("a",)),
        ("x -f=a", "file", ("a",)),
        ("x --file a", "file", ("a",)),
        ("x --file=a=b", "file", ("a=b",)),
        ("x --file=", "file", ("",)),
        ("--file a x", "ID", ("x",)),
        ("x -f -", "file", ("-",)),
        ("x -qf a", "file", ("a",)),
        ("x -vqfa", "file", ("a",)),
        ("x --env A=1 --env B=2", "env", ("A=1", "B=2")),
        ("x --heat -1.5", "heat", ("-1.5",)),
        ("x --wait", "wait", ("ready",)),
        ("x --wait=end", "wait", ("end",)),
        ("x --wait y", "WORD", ("y",)),
        ("x y", "WORD", ("y",)),
        ("x -- -a --file b", "REST", ("-a", "--file", "b")),
        ("- y", "ID", ("-",)),
        ("x --since 1h30m", "since", ("1h30m",)),
    ],
)
def test_reads(line: str, key: str, expected: tuple[str, ...]) -> None:
    values = parse(COMMAND, line.split())
    assert values is not None
    assert values.many(key) == expected


@pytest.mark.parametrize(
    ("line", "what", "fix"),
    [
        ("", "ID is missing", "vdeck toy make ID [WORD]"),
        ("a b c", "a word too many: 'c'", "usage:"),
        ("a --fille x", "unknown option --fille", "did you mean --file"),
        ("a --zzzzzz", "unknown option --zzzzzz", "see vdeck toy make --help"),
        ("a -z", "unknown option -z", ""),
        ("a --file", "--file needs a value", "--file FILE"),
        ("a --file --json", "--file needs a value", "--file FILE"),
        ("a --json=yes", "--json takes no value", "write --json alone"),
        ("a -qx", "unknown option -x", ""),
        ("a --count three", "--count cannot be 'three'", "a whole number"),
        ("a --count 1.5", "--count cannot be '1.5'", "a whole number"),
        ("a --heat hot", "--heat cannot be 'hot'", "a number"),
        ("a --heat nan", "--heat cannot be 'nan'", "a number"),
        ("a --heat inf", "--heat cannot be 'inf'", "a number"),
        ("a --since yesterday", "--since cannot be 'yesterday'", "5m"),
        ("a --colour rad", "--colour cannot be 'rad'", "did you mean red"),
        ("a --colour blue", "--colour cannot be 'blue'", "one of: red, green"),
        ("a --wait=soon", "--wait cannot be 'soon'", "ready, end"),
    ],
)
def test_says_what_is_wrong(line: str, what: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(COMMAND, line.split())
    assert what in caught.value.title
    assert fix in caught.value.fix
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("line", ["-h", "--help", "x --help", "x -v -h", "x y z --help"])
def test_help_wins_over_what_is_missing_or_wrong(line: str) -> None:
    assert parse(COMMAND, line.split()) is None


def test_help_behind_two_dashes_is_a_word() -> None:
    values = parse(COMMAND, ["x", "--", "--help"])
    assert values is not None
    assert values.many("REST") == ("--help",)


def test_typed_values_and_defaults() -> None:
    values = parse(COMMAND, ["x", "--heat", "0.5", "--since", "2m", "--verbose"])
    assert values is not None
    assert values.number("heat") == 0.5
    assert values.seconds("since") == 120.0
    assert values.integer("count") == 3
    assert values.flag("verbose")
    assert not values.flag("count"), "a default is not given"
    assert values.text("file") is None
    assert values.word("ID") == "x"
    with pytest.raises(KeyError):
        values.word("file")


def test_the_last_of_two_wins() -> None:
    values = parse(COMMAND, ["x", "--file", "a", "--file", "b"])
    assert values is not None
    assert values.text("file") == "b"


def test_a_required_option_is_asked_for() -> None:
    command = Command("t", "t", "x:y", options=(Option(("-f", "--file"), "a file", "FILE", required=True),))
    with pytest.raises(UsageError, match="--file is missing"):
        parse(command, [])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("90s", 90.0), ("1.5s", 1.5), ("5m", 300.0), ("1h30m", 5400.0), ("250ms", 0.25), ("2d", 172800.0),
     ("0", 0.0), ("1h5", None), ("", None), ("m", None), ("5x", None), ("-5m", None), ("1.2.3", None), ("5 m", None),
     ("1e3", None), ("nan", None), ("9" * 20, None)],
)  # fmt: skip
def test_duration(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(ValueError):
            duration(text)
    else:
        assert duration(text) == pytest.approx(seconds)


def test_usage_line() -> None:
    assert usage(COMMAND) == (
        "vdeck toy make ID [WORD] [-f FILE] [-v] [-q] [--env K=V]... [--count N] [--heat X] [--since TIME] [--colour C]"
        " [--wait[=WHEN]] [--json] [-- REST...]"
    )


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [("lits", ["list", "logs"], "list"), ("terminat", ["terminate"], "terminate"), ("xyz", ["list"], None)],
)
def test_nearest(word: str, known: list[str], expected: str | None) -> None:
    assert nearest(word, known) == expected
