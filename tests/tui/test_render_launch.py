"""The texts of the launch dialog."""

from __future__ import annotations

import pytest

from launcher.manifest.problems import Problem
from tui.render.cells import to_plain
from tui.render.launch import problem_line, source_lines, state_line, verdict
from tui.screens.failures import Failure
from tui.screens.launch_data import Candidate, Checked, matching

ERROR = Problem("error", "unknown key `image_`", "write image", line=2, column=1)
WARNING = Problem("warning", "a placeholder", line=2)
NOTE = Problem("note", "no preset here")


def test_source_has_numbers_and_the_worst_mark():
    lines = [to_plain(line) for line in source_lines("name: a\nimage_: b # c\n" + "x: 1\n" * 8, (WARNING, ERROR))]
    assert lines[:3] == ["  1 name: a", "✖ 2 image_: b # c", "  3 x: 1"]
    assert lines[-1] == " 10 x: 1"


def test_keys_and_comments_are_told_apart():
    line = source_lines("  - key: value # why\n", ())[0]
    assert ("key", "accent") in line and (" # why", "muted") in line


@pytest.mark.parametrize("text", ["- command: echo \x1b[31mred", "a:\t1", "x" * 10_000, "\x07\x00: y", "# only", ""])
def test_any_source_is_safe_to_paint(text):
    for line in source_lines(text, ()):
        plain = to_plain(line)
        assert plain.isprintable() and len(plain) < 2100


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (ERROR, ["✖ 2:1 unknown key `image_`", "  → write image"]),
        (WARNING, ["! 2 a placeholder"]),
        (NOTE, ["· no preset here"]),
    ],
)
def test_problem_line(problem, lines):
    assert [to_plain(line) for line in problem_line(problem)] == lines


@pytest.mark.parametrize(
    ("problems", "words"),
    [((), "✔ no problems"), ((ERROR,), "1 error"), ((NOTE, ERROR, WARNING, ERROR), "2 errors, 1 warning, 1 note")],
)
def test_verdict(problems, words):
    assert to_plain(verdict(problems)) == words


@pytest.mark.parametrize(
    ("path", "checked", "ready", "starting", "words"),
    [
        ("/a", None, False, True, "starting …"),
        (None, None, False, False, "choose a manifest"),
        ("/a", None, False, False, "checking …"),
        ("/a", Checked(), True, False, "ready to start  /a"),
        ("/a", Checked(), False, False, "it cannot start like this"),
        ("/a", Checked(failure=Failure("port taken")), False, False, "port taken"),
    ],
)
def test_state_line(path, checked, ready, starting, words):
    assert to_plain(state_line(path, checked, ready=ready, starting=starting)) == words


@pytest.mark.parametrize(
    ("typed", "labels"),
    [("", ["a.yaml", "b.yaml"]), ("B", ["b.yaml"]), ("recent a", ["a.yaml"]), ("home a", ["a.yaml"]), ("z", [])],
)
def test_matching(typed, labels):
    found = (Candidate("Recent", "a.yaml", "/home/a.yaml"), Candidate("Examples", "b.yaml", "/x/b.yaml"))
    assert [candidate.label for candidate in matching(found, typed)] == labels
