"""The loader: encodings, tabs, aliases, several documents, syntax errors, and its bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launcher.manifest import source
from launcher.manifest.compose import MAX_NODES, compose
from launcher.manifest.nodes import Mapping, Node, Scalar, Sequence, find
from launcher.manifest.problems import Problem
from launcher.manifest.reader import read_file, read_text
from launcher.manifest.sink import MAX_PROBLEMS, Sink
from launcher.manifest.syntax import MAX_DEPTH


def tree(text: str) -> Node:
    sink = Sink()
    node = compose(source.make(text), sink)
    assert node is not None, sink.problems()
    assert sink.problems() == ()
    return node


def only(text: str | bytes) -> Problem:
    reading = read_text(text, file="m.yaml")
    assert reading.manifest is None
    assert len(reading.problems) == 1, [str(p) for p in reading.problems]
    return reading.problems[0]


def test_every_key_and_value_knows_its_place() -> None:
    node = tree("a: 1\nb:\n  - x\n  - {c: 'y', d: [1, 2]}\ne: |\n  text\n  more\nf: end\n")
    places = {}
    for path in (("a",), ("b",), ("b", 0), ("b", 1, "c"), ("b", 1, "d"), ("b", 1, "d", 1), ("e",), ("f",)):
        found = find(node, *path)
        assert found is not None
        key, value = found
        places[path] = (key.place[:2] if key else None, value.place[:2])
    assert places == {
        ("a",): ((1, 1), (1, 4)),
        ("b",): ((2, 1), (3, 3)),
        ("b", 0): (None, (3, 5)),
        ("b", 1, "c"): ((4, 6), (4, 9)),
        ("b", 1, "d"): ((4, 14), (4, 17)),
        ("b", 1, "d", 1): (None, (4, 21)),
        ("e",): ((5, 1), (5, 4)),
        ("f",): ((8, 1), (8, 4)),
    }
    block = find(node, "e")
    assert block is not None
    assert isinstance(block[1], Scalar)
    assert (block[1].literal, block[1].last_line) == (True, 7)
    assert find(node, "b", 5) is None
    assert find(node, "a", "x") is None


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("name: a\nrun:\n\t- x: [\n", 4, 1),
        ("name:\ta\nrun: x\nenv:\t{A:\t[b]}\n", 3, 10),
        ("name: a\nrun: x\nports:\n\t\t- abc\n", 4, 5),
        ("name: a\nrun: x\nports: [\tabc,\txyz]\n", 3, 10),
    ],
)
def test_tabs_are_two_spaces_and_columns_stay_those_of_the_file(text: str, line: int, column: int) -> None:
    first = next(p for p in read_text(text).problems if p.severity == "error")
    assert (first.line, first.column) == (line, column)


def test_tabs_indent_as_in_vessls_client() -> None:
    reading = read_text("name: a\nresources:\n\tgpus: 1\nrun: |\n\techo 1\n\techo 2\n")
    assert reading.manifest is not None
    assert reading.manifest.resources.gpus == 1
    assert reading.manifest.steps[0].command == "echo 1\necho 2\n"
    (problem,) = reading.problems
    assert (problem.severity, problem.line, problem.column) == ("note", 3, 1)
    assert "\t" in reading.text


def test_column_behind_the_end_of_a_line() -> None:
    made = source.make("\tab\nplain")
    assert [made.column(0, column) for column in range(6)] == [1, 1, 2, 3, 4, 5]
    assert made.column(1, 7) == 8
    assert made.column(99, 0) == 1


def test_bytes_with_and_without_a_byte_order_mark() -> None:
    for data in (
        b"name: a\nrun: x\n",
        b"\xef\xbb\xbfname: a\nrun: x\n",
        "\ufeffname: a\nrun: x\n",
        b"name: a\r\nrun: x\r\n",
    ):
        reading = read_text(data)
        assert reading.manifest is not None
        assert reading.manifest.name == "a"
        assert reading.problems == ()
    (problem,) = read_text(b"\xef\xbb\xbfnam: a\nrun: x\n").problems
    assert (problem.line, problem.column) == (1, 1)


@pytest.mark.parametrize(
    ("data", "line", "column", "what"),
    [
        ("name: a\n".encode("utf-16"), None, None, "the file is UTF-16, not UTF-8"),
        ("name: a\n".encode("utf-32"), None, None, "the file is UTF-32, not UTF-8"),
        (b"name: a\nrun: caf\xe9\n", 2, 9, "the byte 0xE9 is not UTF-8"),
        ("name: é".encode() + b"\xff", 1, 8, "the byte 0xFF is not UTF-8"),
        (b"name: a\nrun: x\x00y\n", 2, 7, "the character U+0000 may not stand in YAML"),
        (b"name: \x1b[31m\n", 1, 7, "the character U+001B may not stand in YAML"),
        ("name: \ud800", 1, 7, "the character U+D800 may not stand in YAML"),
        (bytes(range(256)), 1, 129, "the byte 0x80 is not UTF-8"),
        (b"%TAG !a! b\n---\nname: a\n", 1, 1, "YAML directives have no meaning"),
    ],
)
def test_texts_that_no_parser_should_see(data: str | bytes, line: int | None, column: int | None, what: str) -> None:
    problem = only(data)
    assert (problem.line, problem.column) == (line, column) or what.endswith("0x80 is not UTF-8")
    assert what in problem.what


SYNTAX = [
    ("a: b: c\n", 1, 5, "mapping values are not allowed", "quote the text"),
    ("a: [1,\nb: 2\n", 3, 1, "expected ',' or ']'", "close the bracket"),
    ("a: 'x\nb: 1\n", 3, 1, "unexpected end of stream while scanning a quoted scalar that begins in line 1", "quotes"),
    ("a: @x\n", 1, 4, "cannot start any token", "quote the text"),
    ("a:\n  b: 1\n c: 2\n", 3, 2, "expected", "indentation"),
    ("- a\nb: 1\n", 2, 1, "expected", ""),
    ('a: "\\q"\n', 1, 5, "unknown escape character", "two backslashes"),
    ("a: b\n...\nc: d\n", 3, 1, "expected", "one manifest"),
    ("a: - b\n", 1, 4, "block sequence entries are not allowed", "line of its own"),
    ("name: {{x}}-foo\n", 1, 8, "template placeholder", "quote the text if the braces are meant"),
    ("{% if x %}\nname: a\n", 1, 2, "template placeholder", ""),
    ("name: a\n---\nname: b\n", 2, 1, "a second document begins here", "one manifest"),
    ("name: a\n---\n", 2, 1, "a second document begins here", ""),
    ("name: *x\n", 1, 7, "no anchor '&x' stands above this alias", "quote"),
    ("name: &x [*x]\n", 1, 11, "the alias '*x' stands inside what it names", ""),
    ("? [a, b]\n: c\n", 1, 3, "a key must be a word", ""),
    ("name: {{ lr }}\n", 1, 8, "a template placeholder '{{ lr }}' stands here", "put values"),
]


@pytest.mark.parametrize(("text", "line", "column", "what", "fix"), SYNTAX, ids=[s[0][:20] for s in SYNTAX])
def test_syntax_errors_have_places(text: str, line: int, column: int, what: str, fix: str) -> None:
    problem = only(text)
    assert (problem.line, problem.column) == (line, column)
    assert what in problem.what
    assert fix in problem.fix


def test_duplicate_keys_name_both_lines() -> None:
    reading = read_text("name: a\nrun: x\nports: [1024]\nenv: {A: b, A: c}\nports: [2048]\n")
    assert [(p.line, p.column, p.what) for p in reading.problems] == [
        (4, 13, "the key 'A' stands twice, in lines 4 and 4"),
        (5, 1, "the key 'ports' stands twice, in lines 3 and 5"),
    ]


def test_one_document_with_its_marks_is_fine() -> None:
    for text in ("---\nname: a\nrun: x\n", "name: a\nrun: x\n...\n", "%YAML 1.1\n---\nname: a\nrun: x\n"):
        assert read_text(text).manifest is not None


def test_anchors_and_merges() -> None:
    reading = read_text(
        "name: a\n"
        "x-env: &common {A: '1', B: '2'}\n"
        "x-more: &more {B: '3', C: '4'}\n"
        "env:\n"
        "  <<: [*common, *more]\n"
        "  D: &d five\n"
        "  A: mine\n"
        "run:\n"
        "  - &again {command: echo}\n"
        "  - *again\n"
        "description: *d\n"
    )
    manifest = reading.manifest
    assert manifest is not None, [str(p) for p in reading.problems]
    assert {e.name: e.value for e in manifest.env} == {"A": "mine", "B": "2", "C": "4", "D": "five"}
    assert [s.command for s in manifest.steps] == ["echo", "echo"]
    assert manifest.description == "five"


def test_merges_of_what_is_no_mapping() -> None:
    reading = read_text("name: a\nrun: x\nenv:\n  <<: 5\n  A: b\n")
    assert [(p.line, p.column) for p in reading.problems] == [(4, 7)]
    assert read_text('name: a\nrun: x\nenv: {"<<": x}\n').problems != ()


def test_a_problem_behind_an_alias_is_told_once() -> None:
    (problem,) = read_text("name: a\nx-p: &p {port: abc}\nports: [8000]\nrun: x\nenv: {A: *p, B: *p}\n").problems[:1]
    assert problem.line == 2


def test_tags() -> None:
    reading = read_text("name: !!str 123\nrun: x\nresources: {gpus: !!int '2'}\nenv: {A: !vault x}\n")
    assert [(p.line, p.column, p.what) for p in reading.problems] == [
        (4, 10, "the tag '!vault' has no meaning in a manifest")
    ]
    assert "'!!python/object:os.system'" in only("name: a\nrun: !!python/object:os.system x\n").what


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x" * (source.MAX_BYTES + 1), None, "larger than 1 MiB"),
        ("é" * (source.MAX_BYTES // 2 + 1), None, "larger than 1 MiB"),
        ("[" * 500_000, 1, f"nested more than {MAX_DEPTH} deep"),
        ("- " * 500_000, 1, f"nested more than {MAX_DEPTH} deep"),
        (
            "k: &a0 [b]\n" + "".join(f"k{i}: &a{i + 1} [*a{i}]\n" for i in range(60)),
            40,
            f"nested more than {MAX_DEPTH} deep",
        ),
        ("- a\n" * (MAX_NODES + 1), MAX_NODES + 1, f"more than {MAX_NODES:,} values"),
        (BOMB, 5, f"its aliases make this more than {MAX_NODES:,} values"),
        ("a: &a {b: 1}\nc:\n  <<: [" + "*a, " * 1001 + "]\n", 3, "more than 1,000 aliases"),
    ],
)
def test_bounds(text: str, line: int | None, what: str) -> None:
    problem = only(text)
    assert what in problem.what
    assert problem.line == line


def test_ten_megabytes_are_refused_unread() -> None:
    for data in (b"\xff" * 10_000_000, "a: b\n" * 2_000_000):
        assert "larger than 1 MiB" in only(data).what


def test_a_manifest_of_the_largest_size_is_read() -> None:
    head = "name: a\nrun: |\n"
    line = "  echo " + "x" * 1000 + "\n"
    reading = read_text(head + line * 100 + "x-rest: " + "y" * 900_000)
    assert reading.manifest is not None


def test_too_many_problems_are_cut_but_an_error_is_never_lost() -> None:
    flags = "".join(f"    --flag-{index}: 1\n" for index in range(700))
    reading = read_text("name: a\nvllm:\n  model: m\n  args:\n" + flags + "stop: {grace: soon}\n")
    assert reading.manifest is None
    assert len(reading.problems) == MAX_PROBLEMS + 1
    assert [p.line for p in reading.problems if p.severity == "error"] == [705]
    many = read_text("name: a\nrun: x\n" + "".join(f"key{index}: 1\n" for index in range(900)))
    assert many.manifest is None
    assert len(many.problems) == MAX_PROBLEMS


def test_files(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_bytes(b"name: a\nrun: x\n")
    assert read_file(str(good)).ok
    (missing,) = read_file(str(tmp_path / "no.yaml")).problems
    assert missing.what == "cannot read the file: No such file or directory"
    assert missing.file == str(tmp_path / "no.yaml")
    assert "cannot read the file" in read_file(str(tmp_path)).problems[0].what
    assert "cannot read the file" in read_file("a\0b").problems[0].what
    assert "larger than 1 MiB" in read_file("/dev/zero").problems[0].what
    large = tmp_path / "large.yaml"
    with large.open("wb") as stream:
        os.truncate(stream.fileno(), 10 << 30)  # sparse: 10 GiB that are not there
    assert "larger than 1 MiB" in read_file(str(large)).problems[0].what


def test_nodes_are_frozen_trees() -> None:
    node = tree("a: 1\n")
    assert isinstance(node, Mapping)
    changed = node.with_entry(Scalar("b", node.place), Sequence((), node.place))
    assert (node.keys(), changed.keys()) == (("a",), ("a", "b"))
    with pytest.raises(AttributeError):
        node.entries = ()  # type: ignore[misc]
