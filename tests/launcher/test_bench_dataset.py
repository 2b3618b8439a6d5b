"""Files of data sets: how many prompts, or what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.bench.dataset import Look, look
from launcher.bench.plan import Plan
from launcher.bench.plan_check import faults

EXAMPLE = Path(__file__).parents[2] / "examples" / "sharegpt-small.json"
TALK = '{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}'


@pytest.mark.parametrize(
    ("kind", "text", "prompts", "problem"),
    [
        ("sharegpt", f"[{TALK}, {TALK}]", 2, None),
        ("sharegpt", f'[{TALK}, {{"conversations": []}}, 3, {{"conversations": [1, 2]}}]', 1, None),
        ("sharegpt", "[]", 0, "holds no conversation of two turns"),
        ("sharegpt", "{}", None, "is no ShareGPT file"),
        ("sharegpt", "{not", None, "is no JSON: Expecting property name enclosed in double quotes, line 1 column 2"),
        ("sharegpt", "[" * 100_000, None, "recursion"),
        ("custom", '{"prompt": "a"}\n\n{"prompt": "b", "output_tokens": 3}\n', 2, None),
        ("custom", '{"text": "a"}\n', 0, "holds no line with a prompt"),
        ("custom", '{"prompt": "a"}\noops\n', None, "is no JSON in line 2"),
    ],
)
def test_what_is_in_a_file(tmp_path: Path, kind: str, text: str, prompts: int | None, problem: str | None) -> None:
    file = tmp_path / "data"
    file.write_text(text)
    found = look(str(file), kind)
    assert found.prompts == prompts
    assert (found.problem is None) if problem is None else (problem in str(found.problem))


def test_the_example_is_a_sharegpt_file() -> None:
    assert look(str(EXAMPLE), "sharegpt") == Look(32)


def test_a_large_file_and_a_missing_one(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"\xff" * 100)
    assert look(str(file), "sharegpt", max_bytes=99) == Look()
    assert "no text in UTF-8" in str(look(str(file), "sharegpt").problem)
    assert "cannot be read" in str(look(str(tmp_path / "none"), "custom").problem)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("[]")
    assert look(str(file), "sharegpt").prompts == 0
    file.write_text(f"[{TALK}]")
    assert look(str(file), "sharegpt").prompts == 1


def test_a_plan_of_a_bad_file_has_that_problem(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text("[]")
    assert [name for name, _ in faults(Plan(dataset="sharegpt", path=str(file)))] == ["path"]
