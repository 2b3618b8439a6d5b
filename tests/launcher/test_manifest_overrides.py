"""--name, --env, --set and --cluster: judged by the same rules, and problems name the option."""

from __future__ import annotations

import pytest

from launcher.manifest.model import EnvVar, Manifest, Port
from launcher.manifest.overrides import Overrides
from launcher.manifest.reader import Reading, read_text

TEXT = """\
name: a
vllm:
  model: m
  args: {max-model-len: 8192, seed: 1}
resources: &r
  gpus: 1
  requests: {nvidia.com/gpu: {quantity: 1}}
x-copy: *r
ports:
  - {name: vllm, port: auto}
  - 9090
env:
  A: one
"""


def read(**options: object) -> Reading:
    return read_text(TEXT, file="m.yaml", overrides=Overrides(**options))  # type: ignore[arg-type]


def good(**options: object) -> Manifest:
    reading = read(**options)
    assert reading.manifest is not None, [str(p) for p in reading.problems]
    return reading.manifest


def sets(*pairs: tuple[str, str]) -> Manifest:
    return good(sets=pairs)


def test_name_cluster_and_env() -> None:
    manifest = good(name="other", cluster="slurm", env=(("A", "two"), ("B", "three: [x"), ("C", "")))
    assert manifest.name == "other"
    assert manifest.resources.cluster == "slurm"
    assert manifest.env == (EnvVar("A", "two"), EnvVar("B", "three: [x"), EnvVar("C", ""))
    assert read(cluster="slurm").problems == (), "who names a cluster on the command line needs no note"


def test_name_of_a_manifest_without_one() -> None:
    assert read_text("run: x\n", overrides=Overrides(name="given")).ok
    assert read_text("name:\nrun: x\n", overrides=Overrides(name="given")).ok


def test_sets() -> None:
    manifest = sets(
        ("resources.gpus", "[0, 1]"),
        ('resources.requests."nvidia.com/gpu".quantity', "2"),
        ("vllm.args.max-model-len", "4096"),
        ("vllm.args.--enforce-eager", "true"),
        ("vllm.args.revision", "'0123'"),
        ("vllm.args.speculative-config", "{method: ngram}"),
        ("ports.0.port", "8001"),
        ("ports[1]", "{name: prometheus, port: 9191}"),
        ("ports.2", "9300"),
        ("stop.grace", "5s"),
        ("restart", "{policy: on-failure, max: 2}"),
        ("env.A", "two"),
        ("description", "a: b, not YAML"),
        ("tags", "[x, y]"),
    )
    assert manifest.vllm is not None
    assert manifest.vllm.args == {
        "max-model-len": 4096,
        "seed": 1,
        "enforce-eager": True,
        "revision": "0123",
        "speculative-config": {"method": "ngram"},
    }
    assert manifest.resources.gpus == (0, 1)
    assert [(p.name, p.port) for p in manifest.ports] == [("vllm", 8001), ("prometheus", 9191), ("port-9300", 9300)]
    assert manifest.grace_s == 5
    assert (manifest.restart.policy, manifest.restart.max) == ("on-failure", 2)
    assert manifest.env == (EnvVar("A", "two"),)
    assert manifest.description == "a: b, not YAML"
    assert manifest.tags == ("x", "y")


def test_a_later_set_wins_and_null_takes_away() -> None:
    assert sets(("ports", "[]"), ("ports.0", "8000")).ports == (Port("port-8000", 8000),)
    assert sets(("vllm.args.seed", "2"), ("vllm.args.seed", "3")).vllm.args["seed"] == 3  # type: ignore[union-attr]
    assert sets(("resources", "null")).resources.gpus is None
    assert sets(("resources.gpus", "")).resources.gpus == 1, "then requests count"


def test_a_set_behind_an_alias_changes_one_place() -> None:
    reading = read(sets=(("resources.gpus", "2"), ("resources.requests", "null")))
    assert reading.manifest is not None
    assert reading.manifest.resources.gpus == 2
    again = read()
    assert again.manifest is not None
    assert again.manifest.resources.gpus == 1


def test_escaped_dots() -> None:
    manifest = sets((r"vllm.args.override-generation-config\.top_p", "0.5"), ('vllm.args."a.b"', "1"))
    assert manifest.vllm is not None
    assert manifest.vllm.args["override-generation-config.top_p"] == 0.5
    assert manifest.vllm.args["a.b"] == 1


BAD = [
    (("resources.gpus", "-1"), "resources.gpus must be a number of GPUs, not -1"),
    (("resources.gpus", "[0, 0]"), "GPU 0 stands twice"),
    (("resources.gpu", "1"), "unknown key 'gpu' in resources"),
    (("nothing.at.all", "1"), "unknown key 'nothing'"),
    (("ports.0.port", "abc"), "ports[0].port must be a port number or auto, not 'abc'"),
    (("ports.x", "1"), "'ports' is a list of 2: 'x' is no index of it"),
    (("ports.7", "1"), "'ports' is a list of 2: '7' is no index of it"),
    (("ports.-1", "1"), "'ports' is a list of 2: '-1' is no index of it"),
    (("name.first", "1"), "'name' is a text and has no 'first' in it"),
    (("vllm.model.x.y", "1"), "'vllm.model' is a text and has no 'x' in it"),
    (("", "1"), "this is no path of a manifest"),
    (("a..b", "1"), "this is no path of a manifest"),
    ((".a", "1"), "this is no path of a manifest"),
    (("a.", "1"), "this is no path of a manifest"),
    (("a[x]", "1"), "this is no path of a manifest"),
    ((".".join("a" * 30), "1"), "this is no path of a manifest"),
    (("tags", "[a"), "this is not YAML"),
    (("tags", "[*a]"), "no anchor '&a' stands above"),
    (("tags", '"\x00"'), "the character U+0000"),
    (("vllm.args", "{a: 1, a: 2}"), "the key 'a' stands twice"),
    (("vllm.args", "{{ x }}"), "a template placeholder"),
    (("name", ""), "name is missing"),
    (("name", "a\nb"), "name holds control characters or a line break"),
    (("run", "echo"), "either run or vllm"),
]


@pytest.mark.parametrize(("pair", "what"), BAD, ids=[f"{p[0][:30]}={p[1]!r}" for p, _ in BAD])
def test_a_bad_set_names_the_option(pair: tuple[str, str], what: str) -> None:
    reading = read(sets=(pair,))
    assert reading.manifest is None
    (problem,) = [p for p in reading.problems if p.severity == "error"]
    assert what in problem.what
    assert (problem.line, problem.column) == (None, None)
    expected = "m.yaml" if "missing" in what else f"--set {pair[0]}"
    assert problem.file == expected


def test_bad_names_and_variables() -> None:
    (name,) = read(name="").problems
    assert (name.file, name.what) == ("--name", "name is empty")
    (variable,) = read(env=(("A B=", "secret-text"),)).problems
    assert (variable.file, variable.severity) == ("--env A B=", "error")
    assert "secret-text" not in str(variable)
    (clear,) = read(env=(("HF_TOKEN", "hf_abcdefghijklmnopqrst"),)).problems
    assert (clear.file, clear.severity) == ("--env HF_TOKEN", "warning")
    assert clear.what == "the secret HF_TOKEN is written in clear on the command line"


def test_problems_of_options_come_behind_those_of_the_file() -> None:
    reading = read_text(
        "name: a\nrun: x\nports: [abc]\n", file="z.yaml", overrides=Overrides(sets=(("resources.gpus", "x"),))
    )
    assert [p.file for p in reading.problems] == ["z.yaml", "--set resources.gpus"]


def test_lint_of_a_command_from_an_option() -> None:
    text = "vllm serve m --host 0.0.0.0 --api-key x"
    reading = read_text("name: a\nrun: x\nports: [8000]\n", overrides=Overrides(sets=(("run", text),)))
    assert [(p.file, p.line, p.severity) for p in reading.problems] == [("--set run", None, "warning")] * 2
