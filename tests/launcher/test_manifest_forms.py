"""Every form that a value may have gives the same typed manifest."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.manifest.model import EnvVar, Interactive, Manifest, Port, Restart, Step, Volume
from launcher.manifest.nodes import Place, Scalar
from launcher.manifest.reader import read_text
from launcher.manifest.scalars import is_amount, plain_value, scalar_value, seconds, whole


def read(text: str) -> Manifest:
    reading = read_text(text)
    assert reading.manifest is not None, [str(p) for p in reading.problems]
    return reading.manifest


def run(fragment: str) -> Manifest:
    return read("name: a\nrun: echo\n" + fragment)


def vllm(fragment: str) -> Manifest:
    return read("name: a\nvllm:\n  model: m\n" + fragment)


def test_the_design_example() -> None:
    manifest = read(
        "name: qwen\n"
        "vllm:\n"
        "  model: Qwen/Qwen3-0.6B\n"
        "  version: 0.33.0\n"
        "  args: {max-model-len: 8192, enable-prefix-caching: true, gpu-memory-utilization: 0.9}\n"
        "resources: {gpus: 1}\n"
        "ports: [{name: vllm, type: http, port: auto}]\n"
        "restart: {policy: on-failure, max: 3}\n"
        "stop: {grace: 30s}\n"
    )
    assert manifest.vllm is not None
    assert (manifest.vllm.model, manifest.vllm.version) == ("Qwen/Qwen3-0.6B", "0.33.0")
    assert list(manifest.vllm.args.items()) == [
        ("max-model-len", 8192),
        ("enable-prefix-caching", True),
        ("gpu-memory-utilization", 0.9),
    ]
    assert manifest.resources.gpus == 1
    assert manifest.ports == (Port("vllm", None, "http", 7),)
    assert manifest.restart == Restart("on-failure", 3)
    assert manifest.grace_s == 30.0
    assert manifest.type == "batch"


PORTS = [
    ("[]", ()),
    ("8000", (Port("port-8000", 8000),)),
    ("auto", (Port("port", None),)),
    ("[8000, 9000]", (Port("port-8000", 8000), Port("port-9000", 9000))),
    ('["8000"]', (Port("port-8000", 8000),)),
    ("[{port: 8000}]", (Port("port-8000", 8000),)),
    ("[auto, auto]", (Port("port", None), Port("port-2", None))),
    ("[{name: port, port: auto}, auto]", (Port("port", None), Port("port-2", None))),
    ("[{name: vllm, type: tcp, port: '9001'}]", (Port("vllm", 9001, "tcp"),)),
    ("[{port: 53, type: udp}, {port: 53, type: tcp}]", (Port("port-53", 53, "udp"), Port("port-53-2", 53, "tcp"))),
]


@pytest.mark.parametrize(("text", "ports"), PORTS)
def test_ports(text: str, ports: tuple[Port, ...]) -> None:
    found = run(f"ports: {text}\n").ports
    assert tuple(Port(p.name, p.port, p.type) for p in found) == ports
    assert all(p.line == 3 for p in found)


ENV = [
    ("value", EnvVar("A", "value")),
    ("3", EnvVar("A", "3")),
    ("0.90", EnvVar("A", "0.90")),
    ("true", EnvVar("A", "true")),
    ("010", EnvVar("A", "010")),
    ("2024-01-31", EnvVar("A", "2024-01-31")),
    ("1:30", EnvVar("A", "1:30")),
    ('""', EnvVar("A", "")),
    ("|\n    x\n    y\n", EnvVar("A", "x\ny\n")),
    ("{value: x}", EnvVar("A", "x")),
    ("{value: 7}", EnvVar("A", "7")),
    ("{value: x, source: text}", EnvVar("A", "x")),
    ("{value: x, secret: true}", EnvVar("A", "x", sensitive=True)),
    ("{value: x, secret: false}", EnvVar("A", "x")),
    ("{secret: S}", EnvVar("A", secret="S", sensitive=True)),
    ("{secret: S, source: secret}", EnvVar("A", secret="S", sensitive=True)),
    ("", EnvVar("A", placeholder=True)),
    ("A", EnvVar("A", placeholder=True)),
    ("$A", EnvVar("A", placeholder=True)),
    ("${A}", EnvVar("A", placeholder=True)),
    ("{YOUR_KEY}", EnvVar("A", placeholder=True)),
    ('"{YOUR_KEY}"', EnvVar("A", placeholder=True)),
    ("<your key>", EnvVar("A", placeholder=True)),
    ("<<YOUR-KEY>>", EnvVar("A", placeholder=True)),
    ("YOUR_API_TOKEN", EnvVar("A", placeholder=True)),
    ("'{{ key }}'", EnvVar("A", placeholder=True)),
    ("{value: {YOUR_KEY}}", EnvVar("A", placeholder=True)),
    ("{value: {YOUR_KEY}, secret: true}", EnvVar("A", placeholder=True, sensitive=True)),
    ("{secret: '{YOUR_SECRET}'}", EnvVar("A", placeholder=True)),
    ("{value: }", EnvVar("A", placeholder=True)),
    ("{secret_id: 17}", EnvVar("A", placeholder=True)),
]


@pytest.mark.parametrize(("text", "expected"), ENV)
def test_env(text: str, expected: EnvVar) -> None:
    reading = read_text(f"name: a\nrun: echo\nenv:\n  A: {text}\n")
    assert reading.manifest is not None
    assert reading.manifest.env == (expected,)
    assert [p.severity for p in reading.problems] == (["warning"] if expected.placeholder else [])
    assert all((p.line, p.column) == (4, 3) for p in reading.problems)


SENSITIVE = [
    ("HF_TOKEN", "hf_abcdefghijklmnopqrst", "clear"),
    ("WANDB_API_KEY", "0123456789abcdef", "clear"),
    ("MY_KEY", "0123456789abcdef", "clear"),
    ("DB_PASSWORD", "hunter2", "clear"),
    ("HARMLESS", "hf_abcdefghijklmnopqrst", "clear"),
    ("HARMLESS", "x sk-abcdefghijklmnopqrstuv", "clear"),
    ("AWS_ACCESS_KEY_ID", "AKIAABCDEFGHIJKLMNOP", "clear"),
    ("HF_TOKEN", "HF_TOKEN", "placeholder"),
    ("HF_TOKEN", "hf_...", "placeholder"),
    ("HF_TOKEN", "hf_xxx", "placeholder"),
    ("OPENAI_API_KEY", "put-openai-api-key-here", "placeholder"),
    ("OPENAI_API_KEY", "changeme", "placeholder"),
    ("OPENAI_API_KEY", "EMPTY", ""),
    ("OPENAI_API_KEY", "na", ""),
    ("TOKENIZERS_PARALLELISM", "false", ""),
    ("MAX_TOKENS", "100", ""),
    ("EOS_TOKEN", "</s>", ""),
    ("KEYBOARD", "us", ""),
    ("CHANGEME", "xxx", ""),
]


@pytest.mark.parametrize(("name", "value", "expected"), SENSITIVE)
def test_secrets_and_placeholders(name: str, value: str, expected: str) -> None:
    reading = read_text(f"name: a\nrun: echo\nenv:\n  {name}: {value}\n")
    assert reading.manifest is not None
    (variable,) = reading.manifest.env
    said = [p for p in reading.problems if p.severity == "warning"]
    assert len(said) == (1 if expected else 0)
    if expected:
        assert expected in said[0].what
        assert "secret: " + name in said[0].fix
        assert variable.sensitive or expected == "placeholder"
    assert variable.placeholder == (expected == "placeholder")
    assert variable.value == (None if expected == "placeholder" else value)


def test_yaml_words_are_texts_as_keys() -> None:
    names = [e.name for e in run("env:\n  NO: x\n  on: y\n  3: z\n").env]
    assert names == ["NO", "on", "3"]


RUNS = [
    ("run: echo", (Step("echo", line=2),)),
    ("run: |-\n  a\n  b\n", (Step("a\nb", line=2),)),
    ("run: [a, b]", (Step("a", line=2), Step("b", line=2))),
    ("run:\n  - command: a\n    workdir: /w\n", (Step("a", "/w", line=3),)),
    ("run:\n  - a\n  - wait: 10s\n  - {command: b}\n", (Step("a", line=3), Step("", None, 10.0, 4), Step("b", line=5))),
    ("run: true", (Step("true", line=2),)),
    ("run: [{wait: 1.5m}, x]", (Step("", None, 90.0, 2), Step("x", line=2))),
    ("run: [{command: 'a: b', workdir: }]", (Step("a: b", line=2),)),
]


@pytest.mark.parametrize(("text", "steps"), RUNS)
def test_run(text: str, steps: tuple[Step, ...]) -> None:
    assert read(f"name: a\n{text}\n").steps == steps


GIT = "https://github.com/o/r"
IMPORTS: list[tuple[str, Volume]] = [
    ("git://github.com/o/r", Volume("/c", "git", GIT)),
    ("github.com/o/r", Volume("/c", "git", GIT)),
    ("https://github.com/o/r", Volume("/c", "git", GIT)),
    ("https://example.org/o/r.git", Volume("/c", "git", "https://example.org/o/r.git")),
    ("git@github.com:o/r.git", Volume("/c", "git", "git@github.com:o/r.git")),
    ("git://example.org/o/r", Volume("/c", "git", "git://example.org/o/r")),
    ("{git: {url: github.com/o/r}}", Volume("/c", "git", GIT, None, {"url": GIT})),
    ("{git: {url: github.com/o/r, ref: main}}", Volume("/c", "git", GIT, "main", {"url": GIT, "ref": "main"})),
    ("{git: {url: /srv/r, ref: 1.0}}", Volume("/c", "git", "/srv/r", "1.0", {"url": "/srv/r", "ref": "1.0"})),
    ("hf://huggingface.co/o/n", Volume("/c", "hf", "hf://huggingface.co/o/n")),
    ("vessl-dataset://org/n", Volume("/c", "dataset", "vessl-dataset://org/n")),
    ("vessl-model://org/repo/1", Volume("/c", "model", "vessl-model://org/repo/1")),
    ("vessl-artifact://", Volume("/c", "artifact", "vessl-artifact://")),
    ("s3://b/p", Volume("/c", "s3", "s3://b/p")),
    ("gs://b/p", Volume("/c", "gs", "gs://b/p")),
    ("volume://vessl-storage/v", Volume("/c", "volume", "volume://vessl-storage/v")),
    ("{s3: {bucket: b, prefix: p}}", Volume("/c", "s3", "s3://b/p", None, {"bucket": "b", "prefix": "p"})),
    (
        "{model: {organization_name: o, model_repository_name: r, model_number: 1}}",
        Volume(
            "/c",
            "model",
            "model://o/r/1",
            None,
            {"organization_name": "o", "model_repository_name": "r", "model_number": "1"},
        ),
    ),
    (
        "{volume: {storage_name: s, volume_name: v}}",
        Volume("/c", "volume", "volume://s/v", None, {"storage_name": "s", "volume_name": "v"}),
    ),
]


@pytest.mark.parametrize(("text", "expected"), IMPORTS)
def test_imports(text: str, expected: Volume) -> None:
    reading = read_text(f"name: a\nrun: echo\nimport:\n  /c: {text}\n")
    assert reading.manifest is not None, [str(p) for p in reading.problems]
    assert reading.manifest.imports == (expected,)
    assert [p.severity for p in reading.problems] == ([] if expected.kind == "git" else ["note"])


def test_mounts_exports_and_old_volumes() -> None:
    reading = read_text(
        "name: a\nrun: echo\n"
        "mount:\n  /d: volume://s/v/\n  /h: {hostpath: {path: /data}}\n  /n: {nfs: {server: s, path: /p}, options: }\n"
        "export:\n  /o: volume://vessl-storage\n  /m: vessl-model://org/repo\n"
        "volumes:\n  /v: git://github.com/o/r\n  /w: {artifact: true}\n"
    )
    manifest = reading.manifest
    assert manifest is not None, [str(p) for p in reading.problems]
    assert [(v.path, v.kind, v.source) for v in manifest.mounts] == [
        ("/d", "volume", "volume://s/v/"),
        ("/h", "hostpath", "/data"),
        ("/n", "nfs", "nfs://s/p"),
    ]
    assert [(v.path, v.kind) for v in manifest.exports] == [("/o", "volume"), ("/m", "model"), ("/w", "artifact")]
    assert [(v.path, v.kind) for v in manifest.imports] == [("/v", "git")]
    assert [p.line for p in reading.problems if p.severity == "note"] == [4, 5, 6, 8, 9, 12]


RESOURCES: list[tuple[str, str, Any]] = [
    ("{gpus: 0}", "gpus", 0),
    ("{gpus: '2'}", "gpus", 2),
    ("{gpus: [1, 0]}", "gpus", (1, 0)),
    ("{gpus: }", "gpus", None),
    ("{requests: {nvidia.com/gpu: {device_type: V100, quantity: '2'}}}", "gpus", 2),
    ("{requests: {nvidia.com/gpu: 1}}", "gpus", 1),
    ("{requests: {cpu: '4', memory: 12Gi}}", "cpu", "4"),
    ("{requests: {cpu: '4', memory: 12Gi}}", "memory", "12Gi"),
    ("{cpu: 500m}", "cpu", "500m"),
    ("{cpu: 0.5, memory: 2048}", "memory", "2048"),
    ("{name: gpu-a10g-small}", "preset", "gpu-a10g-small"),
    ("{cluster: local}", "cluster", "local"),
    ("{preset: gpu-l4-small}", "gpus", None),
    ("{accelerators: 'V100:4'}", "gpus", None),
    ("{node_names: [n1, n2]}", "other", {"node_names": ("n1", "n2")}),
    ("{spot: SpotFirst}", "other", {"spot": "SpotFirst"}),
]


@pytest.mark.parametrize(("text", "field", "value"), RESOURCES)
def test_resources(text: str, field: str, value: Any) -> None:
    assert getattr(run(f"resources: {text}\n").resources, field) == value


def test_gpus_count_more_than_requests() -> None:
    reading = read_text("name: a\nrun: x\nresources: {gpus: [0], requests: {nvidia.com/gpu: 2}}\n")
    assert reading.manifest is not None
    assert reading.manifest.resources.gpus == (0,)
    assert [(p.severity, p.line, p.column) for p in reading.problems] == [("warning", 3, 51)]


INTERACTIVE = [
    ("", Interactive()),
    ("{}", Interactive()),
    ("{max_runtime: 24h, jupyter: {idle_timeout: 120m}}", Interactive(86400, 7200)),
    ("{max_runtime: 24h, jupyter: , idle_timeout: 120m}", Interactive(86400, 7200)),
    ("{runtime: 1h}", Interactive(3600)),
]


@pytest.mark.parametrize(("text", "expected"), INTERACTIVE)
def test_interactive(text: str, expected: Interactive) -> None:
    manifest = read(f"name: a\ninteractive: {text}\n")
    assert manifest.interactive == expected
    assert manifest.type == "interactive"
    assert manifest.steps == ()


ARGS: list[tuple[str, dict[str, Any]]] = [
    ("{max-model-len: 8192}", {"max-model-len": 8192}),
    ("{--max-model-len: 8192}", {"max-model-len": 8192}),
    ("{max_model_len: 8192}", {"max-model-len": 8192}),
    ("{-tp: 2}", {"tensor-parallel-size": 2}),
    ("{q: awq}", {"quantization": "awq"}),
    ("{enforce-eager: yes, no-enable-log-requests: off}", {"enforce-eager": True, "no-enable-log-requests": False}),
    ("{host: 127.0.0.1}", {"host": "127.0.0.1"}),
    ("{served-model-name: [a, b]}", {"served-model-name": ["a", "b"]}),
    (
        "{speculative-config: {method: ngram, num_speculative_tokens: 5}}",
        {"speculative-config": {"method": "ngram", "num_speculative_tokens": 5}},
    ),
    ("{compilation-config.cudagraph_mode: NONE}", {"compilation-config.cudagraph_mode": "NONE"}),
    ("{max-model-len: 8k, revision: 0123}", {"max-model-len": "8k", "revision": "0123"}),
    ("{override: '8192', seed: 0}", {"override": "8192", "seed": 0}),
    ("{}", {}),
    ("", {}),
]


@pytest.mark.parametrize(("text", "expected"), ARGS)
def test_args(text: str, expected: dict[str, Any]) -> None:
    manifest = vllm(f"  args: {text}\n")
    assert manifest.vllm is not None
    assert manifest.vllm.args == expected
    assert [type(value) for value in manifest.vllm.args.values()] == [type(value) for value in expected.values()]


PORT_ARGS: list[tuple[str, str, tuple[tuple[str, int | None], ...]]] = [
    ("{port: 8001}", "", (("vllm", 8001),)),
    ("{port: auto}", "", (("vllm", None),)),
    ("{port: 8001}", "[]", (("vllm", 8001),)),
    ("{port: 8001}", "[8001]", (("port-8001", 8001),)),
    ("{port: 8001}", "[{name: api, port: auto}]", (("api", 8001),)),
    ("{port: auto}", "[8001]", (("port-8001", 8001),)),
    ("{port: 8001}", "[{name: p, port: auto}, {name: vllm, port: auto}]", (("p", None), ("vllm", 8001))),
    ("{port: 8001}", "[{name: p, type: tcp, port: 9}]", (("p", 9), ("vllm", 8001))),
]


@pytest.mark.parametrize(("args", "ports", "expected"), PORT_ARGS)
def test_port_of_args_is_a_fixed_port(args: str, ports: str, expected: tuple[tuple[str, int | None], ...]) -> None:
    manifest = vllm(f"  args: {args}\n" + (f"ports: {ports}\n" if ports else ""))
    assert tuple((p.name, p.port) for p in manifest.ports) == expected
    assert manifest.vllm is not None
    assert "port" not in manifest.vllm.args


def test_secret_flags_become_variables() -> None:
    reading = read_text(
        "name: a\nvllm: {model: m, args: {api-key: k123, --hf_token: t456}}\nenv: {HF_TOKEN: {secret: X}}\n"
    )
    manifest = reading.manifest
    assert manifest is not None
    assert manifest.vllm is not None
    assert manifest.vllm.args == {}
    assert manifest.env == (EnvVar("VLLM_API_KEY", "k123", sensitive=True), EnvVar("HF_TOKEN", "t456", sensitive=True))
    assert [(p.line, p.column) for p in reading.problems if p.severity == "warning"] == [(2, 25), (2, 40)]


@pytest.mark.parametrize(
    ("text", "version"),
    [("0.33.0", "0.33.0"), ("0.33", "0.33"), ("0.30", "0.30"), ("v0.9.2", "0.9.2"), ("'0.32.0rc1'", "0.32.0rc1"),
     ("0.33.0+cpu", "0.33.0+cpu"), ("0.6.6.post1", "0.6.6.post1"), ("", None)],
)  # fmt: skip
def test_version_keeps_its_characters(text: str, version: str | None) -> None:
    manifest = vllm(f"  version: {text}\n")
    assert manifest.vllm is not None
    assert manifest.vllm.version == version


def test_restart_and_stop() -> None:
    assert vllm("restart: on-failure\n").restart == Restart("on-failure", 3)
    assert vllm("restart: {policy: on-failure}\n").restart == Restart("on-failure", 3)
    assert vllm("restart: {max: 0}\n").restart == Restart("never", 0)
    assert vllm("restart: {}\n").restart == Restart()
    assert vllm("stop: {grace: 5m}\n").grace_s == 300
    assert vllm("stop: {}\n").grace_s == 30
    assert vllm("stop:\n").grace_s == 30


def test_image_and_the_rest() -> None:
    assert run("image: {url: a/b:c, credential_name: x}\n").image == "a/b:c"
    assert run("image:\n").image is None
    manifest = run('description: ""\nservice_account_name: s\ntermination_protection: yes\nx-mine: {any: thing}\n')
    assert (manifest.description, manifest.service_account_name) == ("", "s")
    assert manifest.termination_protection is True


DURATIONS = [
    ("30s", 30.0), ("5m", 300.0), ("1h", 3600.0), ("1h30m", 5400.0), ("500ms", 0.5), ("2d", 172800.0), ("1.5h", 5400.0),
    ("30", 30.0), ("0", 0.0), (" 3s ", 3.0), ("", None), ("s", None), ("-1s", None), ("1s1", None), ("1 s", None),
    ("1w", None), ("1e3", None), ("30S", None), ("٣s", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DURATIONS)
def test_durations(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


SCALARS: list[tuple[str, Any]] = [
    ("1", 1), ("-7", -7), ("1_000", 1000), ("0", 0), ("0.5", 0.5), (".5", 0.5), ("1e-3", 0.001), ("1.5e3", 1500.0),
    ("true", True), ("off", False), ("~", None), ("", None), ("null", None), ("x", "x"), ("010", "010"),
    ("0x1f", "0x1f"),
    ("1:30", "1:30"), (".inf", ".inf"), (".nan", ".nan"), ("2024-01-31", "2024-01-31"),
    ("9" * 5000, "9" * 5000), ("1e999", "1e999"), ("1.2.3", "1.2.3"), ("+1", 1), ("y", "y"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SCALARS)
def test_scalars(text: str, expected: Any) -> None:
    value = scalar_value(Scalar(text, Place()))
    assert value == expected
    assert type(value) is type(expected)
    assert plain_value(Scalar(text, Place(), plain=False)) == text


def test_numbers_and_amounts() -> None:
    assert whole("12") == 12
    assert whole("1.0") is None
    assert [text for text in ("4Gi", "512M", "1024", "1.5G", "16 GiB", "4X", "Gi", "-1Gi") if is_amount(text)] == [
        "4Gi", "512M", "1024", "1.5G", "16 GiB",
    ]  # fmt: skip
