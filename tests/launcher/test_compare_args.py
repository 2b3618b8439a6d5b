"""What two runs really had: flags from commands and logs, variables, facts."""

from __future__ import annotations

import pytest
from compare_kit import B, side, step

from launcher.compare import args, log_args
from launcher.compare.row import Row, Section
from launcher.runs.record import RunRecord, StepRecord


def row(section: Section, label: str) -> Row:
    return next(row for row in section.rows if row.label == label)


def shell(text: str) -> StepRecord:
    return StepRecord(("/bin/bash", "-c", text), "/", text)


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (("--max-model-len", "8192"), {"max-model-len": "8192"}),
        (("--max_model_len=8192",), {"max-model-len": "8192"}),
        (("--enforce-eager", "--port", "1"), {"enforce-eager": "on", "port": "1"}),
        (("--no-enable-prefix-caching",), {"enable-prefix-caching": "off"}),
        (("--lora-modules", "a=/x", "b=/y", "--x", "-1"), {"lora-modules": "a=/x b=/y", "x": "-1"}),
        (("-tp", "2"), {"tensor-parallel-size": "2"}),
        (("tiny", "--"), {}),
        ((), {}),
    ],
)
def test_flags_of_a_command_line(words: tuple[str, ...], flags: dict[str, str]) -> None:
    assert args.given(words) == flags


def test_the_server_of_a_script_and_nothing_behind_it() -> None:
    text = "pip install --upgrade x\nvllm serve tiny --seed 3 \\\n  --dtype 'half' # --no\necho --not-this"
    assert args.server_words((shell("echo --x"), shell(text))) == ("tiny", "--seed", "3", "--dtype", "half")
    assert args.server_words((shell("python train.py --x"),)) is None
    assert args.server_words((step("--seed", "3"),)) == ("tiny", "--seed", "3")


def test_what_the_log_names() -> None:
    line = "(APIServer pid=1) INFO non-default args: {'model_tag': 'm', 'model': 'm', 'max_model_len': 4096, "
    line += (
        "'enforce_eager': True, 'enable_prefix_caching': False, 'compilation_config': {'mode': 0}, 'x': ['a', 1]}\r\n"
    )
    assert log_args.named(b"before\n" + line.encode() + b"after") == {
        "max-model-len": "4096", "enforce-eager": "on", "enable-prefix-caching": "off",
        "compilation-config": '{"mode": 0}', "x": "a 1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "{", "{'a': object()}", "[1]", "{" * 5000, "'\x00'", "{'a': 1", "\xff\xfe", "{1: 2, ('b',): 3}"]
)
def test_a_log_line_that_cannot_be_read_names_nothing(text: str) -> None:
    assert log_args.named(b"non-default args: " + text.encode("latin-1")) == {}


def test_the_log_counts_where_it_names_something_else() -> None:
    one = side(record=RunRecord("1", "a", 0.0, steps=(shell('vllm serve x --port "$PORT" --seed 3'),)))
    assert args.effective(one) == {"port": "$PORT", "seed": "3"}
    assert args.effective(one._replace(logged={"port": "8001"})) == {"port": "8001", "seed": "3"}
    assert args.effective(side(record=None)) is None


def test_only_what_differs_and_everything() -> None:
    a = side(record=RunRecord("1", "a", 0.0, steps=(step("--port", "1", "--seed", "3", "--max-model-len", "4096"),)))
    b = side(B, record=RunRecord("2", "b", 0.0, steps=(step("--port", "2", "--seed", "3", "--enforce-eager"),)))
    found = args.section(a, b)
    assert [(r.label, r.a, r.b) for r in found.shown(False)] == [
        ("--max-model-len", "4096", "default"), ("--enforce-eager", "default", "on")
    ]  # fmt: skip
    assert {r.label for r in found.shown(True)} >= {"--port", "--seed", "Model", "Engine", "GPUs", "Cluster"}


def test_the_same_is_said_in_one_line() -> None:
    found = args.section(side(), side(B))
    assert found.says == ("Nothing differs: flags, environment, engine, model, GPUs.",)
    assert found.shown(False) == () and found.shown(True)


def test_variables_have_no_value_where_it_is_secret() -> None:
    a = side(record=RunRecord("1", "a", 0.0, env={"OMP": "4", "MY_TOKEN": "abc", "S_KEY": "1"}, secret_names=("HF",)))
    b = side(B, record=RunRecord("2", "b", 0.0, env={"OMP": "8", "MY_TOKEN": "def"}))
    found = args.section(a, b)
    shown = {r.label: (r.a, r.b) for r in found.shown(False)}
    assert shown["OMP"] == ("4", "8")
    assert shown["HF"] == ("***", "not set") and shown["S_KEY"] == ("***", "not set")
    assert "MY_TOKEN" not in shown and "abc" not in repr(found)


def test_secret_flags_have_no_value() -> None:
    a = side(logged={"api-key": "hunter22", "hf-token": "x", "seed": "1"})
    found = args.section(a, side(B))
    assert row(found, "--api-key").a == "***" and row(found, "--hf-token").a == "***" and row(found, "--seed").a == "1"


def test_facts_of_the_log_are_amounts_where_they_can_be() -> None:
    a, b = side(), side(B)
    a = a._replace(run=a.run._replace(facts=(("kv_tokens", "1000"), ("dtype", "float16"), ("max_concurrency", "4.00"))))
    b = b._replace(run=b.run._replace(facts=(("kv_tokens", "2000"), ("dtype", "bfloat16"), ("odd", "\x1b[31m"))))
    found = args.section(a, b)
    cache = row(found, "KV cache")
    assert (cache.a, cache.b, cache.verdict, cache.change) == (1000, 2000, "better", 1.0)
    assert row(found, "Weight type").verdict == "differs"
    assert row(found, "Max concurrency").verdict == "unknown"
    assert row(found, "odd").a is None


def test_runs_without_a_record() -> None:
    lost = side(record=None)
    lost = lost._replace(run=lost.run._replace(reason="run.json is missing"))
    assert args.section(lost, side(B)).says == ("There is no record of A: run.json is missing.",)
    watched = side(B)
    watched = watched._replace(
        run=watched.run._replace(attached="http://x"), record=RunRecord("2", "b", 0.0, attached="http://x")
    )
    found = args.section(side(), watched)
    assert found.says == ("B was not started by vdeck: only what its server tells is known.",)
    assert row(found, "GPUs").b is None
