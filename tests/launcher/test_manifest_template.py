"""The manifest that `vdeck manifest new` writes can be run as it is."""

from __future__ import annotations

import pytest

from launcher.manifest.reader import read_text
from launcher.manifest.template import DEFAULT_MODEL, new_manifest
from launcher.metrics.goals import Goal, Goals


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (None, "qwen3-0.6b"),
        ("", "qwen3-0.6b"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b-instruct"),
        ("./models/My Model/", "my-model"),
        ("../x", "x"),
        ("/srv/models/m", "m"),
        ("~/m", "m"),
        ("모델/한국어", "model"),
        ("org/true", "true"),
        ("C:\\models\\m", "c-models-m"),
        ('org/with"quote', "with-quote"),
        ("org/a: b", "a-b"),
        ("org/a #b", "a-b"),
        ("org/1234", "model-1234"),
        ("\x1b[31morg/red", "red"),
        ("123", "model-123"),
    ],
)
def test_it_reads_without_a_problem(model: str | None, name: str) -> None:
    reading = read_text(new_manifest(model))
    assert reading.manifest is not None, [str(p) for p in reading.problems]
    assert reading.problems == ()
    assert reading.manifest.vllm is not None
    assert reading.manifest.name == name
    assert reading.manifest.vllm.model == (model or DEFAULT_MODEL).removeprefix("\x1b[31m")


def test_every_commented_key_can_be_used() -> None:
    """Taking the `# ` away from the commented lines gives a manifest without an unknown key."""
    lines = new_manifest().splitlines()
    head = lines.index(next(line for line in lines if line.startswith("name:")))
    used = [line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line for line in lines[head:]]
    reading = read_text("\n".join(used))
    assert reading.manifest is not None, [str(p) for p in reading.problems]
    assert reading.manifest.vllm is not None
    assert reading.manifest.vllm.version == "0.33.0"
    assert set(reading.manifest.vllm.args) == {
        "max-model-len",
        "gpu-memory-utilization",
        "enable-prefix-caching",
        "host",
    }
    assert [e.secret for e in reading.manifest.env] == ["HF_TOKEN", None]
    assert reading.manifest.resources.gpus == 1
    assert reading.manifest.goals == Goals((Goal("ttft", 0.5), Goal("itl", 0.05), Goal("e2e", 20.0, 0.99)), "bell")
    assert reading.manifest.interval_s == 1.0


def test_it_begins_with_the_schema_for_editors() -> None:
    assert new_manifest().splitlines()[0] == "# yaml-language-server: $schema=manifest.schema.json"
