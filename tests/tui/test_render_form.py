"""The launch form: what was typed, as overrides."""

from __future__ import annotations

import pytest

from launcher.manifest.reader import read_text
from tui.render.form import FormValues, parse_args, parse_env, to_overrides


@pytest.mark.parametrize(
    ("text", "pairs", "faults"),
    [
        ("", (), 0),
        ("A=1\n\n# no\n B = two words ", (("A", "1"), ("B", "two words")), 0),
        ("export A=1", (("A", "1"),), 0),
        ("A=x=y", (("A", "x=y"),), 0),
        ("A=", (("A", ""),), 0),
        ("A\n1B=2\nC=3", (("C", "3"),), 2),
    ],
)
def test_env(text, pairs, faults):
    found, problems = parse_env(text)
    assert found == pairs
    assert len(problems) == faults


@pytest.mark.parametrize(
    ("text", "pairs", "faults"),
    [
        ("max-model-len=8192", (("vllm.args.max-model-len", "8192"),), 0),
        ("--max-model-len 8192", (("vllm.args.max-model-len", "8192"),), 0),
        ("--enforce-eager", (("vllm.args.enforce-eager", "true"),), 0),
        ("a_b=1", (("vllm.args.a_b", "1"),), 0),
        ("=1\n???", (), 2),
    ],
)
def test_args(text, pairs, faults):
    found, problems = parse_args(text)
    assert found == pairs
    assert len(problems) == faults


MANIFEST = "name: a\nvllm: {model: m}\nports: [{name: vllm, type: http, port: auto}]\nresources: {gpus: 1}\n"


def read(values, text=MANIFEST):
    known = read_text(text).manifest
    overrides, problems = to_overrides(values, known)
    assert not problems
    reading = read_text(text, overrides=overrides)
    assert reading.manifest is not None, reading.problems
    return reading.manifest


def test_empty_fields_leave_the_manifest_alone():
    assert read(FormValues()) == read_text(MANIFEST).manifest


def test_every_field_reaches_the_manifest():
    manifest = read(FormValues("new", "2", "8123", "HELLO=world", "max-model-len=4096"))
    assert (manifest.name, manifest.resources.gpus, manifest.ports[0].port) == ("new", 2, 8123)
    assert ("HELLO", "world") in [(entry.name, entry.value) for entry in manifest.env]
    assert manifest.vllm is not None and manifest.vllm.args["max-model-len"] == 4096


def test_pinned_gpus():
    assert read(FormValues(gpus="0,1")).resources.gpus == (0, 1)


def test_a_port_where_the_manifest_has_none():
    for text in ("name: a\nvllm: {model: m}\n", "name: a\nrun: python serve.py\n"):
        assert [port.port for port in read(FormValues(port="8200"), text).ports] == [8200]


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1", "8000 8001"])
def test_a_wrong_port_is_named(port):
    _, problems = to_overrides(FormValues(port=port), None)
    assert [problem.field for problem in problems] == ["port"]


def test_a_clone_shows_what_it_may_and_keeps_the_rest() -> None:
    from launcher.manifest.overrides import Overrides
    from tui.render.form import from_overrides

    given = Overrides(
        name="mine",
        env=(("A", "b"), ("HF_TOKEN", "hf_secret")),
        sets=(("vllm.args.max-model-len", "8192"), ("resources.gpus", "[0, 1]"), ("stop.grace", "5s")),
        cluster="local",
    )
    shown, hidden = from_overrides(given)
    assert shown == FormValues(name="mine", gpus="0, 1", env="A=b", args="max-model-len=8192")
    assert "hf_secret" not in str(shown)
    again, problems = to_overrides(shown, None, hidden)
    assert not problems and again.name == "mine" and again.cluster == "local"
    assert set(again.env) == set(given.env) and set(again.sets) == set(given.sets)
