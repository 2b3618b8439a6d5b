"""Version strings: order, match, local part."""

from __future__ import annotations

import itertools

import pytest

from launcher.engines import version as versions

ASCENDING = (
    None, "0.9.2", "0.11.0.dev3+gabc", "0.11.0rc1", "0.11.0rc2", "0.11.0", "0.11.0.post1", "0.11.1", "0.32.0+cpu",
    "0.33.0", "0.100.0", "1.0",
)  # fmt: skip


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(ASCENDING)))
def test_order(older: str | None, newer: str) -> None:
    assert versions.key(older) < versions.key(newer)


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("0.33.0+cpu", "0.33.0", True),
        ("0.33.0", "0.33.0", True),
        ("0.33.0", "v0.33.0", True),
        ("0.33.0", "0.33", True),
        ("0.33.0+cpu", "0.33.0+cpu", True),
        ("0.33.0+cu129", "0.33.0+cpu", False),
        ("0.33.0", "0.33.0+cpu", False),
        ("0.33.1", "0.33.0", False),
        ("0.33.0rc1", "0.33.0", False),
        ("0.33.0.post1", "0.33.0", False),
        ("0.3", "0.33", False),
        (None, "0.33.0", False),
        ("abc", "xyz", False),
    ],
)
def test_matches(version: str | None, wanted: str, expected: bool) -> None:
    assert versions.matches(version, wanted) is expected


@pytest.mark.parametrize(
    ("part", "variant"),
    [
        ("cpu", "cpu"), ("cu129", "cuda"), ("gabcdef.cu129", "cuda"), ("gabc.d20260101.cpu", "cpu"),
        ("rocm641", "rocm"), ("rocm6.4", "rocm"), ("", None), ("gcuda", None), ("xpu", None), ("computecanada", None),
    ],
)  # fmt: skip
def test_variant_of_local(part: str, variant: str | None) -> None:
    assert versions.variant_of_local(part) == variant
