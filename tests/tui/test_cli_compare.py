"""`vdeck compare`: as text, as Markdown, as a document."""

from __future__ import annotations

import json

import pytest
from cli_fakes import vdeck
from compare_kit import SECRET, A, B, make, served, step

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def two() -> None:
    at = make(
        A, name="one", manifest=f"name: one\n# {SECRET}\n", hidden={"HF_TOKEN": SECRET}, steps=(step("--seed", "3"),)
    )
    make(B, name="two", manifest="name: two\n", engine="0.32.0", steps=(step("--seed", "4"),))
    served(at.metrics)


@pytest.mark.usefixtures("two")
def test_markdown_into_a_pipe(capsys: Capsys) -> None:
    done = vdeck(capsys, "compare", "one", B)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("# Comparison of two runs\n")
    for words in (
        "## Manifest", "-name: one", "| --seed | 3 | 4 | ≠ |", "| Engine | 0.33.0 | 0.32.0 | ≠ |",
        "| until ready | 14.0 s | 14.0 s | 0 s · |", "B has no metrics recorded.", "## Benchmarks",
    ):  # fmt: skip
        assert words in done.out, words
    assert SECRET not in done.out


@pytest.mark.usefixtures("two")
def test_aligned_on_a_terminal(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.commands.output.is_terminal", lambda stream: True)
    monkeypatch.setattr("tui.commands.output.terminal_width", lambda: 100)
    done = vdeck(capsys, "compare", A, B, "--section", "args", "--all")
    assert done.code == 0 and "ARGUMENTS" in done.out and "Manifest" not in done.out and "|" not in done.out
    assert "Cluster" in done.out


@pytest.mark.usefixtures("two")
def test_one_document(capsys: Capsys) -> None:
    done = vdeck(capsys, "compare", A, B, "--json", "--window", "20s", "--section", "args,metrics")
    found = json.loads(done.out)
    assert (found["a"]["name"], found["b"]["engine"], found["window_s"]) == ("one", "0.32.0", 20)
    assert list(found["sections"]) == ["args", "metrics"]
    rows = {row["label"]: row for row in found["sections"]["metrics"]["rows"]}
    assert rows["Served for"]["a"] == 20 and rows["Requests"]["a"] == pytest.approx(2, rel=0.05)
    assert rows["Requests"]["b"] is None and rows["Requests"]["verdict"] == "unknown"
    assert SECRET not in done.out


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((A, A), "both words mean run"),
        ((A, "nothing"), "there is no run nothing"),
        (
            (A, B, "--section", "args,nope"),
            "there is no section nope. choose from manifest, args, start, metrics, bench.",
        ),
        ((A,), "B"),
        ((A, B, "--window", "soon"), "window"),
    ],
)
def test_wrong_usage(capsys: Capsys, words: tuple[str, ...], says: str) -> None:
    done = vdeck(capsys, "compare", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ") and says in done.err
