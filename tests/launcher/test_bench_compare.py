"""Two benchmarks side by side, the load that is sustained, exports, marks."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from bench_kit import a_bench, a_point

from launcher import paths
from launcher.bench import export, marks, plan_json, result_json
from launcher.bench.compare import compare, judge
from launcher.bench.masking import masked
from launcher.bench.plan import Load, Plan
from launcher.bench.result import Latency
from launcher.bench.sustained import sentence, share_good, sustained
from launcher.logs.redact import Redactor
from launcher.metrics.records import Event
from launcher.runs import files


@pytest.mark.parametrize(
    ("a", "b", "more", "wanted"),
    [
        (100.0, 120.0, True, (0.2, "better")), (100.0, 120.0, False, (0.2, "worse")),
        (100.0, 80.0, True, (-0.2, "worse")), (100.0, 80.0, False, (-0.2, "better")),
        (100.0, 103.0, True, (0.03, "same")), (100.0, 97.0, False, (-0.03, "same")), (0.0, 0.0, True, (0.0, "same")),
        (0.0, 2.0, False, (None, "worse")), (0.0, 2.0, True, (None, "better")), (None, 2.0, True, (None, "unknown")),
        (2.0, None, True, (None, "unknown")),
    ],
)  # fmt: skip
def test_better_worse_same(a: float | None, b: float | None, more: bool, wanted: tuple[float | None, str]) -> None:
    change, verdict = judge(a, b, more_is_better=more)
    assert (change if change is None else pytest.approx(change), verdict) == wanted


def test_loads_are_matched_and_the_others_named() -> None:
    a = a_bench(a_point(Load(1.0)), a_point(Load(2.0)), a_point(Load(9.0), completed=0))
    b = a_bench(a_point(Load(2.0), ttft=Latency(p50=0.02, p99=0.09)), a_point(Load(4.0)))
    found = compare(a, b)
    assert {row.load for row in found.rows} == {Load(2.0)}
    assert (found.only_a, found.only_b) == ((Load(1.0),), (Load(4.0),))
    rows = {row.metric.key: row for row in found.rows}
    assert (rows["ttft_p50"].change, rows["ttft_p50"].verdict) == (pytest.approx(-0.5), "better")
    assert rows["ttft_p99"].verdict == rows["request_rate"].verdict == "same"
    assert "goodput" not in rows, "nobody has it"


def test_single_loads_are_compared_though_they_differ() -> None:
    found = compare(a_bench(a_point(Load(1.0))), a_bench(a_point(Load(2.0))))
    assert found.rows and found.only_a == found.only_b == ()
    assert ("loads", "1 req/s", "2 req/s") in found.differences


def test_what_was_not_the_same_is_told() -> None:
    a = a_bench(a_point(), goals=(("ttft", 0.5),))
    b = a._replace(engine="0.32.0", plan=Plan(prompts=7, loads=a.plan.loads, options={"top-p": "0.9"}), goals=())
    assert compare(a, b).differences == (
        ("engine", "0.33.0", "0.32.0"), ("goals", "ttft 500 ms", "-"), ("prompts", "100", "7"), ("--top-p", "-", "0.9"),
    )  # fmt: skip
    assert compare(a, a).differences == ()


def test_the_highest_load_that_meets_the_goals() -> None:
    goals = (("ttft", 0.5),)
    good, bad = {"goodput": 9.7}, {"goodput": 5.0}
    bench = a_bench(a_point(Load(1.0), **good), a_point(Load(2.0), **good), a_point(Load(4.0), **bad), goals=goals)
    best = sustained(bench)
    assert best is not None and best.load == Load(2.0) and share_good(best) == pytest.approx(0.97)
    assert sentence(bench) == "The goals hold up to 2 req/s (9.7 req/s good, 97 % of the requests)."
    assert str(sentence(a_bench(a_point(Load(1.0), **good), goals=goals))).startswith("The goals hold at the highest")
    assert sentence(a_bench(a_point(**bad), goals=goals)) == "No load met the goals for 95 % of its requests."
    assert sentence(a_bench(a_point())) is None and sustained(a_bench(a_point())) is None


def test_failed_requests_are_not_good() -> None:
    assert share_good(a_point(goodput=9.0, completed=90, failed=90)) == 0.5


def test_a_higher_load_does_not_count_above_one_that_failed() -> None:
    bench = a_bench(a_point(Load(4.0), goodput=10.0), a_point(Load(2.0), goodput=1.0), goals=(("ttft", 0.5),))
    assert sustained(bench) is None


def test_csv_has_vllms_names_and_ms() -> None:
    bench = a_bench(a_point(Load(3.0), warnings=("w.",)), a_point(), plan=Plan(label="=evil()"))
    rows = list(csv.DictReader(io.StringIO(export.as_csv([bench, bench]))))
    assert len(rows) == 4 and rows[0]["request_rate"] == "3.0" and rows[1]["request_rate"] == "inf"
    assert float(rows[0]["p99_ttft_ms"]) == 90.0 and float(rows[0]["p50_e2el_ms"]) == 1200.0
    assert rows[0]["mean_itl_ms"] == "" and rows[0]["warnings"] == "w." and rows[0]["label"] == "'=evil()"
    assert rows[0]["request_throughput"] == "10.0" and rows[0]["max_concurrency"] == ""


def test_markdown_says_all_and_nothing_can_break_out_of_its_table() -> None:
    bench = a_bench(a_point(error="a|b\n\x1b[31m<c>", goodput=9.9), goals=(("ttft", 0.5),), reason="r")
    text = export.as_markdown([bench])
    assert "| all at once | 10.00 | 1,280 | 40.00 | 90.00 |" in text and "a\\|b &lt;c>" in text
    assert "goals: ttft 500 ms." in text and "The goals hold at the highest load" in text and "\x1b" not in text


def test_json_is_the_document_of_read() -> None:
    bench = a_bench(a_point())
    assert json.loads(export.as_json([bench])) == [json.loads(json.dumps(result_json.to_json(bench)))]
    assert export.as_text([bench], "csv") == export.as_csv([bench])


def test_secrets_are_masked() -> None:
    options = {"header": "Authorization=Bearer sk-abcdefgh12345678"}
    bench = a_bench(
        a_point(error="no s3cr3tvalue"), plan=Plan(options=options, label="s3cr3tvalue"), reason="s3cr3tvalue"
    )
    shown = json.dumps(result_json.to_json(masked(bench, Redactor(["s3cr3tvalue"]))))
    assert "s3cr3tvalue" not in shown and "sk-abcdefgh" not in shown and "no ***" in shown


def folder(tmp_path: Path, *points: object, state: dict[str, object]) -> str:
    run = paths.RunPaths(str(tmp_path))
    at = run.bench_of("179500000000")
    Path(at.points).mkdir(parents=True)
    files.write_json(at.record, {"plan": plan_json.to_json(Plan()), "run_name": "r"})
    files.write_json(at.state, state)
    for number, point in enumerate(points):
        files.write_json(at.point(number), point)
    return run.folder


def test_marks_are_the_begin_and_the_end_of_each_load(tmp_path: Path) -> None:
    point = result_json.point_to_json(a_point(Load(12.0)))
    state = {"status": "running", "measuring": [None, 4], "measuring_since": 1_795_000_020.0}
    run = folder(tmp_path, point, {"load": 3}, state=state)
    begin, end, next_ = 1_795_000_000_000, 1_795_000_010_000, 1_795_000_020_000
    found = (Event(begin, "bench 12 req/s"), Event(end, "bench end"), Event(next_, "bench 4 at a time"))
    assert marks.marks(run, 0, 2 * begin) == found
    assert marks.marks(run, begin + 1, end) == found[1:2] and marks.marks(run, 0, begin - 60_000) == ()
    assert marks.marks(str(tmp_path / "nothing"), 0, 2 * begin) == ()
