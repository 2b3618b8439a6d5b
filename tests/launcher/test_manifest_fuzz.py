"""No text makes the reader raise, hang, or accept without a name; every problem is a line that a terminal may show."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.manifest.keys import ROOT
from launcher.manifest.overrides import Overrides
from launcher.manifest.reader import Reading, read_text
from launcher.text import clean_line

FILES = sorted(Path(__file__).with_name("manifests").glob("*.yaml"))
PIECES = [
    "{{ x }}", "\t", "  ", "- ", ": ", "\n", "'", '"', "[", "]", "{", "}", "&a ", "*a", "<<: *a", "|-\n", "!!int ", "#",
    "---\n", "\x00", "\x1b[2J", "\u202e", "\ufeff", "null", "~", "-1", "99999999999999999999", "1e999", "on", "é", "🚀",
    "run:", "vllm:", "model: x\n", "ports:", "env:", "gpus: ", "service:", "%", "@", "`", "\r", "\u2028", "? ",
]  # fmt: skip
WORDS = [key.name for key in ROOT.keys] + [name for name, _ in ROOT.paths()]


def check(reading: Reading, source: str | bytes) -> None:
    errors = [p for p in reading.problems if p.severity == "error"]
    assert (reading.manifest is None) == bool(errors), source
    if reading.manifest is not None:
        assert reading.manifest.name
        assert reading.manifest.steps or reading.manifest.vllm or reading.manifest.interactive
        assert all(port.port is None or 1 <= port.port <= 65535 for port in reading.manifest.ports)
        assert len({port.name for port in reading.manifest.ports}) == len(reading.manifest.ports)
    for problem in reading.problems:
        text = str(problem)
        assert text == clean_line(text), source
        assert problem.line is None or problem.line >= 1
        assert problem.column is None or problem.column >= 1
        assert problem.what
        assert len(text) < 1000


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text(text: str) -> None:
    check(read_text(text), text)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes(data: bytes) -> None:
    check(read_text(data), data)


@given(st.lists(st.sampled_from(PIECES + [f"{word}: " for word in WORDS] + ["\n", "\n  "]), max_size=40).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_heap_of_pieces(text: str) -> None:
    check(read_text("name: a\nrun: x\n" + text), text)
    check(read_text(text), text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(PIECES),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8) | st.sampled_from(WORDS), below, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([key.name for key in ROOT.keys]), VALUES, max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_value_under_the_known_keys(document: dict[str, object]) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    check(read_text(text), text)


@given(
    st.lists(st.tuples(st.text(max_size=20) | st.sampled_from(WORDS), st.text(max_size=20)), max_size=4),
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=4),
    st.none() | st.text(max_size=20),
)
@settings(max_examples=100, deadline=None)
def test_any_overrides(sets: list[tuple[str, str]], env: list[tuple[str, str]], name: str | None) -> None:
    overrides = Overrides(name=name, env=tuple(env), sets=tuple(sets), cluster=name)
    check(read_text("name: a\nports: [8000]\nrun: [x]\n", overrides=overrides), repr(overrides))


def mutate(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randint(0, 12))
        kind = chance.randrange(5)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + chance.choice(PIECES) + text[end:]
        elif kind == 2:
            text = text[:at] + chance.choice(string.printable) + text[at:]
        elif kind == 3:
            lines = text.splitlines(keepends=True)
            chance.shuffle(lines)
            text = "".join(lines)
        else:
            text = text[:at] + text[max(0, at - 60) : at] + text[at:]
    return text


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_real_files_with_something_wrong(path: Path) -> None:
    chance = random.Random(path.stem)
    original = path.read_text(encoding="utf-8")
    for _ in range(40):
        text = mutate(original, chance)
        check(read_text(text, file="m.yaml"), text)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_real_files_cut_anywhere(path: Path) -> None:
    data = path.read_bytes()
    for end in range(0, len(data), 37):
        check(read_text(data[:end]), data[:end])
