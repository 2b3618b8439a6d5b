"""No secret in what is shown, stored or exported."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.logs.redact import Redactor, secrets_in

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


@pytest.mark.parametrize(
    "text",
    [
        "key: \x1b[31mhunter2\x1b[0mhunter2",
        "key: hunter2\u200bhunter2",
        "key: hunter2\x1b]0;title\x07hunter2",
        f"key: \x1b[1m{HF[:8]}\x1b[0m{HF[8:]}",
        "\x1b[32mapi_key\x1b[0m='\x1b[1mshort\x1b[0m'",
    ],
)
def test_colours_and_invisible_marks_inside_hide_nothing(text: str) -> None:
    masked = Redactor(SECRETS)(text)
    assert "***" in masked
    assert not any(part in masked for part in ("hunter2", HF[8:], "short"))


def test_a_line_with_colours_and_no_secret_keeps_them() -> None:
    line = "\x1b[32mINFO\x1b[0m all is well"
    assert Redactor(SECRETS)(line) == line


@pytest.mark.parametrize("length", range(4, 14))
def test_a_secret_that_a_cut_went_through(length: int) -> None:
    redact = Redactor(SECRETS)
    head, rest = "hunter2hunter2"[:length], "hunter2hunter2"[-length:]
    assert redact(f"key is {head} … (+9,999 characters)") == "key is *** … (+9,999 characters)"
    assert redact(f"key is {head}…") == "key is ***…"
    assert redact(f"key is {head}") == "key is ***"
    assert redact(f"… {rest} was the key") == "… *** was the key"
    assert redact(f"key is {HF[: length + 3]} … (+12 bytes)") == "key is *** … (+12 bytes)"


def test_a_secret_of_several_lines_is_masked_in_each() -> None:
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    redact = Redactor([pem])
    assert [redact(line) for line in pem.splitlines()] == ["***"] * 4
    assert "MIIE" not in redact(repr(pem)) and "kqhk" not in redact(repr({"pem": pem}))


@pytest.mark.parametrize("secret", ["pässword-1", 'quo"te\\d-1', "it's-a-key", "sp ace/slash@1", "世界世界世界"])
def test_a_secret_as_json_python_and_urls_write_it(secret: str) -> None:
    import json
    import urllib.parse

    redact = Redactor([secret])
    for text in (
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        repr(secret),
        urllib.parse.quote(secret, ""),
    ):
        assert secret[:4] not in redact(f"x {text} y") and "***" in redact(f"x {text} y"), text


def test_secrets_in_a_command_are_known_afterwards() -> None:
    script = (
        "export MY_API_KEY=topsecret-1\nvllm serve m --api-key 'other-secret' --hf-token=third-secret\n"
        'pip install -i https://me:fourth-secret@host/x; echo $HF_TOKEN; A_TOKEN="$B" vllm serve --api-key "$KEY" m'
    )
    found = secrets_in(script)
    assert {"topsecret-1", "other-secret", "third-secret", "fourth-secret"} <= found
    assert not any("$" in value for value in found)
