"""The benchmarks of two runs: which pair can be compared, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compare_kit import A, B, bench, side

from launcher.bench.plan import Load
from launcher.bench.result import Bench
from launcher.compare import benches


def section(a: tuple[Bench, ...], b: tuple[Bench, ...]) -> Any:
    return benches.section(side(A, benches=a), side(B, benches=b))


def test_the_newest_pair_that_measured_the_same() -> None:
    a = (bench(9, prompts=7, input_len=99), bench(5), bench(3))
    b = (bench(8, B, ttft=0.05), bench(2, B))
    found = section(a, b)
    assert found.says == ("Benchmark 5 of A and 8 of B.",)
    rows = {row.label: row for row in found.rows if row.group == "3 req/s"}
    assert rows["TTFT p50"].verdict == "better" and rows["TTFT p50"].unit == "s"
    assert rows["requests"].verdict == "same" and rows["requests"].unit == "req/s"


def test_what_else_was_different_is_told() -> None:
    found = section((bench(5, prompts=100),), (bench(6, B, prompts=50)._replace(engine="0.32.0"),))
    assert [(row.label, row.a, row.b) for row in found.rows if row.group == "What differs"] == [
        ("engine", "-", "0.32.0"), ("prompts", "100", "50"),
    ]  # fmt: skip


def test_what_makes_them_not_comparable_is_named() -> None:
    found = section((bench(5, input_len=64),), (bench(6, B, rate=8.0, input_len=128),))
    assert found.rows == ()
    (says,) = found.says
    assert "input length 64 / 128" in says and "loads 3 req/s / 8 req/s" in says and "data set" not in says


def test_benchmarks_without_figures_do_not_count() -> None:
    none = bench(7)._replace(points=())
    live = bench(8)._replace(status="running")
    found = section((live, none), (bench(6, B),))
    assert found.says == (f"A has no finished benchmark: vdeck bench {A}.",)


def test_doubts_and_loads_of_one_side() -> None:
    loads = (Load(3.0), Load(6.0))
    one = bench(5, loads=loads)
    more = one.points[0]._replace(load=loads[1], warnings=("other traffic",))
    one = one._replace(points=(*one.points, more, more._replace(load=Load(9.0))))
    two = bench(6, B, loads=loads)
    two = two._replace(plan=replace(two.plan, label="[/x]\x1b"))
    found = section((one,), (two,))
    assert found.warnings == ("A: other traffic", "Only A has figures for 6 req/s, 9 req/s.")
