"""Manifest -> what runs, exactly. Pure: no engine, no process."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.clusters.base import Placement
from launcher.engines.engine import Engine
from launcher.manifest import reader
from launcher.manifest.model import Manifest
from launcher.runs import command, environment, needs, plan, shell_steps
from launcher.runs.record import from_json, to_json

CPU = Engine(
    "0.32.0-cpu", "0.32.0", "cpu", "/engines/cpu/bin/vllm", "/engines/cpu/bin/python", "installed", "/engines/cpu"
)
CUDA = CPU._replace(variant="cuda", vllm="/engines/cuda/bin/vllm")
GIB = 2**30


def read(text: str) -> Manifest:
    reading = reader.read_text(text)
    assert reading.manifest is not None, reading.problems
    return reading.manifest


def make(
    text: str, *, engine: Engine | None = CUDA, gpus: tuple[int, ...] = (0,), env: dict[str, str] | None = None,
    base: str = "/base",
) -> plan.Plan:  # fmt: skip
    manifest = read(text)
    wanted = needs.request(manifest)
    numbers = tuple(port.port if port.port is not None else 8100 + n for n, port in enumerate(wanted.ports))
    return plan.make(
        manifest, run_id="000000000001", created=0.0, folder="/runs/1", base=base, source=None,
        placement=Placement(numbers, gpus), engine=engine, inherited=env or {}, memory_bytes=16 * GIB,
    )  # fmt: skip


def test_the_command_of_the_vllm_form() -> None:
    made = make(
        "name: x\nvllm:\n  model: org/m\n  args: {max-model-len: 8192, enable-prefix-caching: true, enable-x: false,"
        " lora-modules: [a=b, c=d], hf-overrides: {a: 1}}\n"
    )
    assert made.record.steps[0].argv == (
        "/engines/cuda/bin/vllm", "serve", "org/m", "--host", "127.0.0.1", "--port", "8100", "--max-model-len", "8192",
        "--enable-prefix-caching", "--no-enable-x", "--lora-modules", "a=b", "c=d", "--hf-overrides", '{"a": 1}',
    )  # fmt: skip
    assert made.record.probe.names == ("org/m",) and made.record.probe.ports == (8100,)
    assert not made.record.own_environment


def test_the_manifest_may_listen_elsewhere_and_the_probe_still_finds_it() -> None:
    made = make("name: x\nvllm: {model: org/m, args: {host: 0.0.0.0, port: 9001}}\n")
    argv = made.record.steps[0].argv
    assert argv[argv.index("--host") + 1] == "0.0.0.0" and argv[argv.index("--port") + 1] == "9001"
    assert argv.count("--host") == argv.count("--port") == 1
    assert made.record.ports[0].host == "127.0.0.1" and made.record.probe.ports == (9001,)


def test_a_folder_is_a_model_relative_to_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    made = make("name: x\nvllm: {model: ./m}\n", base=str(tmp_path))
    argv = made.record.steps[0].argv
    assert argv[2] == str(tmp_path / "m") and argv[argv.index("--served-model-name") + 1] == "m"
    assert made.record.probe.names == ("m",)


def test_an_api_key_never_reaches_a_command_line_or_the_record() -> None:
    made = make("name: x\nvllm: {model: org/m, args: {api-key: s3cret-value}}\n")
    assert made.secret_values == {"VLLM_API_KEY": "s3cret-value"}
    assert "s3cret" not in str(to_json(made.record))


def test_secrets_are_named_in_the_record_and_nothing_more() -> None:
    made = make(
        "name: x\nvllm: {model: org/m}\nenv:\n  HF_TOKEN: hf_abcdefgh\n  W: {value: deep, secret: true}\n"
        "  K: {secret: my-key}\n  PLAIN: yes-it-is\n  WANDB_KEY: {YOUR_KEY}\n",
        env={"MY_KEY": "looked-up"},
    )
    text = str(to_json(made.record))
    assert "hf_abc" not in text and "deep" not in text and "looked-up" not in text
    assert made.record.env == {"PLAIN": "yes-it-is"}
    assert set(made.record.secret_names) >= {"HF_TOKEN", "W"}
    assert any("WANDB_KEY is a placeholder" in note for note in made.notes)


def test_a_secret_that_nobody_has_is_said_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NGC_API_KEY", raising=False)
    made = make("name: x\nrun: echo hi\nenv: {NGC_API_KEY: {secret: ngc-api-key}}\n", gpus=())
    assert "NGC_API_KEY" not in made.secret_values
    assert any("ngc-api-key" in note for note in made.notes)


def test_a_placeholder_does_not_hide_the_real_token() -> None:
    made = make("name: x\nvllm: {model: m}\nenv: {HF_TOKEN: HF_TOKEN}\n", env={"HF_TOKEN": "hf_real"})
    env = environment.build(
        made.record, folder="/f", own_env=None, secrets=made.secret_values, inherited={"HF_TOKEN": "hf_real"}
    )
    assert env["HF_TOKEN"] == "hf_real"


@pytest.mark.parametrize(
    "args, expected",
    [("{}", "4096M"), ("{kv-cache-memory-bytes: 1G}", "1G"), ("{gpu-memory-utilization: 0.3}", None)],
)
def test_the_cpu_engine_gets_a_kv_cache_that_fits_unless_the_manifest_says(args: str, expected: str | None) -> None:
    argv = make(f"name: x\nvllm: {{model: m, args: {args}}}\n", engine=CPU, gpus=()).record.steps[0].argv
    found = argv[argv.index("--kv-cache-memory-bytes") + 1] if "--kv-cache-memory-bytes" in argv else None
    assert found == expected


@pytest.mark.parametrize(
    "text, ports, gpus",
    [
        ("name: x\nvllm: {model: m}\n", [("vllm", None)], 1),
        ("name: x\nvllm: {model: m, args: {tensor-parallel-size: 4}}\n", [("vllm", None)], 4),
        ("name: x\nvllm: {model: m, args: {port: 9000}}\n", [("vllm", 9000)], 1),
        ("name: x\nrun: vllm serve m\n", [("vllm", 8000)], 1),
        ("name: x\nrun: vllm serve m --port 9123\n", [("vllm", 9123)], 1),
        ("name: x\nrun: vllm serve m --port $PORT\nports: [{name: a, type: http, port: auto}]\n", [("a", None)], 1),
        ("name: x\nrun: sleep 1\n", [], 0),
        ("name: x\nrun: streamlit run a.py\nports: [8501]\n", [(None, 8501)], 0),
        (
            "name: x\nrun: python -m vllm.entrypoints.openai.api_server --model m &\n"
            "ports: [{name: gradio, type: http, port: 7860}, {name: vllm, type: http, port: 8000}]\n",
            [("vllm", 8000), ("gradio", 7860)],
            1,
        ),
    ],
)
def test_ports_and_gpus_that_a_manifest_needs(text: str, ports: list[tuple[str | None, int | None]], gpus: int) -> None:
    wanted = needs.request(read(text))
    assert [(p.name if n is not None else None, p.port) for p, (n, _) in zip(wanted.ports, ports, strict=True)] == ports
    assert wanted.gpus_default == gpus


def test_container_paths_are_mapped_and_git_imports_fetched() -> None:
    made = make(
        "name: x\nimport:\n  /code/: git://github.com/vessl-ai/examples\n"
        "run:\n  - {command: 'true', workdir: /code/runs}\n  - {command: pwd, workdir: /no-such-app}\n  - pwd\n",
        gpus=(),
    )
    clone, first, second, third = made.record.steps
    assert clone.argv == (
        "git", "clone", "--depth", "1", "--", "https://github.com/vessl-ai/examples", "/runs/1/work/code"
    )  # fmt: skip
    assert (first.cwd, second.cwd, third.cwd) == ("/runs/1/work/code/runs", "/runs/1/work/no-such-app", "/base")
    assert any("/no-such-app is not on this machine" in note for note in made.notes)


def test_a_path_of_the_machine_is_used_as_it_is(tmp_path: Path) -> None:
    made = make(f"name: x\nrun: [{{command: pwd, workdir: {tmp_path}}}]\n", gpus=())
    assert made.record.steps[0].cwd == str(tmp_path)


def test_an_import_cannot_climb_out_of_the_work_folder() -> None:
    assert reader.read_text("name: x\nimport: {/../../etc/: git://github.com/o/r}\nrun: 'true'\n").manifest is None
    assert shell_steps.mapped("/../../etc/", "/runs/1/work") == "/runs/1/work/etc", "and a second lock behind the first"


@pytest.mark.parametrize(
    "text, needed",
    [
        ("name: x\nvllm: {model: m}\n", True),
        ("name: x\nrun: vllm serve m\n", True),
        ("name: x\nrun: |-\n  pip install vllm==0.5.4\n  vllm serve m\n", False),
        ("name: x\nrun: echo hi\n", False),
    ],
)
def test_when_an_engine_is_needed(text: str, needed: bool) -> None:
    assert needs.needs_engine(read(text)) is needed


@pytest.mark.parametrize(
    "text, model",
    [
        ("vllm serve org/m --x", "org/m"),
        ("vllm serve $MODEL_NAME --x", "the/model"),
        ('vllm serve "${MODEL_NAME}"', "the/model"),
        ("python -m vllm.entrypoints.openai.api_server --model $MODEL_NAME --dtype auto &", "the/model"),
        ("vllm serve \\\n  org/m", None),
        ("echo vllm", None),
    ],
)
def test_the_model_of_a_shell_command(text: str, model: str | None) -> None:
    assert command.named_model([text], {"MODEL_NAME": "the/model"}) == model


def test_a_record_survives_its_file() -> None:
    record = make("name: x\nvllm: {model: m}\nrestart: {policy: on-failure, max: 2}\nstop: {grace: 5s}\n").record
    assert from_json(to_json(record)) == record
    assert (record.restart, record.restart_max, record.grace_s) == ("on-failure", 2, 5.0)


@pytest.mark.parametrize("bad", [{}, {"id": 1}, {"id": "1", "name": "x", "created": "y"}, {"id": "1", "steps": [1]}])
def test_a_damaged_record_is_a_value_error(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        from_json(bad)


def test_the_environment_puts_the_run_first_on_the_path() -> None:
    record = make("name: x\nrun: vllm serve m\n").record
    env = environment.build(
        record,
        folder="/runs/1",
        own_env="/runs/1/env",
        secrets={},
        inherited={"PATH": "/usr/bin", "VIRTUAL_ENV": "/mine"},
    )
    assert env["PATH"] == "/runs/1/env/bin:/engines/cuda/bin:/usr/bin"
    assert env["VIRTUAL_ENV"] == "/runs/1/env"
    assert env["CUDA_VISIBLE_DEVICES"] == "0" and env["PORT"] == "8000" and env["PORT_VLLM"] == "8000"


@pytest.mark.parametrize(
    "gpus, nvidia, seen", [((), True, ""), ((), False, "1"), ((2, 3), False, "2,3"), ((0,), True, "0")]
)
def test_gpus_are_given_by_variable_where_they_can_be_counted(gpus: tuple[int, ...], nvidia: bool, seen: str) -> None:
    record = make("name: x\nrun: echo hi\n", gpus=gpus).record
    env = environment.build(
        record, folder="/f", own_env=None, secrets={}, inherited={"CUDA_VISIBLE_DEVICES": "1"}, nvidia=nvidia
    )
    assert env["CUDA_VISIBLE_DEVICES"] == seen


def test_a_key_in_a_command_is_masked_where_people_read_it_and_a_variable_is_not() -> None:
    made = make(
        "name: x\nenv: {VLLM_API_KEY: literalkey-987}\nrun:\n"
        "  - vllm serve m --port 8000 --api-key sk-abcdefgh12345678901234 --hf-token $HF_TOKEN\n"
        "  - echo literalkey-987\n"
    )
    assert made.commands == ("vllm serve m --port 8000 --api-key *** --hf-token $HF_TOKEN", "echo ***")
    assert "literalkey-987" in made.record.steps[1].argv[-1]


@pytest.mark.parametrize(
    "text, scheme",
    [
        ("vllm: {model: org/m, args: {ssl-keyfile: k.pem, ssl-certfile: c.pem}}", "https"),
        ("run: vllm serve m --port 8000 --ssl-keyfile k.pem --ssl-certfile=c.pem", "https"),
        ("run: vllm serve m --port 8000", "http"),
        ("run: ['vllm serve m --port 8000 &', 'app --ssl-keyfile k.pem']", "http"),
    ],
)
def test_a_server_with_a_certificate_is_asked_by_https(text: str, scheme: str) -> None:
    assert make(f"name: x\n{text}\n").record.probe.scheme == scheme
