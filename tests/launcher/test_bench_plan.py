"""Plans of benchmarks: loads as people write them, what is wrong with a plan, the document of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.bench.loads import load_name, loads_of
from launcher.bench.plan import Load, Plan
from launcher.bench.plan_check import faults, problems
from launcher.bench.plan_json import from_json, to_json
from launcher.errors import UsageError


@pytest.mark.parametrize(
    ("rates", "concurrency", "wanted"),
    [
        ("", "", [Load()]),
        ("inf", "", [Load()]),
        ("3", "", [Load(3.0)]),
        ("1, 2,4,inf", "", [Load(1.0), Load(2.0), Load(4.0), Load()]),
        ("0.5", "8", [Load(0.5, 8)]),
        ("1,2", "8", [Load(1.0, 8), Load(2.0, 8)]),
        ("", "1..16", [Load(None, n) for n in (1, 2, 4, 8, 16)]),
        ("inf", "1..10", [Load(None, n) for n in (1, 2, 4, 8, 10)]),
        ("0.25..1", "", [Load(0.25), Load(0.5), Load(1.0)]),
        ("3..3", "", [Load(3.0)]),
        ("1..2,10", "", [Load(1.0), Load(2.0), Load(10.0)]),
    ],
)
def test_loads_as_people_write_them(rates: str, concurrency: str, wanted: list[Load]) -> None:
    assert list(loads_of(rates, concurrency)) == wanted


@pytest.mark.parametrize(
    ("rates", "concurrency"),
    [("0", ""), ("-1", ""), ("x", ""), ("nan", ""), ("1,", ""), ("1..inf", ""), ("4..1", ""), ("", "1.5"), ("", "0"),
     ("", "inf"), ("1,2", "3,4"), ("2", "3,4"), ("", ",".join(map(str, range(1, 66))))],
)  # fmt: skip
def test_what_is_no_load_is_refused(rates: str, concurrency: str) -> None:
    with pytest.raises(UsageError):
        loads_of(rates, concurrency)


def test_loads_have_names() -> None:
    names = [load_name(load) for load in (Load(), Load(4.0), Load(0.5, 8), Load(None, 8))]
    assert names == ["all at once", "4 req/s", "0.5 req/s, max 8", "8 at a time"]


def test_a_sound_plan_has_no_problems(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('[{"conversations": [{"value": "a"}, {"value": "b"}]}]')
    assert problems(Plan()) == ()
    assert problems(Plan(dataset="sharegpt", path=str(file), output_len=None, goals=(("ttft", 0.5),))) == ()
    assert problems(Plan(options={"top-p": "0.9", "ignore-eos": ""}, warmups=2, temperature=0.0)) == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dataset": "hf"}, "dataset"), ({"client": "curl"}, "client"), ({"route": "x"}, "route"),
        ({"prompts": 0}, "prompts"), ({"input_len": 0}, "input_len"), ({"output_len": 0}, "output_len"),
        ({"output_len": None}, "output_len"), ({"range_ratio": 1.0}, "range_ratio"), ({"prefix_len": -1}, "prefix_len"),
        ({"burstiness": 0.0}, "burstiness"), ({"seed": -1}, "seed"), ({"seed": 2**31}, "seed"),
        ({"warmups": -1}, "warmups"), ({"temperature": -0.1}, "temperature"), ({"loads": ()}, "loads"),
        ({"loads": (Load(0.0),)}, "loads"), ({"loads": (Load(None, 0),)}, "loads"), ({"path": "/x"}, "path"),
        ({"dataset": "sharegpt"}, "path"), ({"dataset": "custom", "path": "here.jsonl"}, "path"),
        ({"dataset": "custom", "path": "/not/here.jsonl"}, "path"), ({"goals": (("speed", 1.0),)}, "goals"),
        ({"goals": (("ttft", 0.0),)}, "goals"), ({"options": {"--x": "1"}}, "options"),
        ({"options": {"seed": "1"}}, "options"), ({"options": {"top-p": "a\nb"}}, "options"),
        ({"prompts": float("nan")}, "prompts"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_field(changes: dict[str, object], field: str) -> None:
    found = faults(replace(Plan(), **changes))  # type: ignore[arg-type]
    assert field in {name for name, _ in found}
    assert all(sentence and not sentence.endswith(".") for _, sentence in found)


def test_all_problems_are_told_at_once() -> None:
    assert len(problems(Plan(prompts=0, input_len=0, loads=(), dataset="sharegpt"))) == 4


def test_a_plan_survives_its_document() -> None:
    plan = Plan(
        dataset="random", loads=(Load(1.5), Load(None, 4)), seed=3, goals=(("ttft", 0.5), ("itl", 0.05)),
        options={"top-p": "0.9"}, label="ä", warmups=1, temperature=0.5,
    )  # fmt: skip
    assert from_json(json.loads(json.dumps(to_json(plan)))) == plan
    assert from_json({**to_json(plan), "of a newer vdeck": 1}) == plan


@pytest.mark.parametrize(
    "value", [{"loads": 3}, {"loads": [[1]]}, {"goals": [1]}, {"options": [1]}, {"prompts": "many"}, {"label": None}]
)
def test_a_damaged_document_is_a_value_error(value: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        from_json(value)
