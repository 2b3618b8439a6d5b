"""The difference of two manifests."""

from __future__ import annotations

import pytest
from compare_kit import SECRET, B, side

from launcher.compare import manifest
from launcher.logs.redact import Redactor

TEXT = "# a try\nname: qwen\nvllm:\n  model: tiny # small\n  args:\n    seed: 3\n    max-model-len: 4096\nenv: {}\n"


def test_lines_that_differ_with_their_comments() -> None:
    other = TEXT.replace("tiny # small", "tiny # very small").replace("4096", "8192")
    found = manifest.section(side(manifest=TEXT), side(B, manifest=other))
    assert [line for line in found.diff if line[0] in "+-"] == [
        "-  model: tiny # small", "+  model: tiny # very small", "-    max-model-len: 4096", "+    max-model-len: 8192",
    ]  # fmt: skip
    assert found.summary() == "4 lines differ"
    assert " env: {}" in found.whole and len(found.whole) >= len(found.diff)


def test_the_same_is_said_in_one_line() -> None:
    found = manifest.section(side(manifest=TEXT), side(B, manifest=TEXT))
    assert found.says == ("The manifests are the same.",) and found.diff == ()
    assert [line[1:] for line in found.whole] == TEXT.splitlines()


def test_a_secret_of_either_run_is_nowhere() -> None:
    one = f"name: x\nenv:\n  MY_TOKEN: {SECRET}\n  PIN_KEY: 12\n"
    two = f"name: x # {SECRET}\nenv:\n  WORDS: {SECRET}\n"
    mask = Redactor([SECRET])
    found = manifest.section(side(manifest=one, mask=mask), side(B, manifest=two))
    assert SECRET not in repr(found) and "12" not in "".join(found.diff)
    assert any("***" in line for line in found.diff)


def test_only_secrets_differ() -> None:
    one, two = (
        side(run, manifest=f"env: {{HF_TOKEN: {word}}}\n") for run, word in (("1", "one-word"), ("2", "another"))
    )
    assert manifest.section(one, two).says == (
        "The manifests are the same but for secrets (masked) or the ends of lines.",
    )


@pytest.mark.parametrize("attached", ["", "http://x:1"])
def test_a_manifest_that_is_not_there(attached: str) -> None:
    other = side(B, manifest=None)
    other = other._replace(run=other.run._replace(attached=attached))
    found = manifest.section(side(), other)
    assert len(found.says) == 1 and found.says[0].count("B") == 1 and found.diff == ()
    assert ("watches" in found.says[0]) == bool(attached)


def test_a_text_of_any_length_and_kind() -> None:
    found = manifest.section(side(manifest="a\n" * 5000), side(B, manifest="b\n"))
    assert "too long" in found.says[0]
    hostile = "name: [/b]\x1b[31m\u202e\x85\x00{漢字\r\n"
    assert manifest.section(side(manifest=hostile), side(B, manifest="name: x\n")).diff
