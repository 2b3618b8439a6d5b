"""No secret in what is shown, stored or exported."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.logs.redact import Redactor

DATA = Path(__file__).parent / "logs"
HF = "hf_" + "AbCdEfGhIj" * 3
SK = "sk-" + "proj-abc123def456ghi7"
SECRETS = ("hunter2hunter2", "a-very-long-key-0001", 'with"quote\\slash')


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"token {HF} used", "token *** used"),
        (f"key={SK}!", "key=***!"),
        ("Authorization: Bearer abc.DEF-123", "Authorization: Bearer ***"),
        ("'api_key': ['sk-x', 'y'], 'port': 1", "'api_key': ['***', '***'], 'port': 1"),
        ("api_key='short', hf_token=None", "api_key='***', hf_token=None"),
        ("api_key=['a', 'b'], host=None", "api_key=['***', '***'], host=None"),
        ('{"api_key": "x y z", "n": 1}', '{"api_key": "***", "n": 1}'),
        ("openai_api_key: 'x'", "openai_api_key: '***'"),
        ("'hf_token': 'x', 'tokenizer': 'y'", "'hf_token': '***', 'tokenizer': 'y'"),
        ("VLLM_API_KEY=abc HF_TOKEN=def HOME=/root", "VLLM_API_KEY=*** HF_TOKEN=*** HOME=/root"),
        ("AWS_SECRET_ACCESS_KEY=abc/def+x", "AWS_SECRET_ACCESS_KEY=***"),
        ("vllm serve m --api-key k --port 1", "vllm serve m --api-key *** --port 1"),
        ("vllm serve m --api-key k1 longer-key-2 --port 1", "vllm serve m --api-key *** *** --port 1"),
        ("--api-key=k --hf-token abc", "--api-key=*** --hf-token ***"),
        ("['vllm', '--api-key', 'k', '--port']", "['vllm', '--api-key', '***', '--port']"),
        ("from https://user:pw@host/x?a=b", "from https://***@host/x?a=b"),
        ("ghp_" + "a1" * 18, "***"),
        ("github_pat_" + "a1" * 18, "***"),
        ("AKIA" + "A" * 16, "***"),
        ("nvapi-" + "a" * 30, "***"),
        ("the key is hunter2hunter2.", "the key is ***."),
        ('"with\\"quote\\\\slash"', '"***"'),
    ],
)
def test_masked(text: str, wanted: str) -> None:
    redact = Redactor(SECRETS)
    assert redact(text) == wanted
    assert redact(wanted) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "api_key=None",
        'vllm serve m --api-key "$KEY" --hf-token ${HF_TOKEN}',
        "HF_TOKEN=$HF_TOKEN python app.py",
        "'api_key': None, 'hf_token': True",
        "Avg prompt throughput: 98.6 tokens/s",
        "GPU KV cache size: 439,136 tokens",
        "hf_overrides={}, hf_config_path=None",
        "eos_token='</s>', pad_token='x'",
        "'max_tokens': 5, 'tokenizer': 'gpt2'",
        "sk-learn-is-a-library",
        "disk-0123456789012345678",
        "mail me@example.com",
        "monkey business: 'key'",
        "http://127.0.0.1:8000/v1",
        "(APIServer pid=1) INFO 11-22 06:32:05 [a.py:1] Route: /tokenize, Methods: POST",
        "",
    ],
)
def test_left_alone(text: str) -> None:
    assert Redactor(SECRETS)(text) == text


def test_short_known_values_are_no_secrets() -> None:
    assert Redactor(["abc", "", "      "])("abc      abc") == "abc      abc"


def test_the_longer_secret_first() -> None:
    assert Redactor(["secret", "secret-and-more"])("secret-and-more secret") == "*** ***"


def test_every_line_of_a_secret() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----"
    masked = Redactor([key])("MIIEvQIBADANBg then kqhkiG9w0BAQEF")
    assert masked == "*** then ***"


@pytest.mark.parametrize("name", ["serve-cpu-0.32.log", "serve-h200-0.25.1.log"])
def test_a_log_without_secrets_is_unchanged(name: str) -> None:
    text = (DATA / name).read_bytes().decode()
    redact = Redactor(SECRETS)
    assert [redact(line) for line in text.split("\n")] == text.split("\n")


PIECES = [
    "api_key", "=", "'", '"', ":", " ", "--api-key", "Bearer ", "token", "hunter2hunter2", "://", "@", "***", "[", "]",
    ",", "HF_TOKEN=", "hf_" + "a" * 20, "x1y2z3w4", "None",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=25).map("".join))
def test_idempotent_and_never_a_known_secret(text: str) -> None:
    redact = Redactor(SECRETS)
    once = redact(text)
    assert redact(once) == once
    assert not any(secret in once for secret in SECRETS)


LONG = st.text(min_size=6, max_size=20).filter(lambda text: len(text.strip()) >= 6 and "*" not in text)


@given(LONG, st.text(max_size=20))
def test_any_known_secret_goes(secret: str, around: str) -> None:
    assert secret.strip() not in Redactor([secret])(f"{around}{secret}{around}")
