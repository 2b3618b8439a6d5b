"""The model that comes with vdeck: small, whole, and even its noise is readable."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from launcher import paths
from launcher.manifest import reader

EXAMPLES = Path(paths.examples_dir())
TINY = EXAMPLES / "tiny"
SPACE = "\u2581"


def load(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((TINY / name).read_text(encoding="utf-8"))
    return value


@pytest.fixture(scope="module")
def pieces() -> list[str]:
    return [piece for piece, _ in load("tokenizer.json")["model"]["vocab"]]


def test_small_and_without_weights() -> None:
    names = {path.name for path in TINY.iterdir() if path.is_file()}
    assert names == {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "make.py"}
    assert sum((TINY / name).stat().st_size for name in names) < 200_000


def test_the_files_agree(pieces: list[str]) -> None:
    config, generation, tokenizer = load("config.json"), load("generation_config.json"), load("tokenizer_config.json")
    special = {token["content"]: token["id"] for token in load("tokenizer.json")["added_tokens"]}
    assert config["vocab_size"] == len(pieces) == len(set(pieces)), "an id beyond the vocabulary would have no text"
    assert config["num_attention_heads"] * config["head_dim"] == config["hidden_size"]
    assert all(pieces[number] == token for token, number in special.items())
    assert special[tokenizer["eos_token"]] == config["eos_token_id"] == generation["eos_token_id"][0]
    assert special[tokenizer["bos_token"]] == config["bos_token_id"]
    assert set(generation["eos_token_id"]) <= set(special.values())
    assert tokenizer["model_max_length"] == config["max_position_embeddings"]
    assert "<|im_start|>assistant" in tokenizer["chat_template"]


def test_every_prompt_in_ascii_has_tokens(pieces: list[str]) -> None:
    """Upper case is lowered before."""
    known = set(pieces)
    assert [chr(code) for code in range(33, 127) if chr(code).lower() not in known] == []
    assert {SPACE, "\n"} <= known


@pytest.mark.parametrize("seed", range(3))
def test_noise_reads_as_words(pieces: list[str], seed: int) -> None:
    """Dummy weights make every token about equally likely: what such an answer looks like."""
    special = len(load("tokenizer.json")["added_tokens"])
    draw = random.Random(seed)
    text = "".join(draw.choice(pieces[special:]) for _ in range(2000)).replace(SPACE, " ")
    assert all(character.isprintable() or character == "\n" for character in text)
    words = re.findall(r"\S+", text)
    assert sum(bool(re.fullmatch(r"[A-Za-z']+[.,;:]?", word)) for word in words) / len(words) > 0.95
    assert text.isascii()


def test_answers_end() -> None:
    """Equally likely tokens end an answer after some 200: not at once, not only at the limit."""
    mean = load("config.json")["vocab_size"] / len(load("generation_config.json")["eos_token_id"])
    assert 100 <= mean <= 400


def test_the_manifest() -> None:
    reading = reader.read_file(str(EXAMPLES / "tiny.yaml"))
    assert [str(problem) for problem in reading.problems] == []
    manifest = reading.manifest
    assert manifest is not None and manifest.vllm is not None
    assert manifest.vllm.args["load-format"] == "dummy"
    assert manifest.resources.gpus == 0
    assert [port.port for port in manifest.ports] == [None], "a free one is chosen"
    told = yaml.safe_load((EXAMPLES / "tiny.yaml").read_text(encoding="utf-8"))
    assert (EXAMPLES / told["vllm"]["model"]).resolve() == TINY.resolve()
    assert told["vllm"]["args"]["max-model-len"] <= load("config.json")["max_position_embeddings"]
    assert {name: told["env"][name] for name in ("HF_HUB_OFFLINE", "VLLM_NO_USAGE_STATS")} == {
        "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
    }  # fmt: skip
