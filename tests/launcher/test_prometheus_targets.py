"""The target of a run, as Prometheus' file_sd reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from launcher.prometheus.targets import entry
from launcher.runs.view import Endpoint, RunView

RUN = RunView(
    "000000000042", "qwen", status="running", ready=True, served_names=("qwen3", "alias"),
    endpoints=(Endpoint("vllm", "http", "http://127.0.0.1:8000", 8000),),
)  # fmt: skip


def at(url: str) -> dict[str, Any]:
    found = entry(RUN._replace(endpoints=(Endpoint("vllm", "http", url, 1),)))
    assert found is not None
    return found


def test_a_target_names_the_run() -> None:
    assert entry(RUN) == {
        "targets": ["127.0.0.1:8000"],
        "labels": {
            "job": "vllm", "run": "000000000042", "name": "qwen", "model": "qwen3",
            "__scheme__": "http", "__metrics_path__": "/metrics",
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("url", "target", "scheme", "path"),
    [
        ("http://10.0.0.7:8000/", "10.0.0.7:8000", "http", "/metrics"),
        ("https://llm.example.org", "llm.example.org:443", "https", "/metrics"),
        ("http://llm.example.org", "llm.example.org:80", "http", "/metrics"),
        ("https://llm.example.org/team/a/", "llm.example.org:443", "https", "/team/a/metrics"),
        ("http://[::1]:8000/x", "[::1]:8000", "http", "/x/metrics"),
        ("http://[fe80::1]", "[fe80::1]:80", "http", "/metrics"),
    ],
)
def test_scheme_port_and_path_come_from_the_url(url: str, target: str, scheme: str, path: str) -> None:
    found = at(url)
    assert found["targets"] == [target]
    assert (found["labels"]["__scheme__"], found["labels"]["__metrics_path__"]) == (scheme, path)


def test_a_password_in_a_url_goes_nowhere() -> None:
    assert "hunter2" not in json.dumps(at("http://me:hunter2@10.0.0.7:8000"))


def test_what_serves_no_model_is_no_target() -> None:
    assert entry(RUN._replace(served_names=())) is None
    assert entry(RUN._replace(served_names=(), attached="http://127.0.0.1:8000")) is not None, "it is a vLLM"
    assert entry(RUN._replace(endpoints=())) is None
    assert entry(RUN._replace(endpoints=(Endpoint("db", "tcp", "tcp://127.0.0.1:5432", 5432),))) is None


def test_names_from_outside_carry_no_control_characters() -> None:
    found = entry(RUN._replace(name="a\x1b[31mb\nc", served_names=("m\x07",)))
    assert found is not None
    assert (found["labels"]["name"], found["labels"]["model"]) == ("ab c", "m")
