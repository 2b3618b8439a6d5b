"""The public manifests of VESSL's users: each is read, or refused by its name, with every problem where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.manifest.model import Manifest, Port, Volume
from launcher.manifest.problems import ManifestError
from launcher.manifest.reader import load, read_file, read_text

FOLDER = Path(__file__).with_name("manifests")
EXAMPLES = Path(__file__).parents[2] / "examples"

# file -> every problem as (severity, line, column, a part of its text)
EXPECTED: dict[str, list[tuple[str, int | None, int | None, str]]] = {
    "LoRA-lora_playground": [
        ("note", 3, 3, "no cluster 'aws-apne2'"),
        ("note", 4, 3, "accelerators"),
        ("note", 5, 1, "image"),
        ("note", 12, 1, "no Jupyter"),
    ],
    "SakJaeLim-hps-project-vessl-job": [
        ("note", 8, 3, "no cluster 'vessl-gcp-oregon'"),
        ("note", 9, 3, "no preset 'gpu-l4-single'"),
        ("note", 11, 1, "image"),
    ],
    "YOLO11-train-run": [
        ("note", 8, 3, "uploads nothing"),
        ("note", 10, 3, "cluster"),
        ("note", 11, 3, "preset"),
        ("note", 12, 1, "image"),
    ],
    "bk-squared-rfx-vessl_image_pull_smoke": [("note", 4, 3, "cluster"), ("note", 7, 1, "image")],
    "face-to-sticker-run": [("note", 4, 3, "cluster"), ("note", 5, 3, "preset"), ("note", 6, 1, "image")],
    "finetune-llms-run_yamls-run_gpt_oss_vllm": [
        ("note", 11, 3, "git repositories only"),
        ("note", 13, 3, "cluster"),
        ("note", 14, 3, "preset"),
        ("note", 15, 1, "image"),
        ("warning", 22, 9, "--disable-frontend-multiprocessing was removed in vLLM 0.19"),
        ("warning", 23, 9, "reachable from the network"),
    ],
    "hf-chatbot-vllm-run": [("note", 5, 3, "cluster"), ("note", 6, 3, "preset"), ("note", 7, 1, "image")],
    "hyperparameter-tuning-run_template": [
        ("error", 20, 19, "a template placeholder '{{ lr }}'"),
        ("error", 21, 16, "a template placeholder '{{ batch_size }}'"),
    ],
    "nvidia-nim-run": [("note", 3, 3, "cluster"), ("note", 4, 3, "preset"), ("note", 5, 1, "image")],
    "rag-chatbot-run": [
        ("note", 7, 3, "cluster"),
        ("note", 8, 3, "preset"),
        ("note", 9, 1, "image"),
        ("note", 21, 17, "every network interface"),
    ],
    "recommenders-sasrec-train-wandb": [
        ("note", 5, 3, "cluster"),
        ("note", 6, 3, "no preset 'cpu-large'"),
        ("note", 7, 1, "image"),
        ("note", 9, 3, "git repositories only"),
        ("note", 12, 3, "uploads nothing"),
        ("warning", 21, 3, "env.WANDB_KEY has a placeholder"),
    ],
    "sdk-jupyter": [
        ("note", 9, 3, "cluster"),
        ("note", 10, 3, "preset"),
        ("note", 11, 1, "image"),
        ("note", 12, 1, "no Jupyter"),
    ],
    "sdk-llama_2_train": [
        ("note", 6, 3, "cluster"),
        ("note", 7, 3, "preset"),
        ("note", 8, 1, "image"),
        ("note", 12, 3, "uploads nothing"),
    ],
    "vllm-run-vllm-run": [
        ("note", 6, 3, "cluster"),
        ("note", 7, 3, "preset"),
        ("note", 8, 1, "image"),
        ("note", 31, 7, "every network interface"),
        ("warning", 31, 52, "--disable-frontend-multiprocessing"),
        ("warning", 42, 3, "env.HF_TOKEN has a placeholder for its value and is not passed on"),
    ],
    "vllm-service": [("error", 24, 1, "a Serve revision of VESSL (message: and service:)")],
}


def read(name: str) -> Manifest:
    return load(str(FOLDER / f"{name}.yaml"))


def test_every_file_has_its_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_problems_of_public_files(name: str) -> None:
    path = str(FOLDER / f"{name}.yaml")
    reading = read_file(path)
    found = [(p.severity, p.line, p.column) for p in reading.problems]
    assert found == [expected[:3] for expected in EXPECTED[name]], [str(p) for p in reading.problems]
    for problem, expected in zip(reading.problems, EXPECTED[name], strict=True):
        assert expected[3] in problem.what
        assert problem.file == path
    refused = any(expected[0] == "error" for expected in EXPECTED[name])
    assert (reading.manifest is None) == refused


def test_the_seed_example() -> None:
    manifest = read("vllm-run-vllm-run")
    assert manifest.name == "vllm-server"
    assert manifest.description == "LLM server with vLLM and Prometheus monitoring"
    assert manifest.tags == ("vllm",)
    assert manifest.type == "batch"
    assert manifest.image == "quay.io/vessl-ai/torch:2.3.1-cuda12.1-r5"
    assert manifest.resources.preset == "gpu-l4-small-spot"
    assert manifest.resources.gpus is None, "the name of a preset is a hint only"
    repository = "https://github.com/vessl-ai/examples.git"
    assert [(v.path, v.kind, v.source, v.ref) for v in manifest.imports] == [("/code/", "git", repository, "main")]
    assert [step.workdir for step in manifest.steps] == ["/app", "/code/vllm-run"]
    assert [step.line for step in manifest.steps] == [15, 25]
    assert manifest.steps[0].command.startswith("# Install Prometheus\nexport PROMETHEUS_VERSION=2.49.1\n")
    assert manifest.steps[1].command.endswith("--disable-frontend-multiprocessing")
    assert manifest.ports == (Port("vllm", 8000, "http", 34), Port("prometheus", 9090, "http", 37))
    model, token = manifest.env
    assert (model.name, model.value) == ("MODEL_NAME", "hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4")
    assert (token.name, token.value, token.placeholder, token.sensitive) == ("HF_TOKEN", None, True, True)


def test_forms_of_the_other_files() -> None:
    lora = read("LoRA-lora_playground")
    assert lora.type == "interactive"
    assert lora.interactive is not None
    assert lora.interactive.max_runtime_s == 24 * 3600
    assert lora.ports == (Port("port-8501", 8501, "http", 15),)
    assert lora.imports == (Volume("/root/examples", "git", "https://github.com/vessl-ai/examples"),)
    assert lora.resources.other == {"accelerators": "V100:1"}
    smoke = read("bk-squared-rfx-vessl_image_pull_smoke")
    assert len(smoke.steps) == 1
    assert smoke.steps[0].command.count("\n") == 3
    assert (smoke.resources.cpu, smoke.resources.memory) == ("2", "4Gi")
    sticker = read("face-to-sticker-run")
    assert len(sticker.steps) == 4
    assert sticker.steps[0].workdir is None
    nim = read("nvidia-nim-run")
    assert nim.image == "nvcr.io/nim/meta/llama-3.1-8b-instruct:latest"
    assert [(e.name, e.value, e.secret, e.sensitive) for e in nim.env] == [("NGC_API_KEY", None, "ngc-api-key", True)]
    jupyter = read("sdk-jupyter")
    assert jupyter.steps == ()
    assert jupyter.interactive is not None
    assert (jupyter.interactive.max_runtime_s, jupyter.interactive.idle_timeout_s) == (86400, 7200)
    llama = read("sdk-llama_2_train")
    assert llama.ports == ()
    assert llama.service_account_name is None
    assert llama.exports == (Volume("/output/", "artifact", "vessl-artifact://"),)
    assert [e.value for e in llama.env] == ["8", "float16", "10", "10000", "/output"]
    wandb = read("recommenders-sasrec-train-wandb")
    assert [(e.name, e.value, e.placeholder, e.sensitive) for e in wandb.env] == [("WANDB_KEY", None, True, True)]


def test_the_other_template_in_the_wild_fails_at_its_place() -> None:
    text = "\n" * 23 + "env:\n  MODEL_NAME: {{MODEL_NAME}}\n"
    (problem,) = read_text(text).problems
    assert (problem.line, problem.column) == (25, 16)
    assert "template" in problem.what


@pytest.mark.parametrize("name", ["vllm-run", "qwen3-0.6b"])
def test_examples_are_read(name: str) -> None:
    reading = read_file(str(EXAMPLES / f"{name}.yaml"))
    assert reading.manifest is not None
    if name == "vllm-run":
        assert (EXAMPLES / "vllm-run.yaml").read_bytes() == (FOLDER / "vllm-run-vllm-run.yaml").read_bytes()
    else:
        assert reading.problems == ()
        assert reading.text.startswith("# yaml-language-server: $schema=")


def test_load_raises_with_all_problems() -> None:
    path = str(FOLDER / "hyperparameter-tuning-run_template.yaml")
    with pytest.raises(ManifestError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    assert len(caught.value.problems) == 2
    assert f"{path}:20:19: error:" in caught.value.detail
