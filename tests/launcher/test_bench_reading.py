"""What clients write and print, of today and of old: read into points, steps and reasons."""

from __future__ import annotations

import json
from typing import Any

import pytest

from launcher.bench import failure, reading, result_json
from launcher.bench.plan import Load
from launcher.bench.progress import Parser
from launcher.bench.result import Latency, Point

TODAY: dict[str, Any] = {
    "date": "20261126-215013", "endpoint_type": "openai", "backend": "openai", "label": None, "model_id": "tiny",
    "tokenizer_id": "/models/tiny", "num_prompts": 32, "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 8,
    "duration": 1.3934611739969114, "completed": 32, "failed": 0, "total_input_tokens": 2048,
    "total_output_tokens": 1024, "request_throughput": 22.964400154913054, "request_goodput": 22.964400154913054,
    "output_throughput": 734.8608049572177, "total_token_throughput": 2204.5824148716533, "input_lens": [64, 64],
    "start_times": [100.0, 100.5, 101.0], "errors": ["", ""], "max_output_tokens_per_s": 741.0,
    "max_concurrent_requests": 24, "rtfx": 0.0, "mean_ttft_ms": 72.38086487541295, "median_ttft_ms": 67.05417250122991,
    "std_ttft_ms": 24.767906721070084, "p50_ttft_ms": 67.05417250122991, "p95_ttft_ms": 105.0369024011161,
    "p99_ttft_ms": 105.74540083231113, "mean_tpot_ms": 8.828301744950942, "median_tpot_ms": 8.662878032238599,
    "p99_tpot_ms": 10.531174225393297, "mean_itl_ms": 8.82830174495094, "median_itl_ms": 7.974874995852588,
    "p99_itl_ms": 32.61967308484607, "mean_e2el_ms": 346.0582189688921, "median_e2el_ms": 351.7603735017474,
    "p99_e2el_ms": 362.10148249097983,
}  # fmt: skip
OLD: dict[str, Any] = {  # vllm 0.6: no count of failures, no e2el, goodput under another key, percentiles with a point
    "date": "20241001-101010", "backend": "vllm", "model_id": "m", "num_prompts": 10, "request_rate": "inf",
    "duration": 4.0, "completed": 9, "total_input_tokens": 900, "total_output_tokens": 450, "request_throughput": 2.25,
    "request_goodput:": None, "output_throughput": 112.5, "total_token_throughput": 337.5,
    "mean_ttft_ms": 20.0, "median_ttft_ms": 18.0, "std_ttft_ms": 1.0, "p99_ttft_ms": 30.0, "p99.0_itl_ms": 9.0,
    "errors": ["", "Traceback (most recent call last):\n  File x\naiohttp.ClientError: \x1b[31mrefused\n"],
}  # fmt: skip


def point(value: dict[str, Any]) -> Point:
    return reading.point(value, Load(3.0), started=10.0, ended=12.0, seed=4, file="0.client.json")


def test_the_result_of_todays_client() -> None:
    found = point(TODAY)
    assert (found.completed, found.failed, found.input_tokens, found.output_tokens) == (32, 0, 2048, 1024)
    assert (found.request_rate, found.output_rate) == (22.964400154913054, 734.8608049572177)
    assert (found.goodput, found.peak_output_rate, found.peak_concurrency) == (22.964400154913054, 741.0, 24.0)
    assert found.ttft.mean == pytest.approx(0.07238086487541295, rel=1e-15)
    assert found.ttft.p50 == pytest.approx(0.06705417250122991, rel=1e-15) and found.ttft.p90 is None
    assert found.itl.p50 == pytest.approx(0.007974874995852588, rel=1e-15), "the median, where p50 was not asked for"
    assert found.e2e.p99 == pytest.approx(0.36210148249097983, rel=1e-15) and found.error is None


def test_the_result_of_an_old_client() -> None:
    found = point(OLD)
    assert (found.completed, found.failed, found.goodput, found.e2e) == (9, 1, None, Latency())
    assert found.error == "1 of 10 requests failed: aiohttp.ClientError: refused"
    assert (found.ttft.p50, found.ttft.p99, found.itl.p99, found.itl.p50) == (0.018, 0.03, 0.009, None)


def test_goodput_under_its_old_key() -> None:
    assert point({**OLD, "request_goodput:": 1.5}).goodput == 1.5


def test_nothing_completed_means_no_latencies() -> None:
    found = point({**TODAY, "completed": 0, "failed": 32, "errors": ["", "Bad Request"]})
    assert found.ttft == Latency() and found.error == "all 32 requests failed: Bad Request"


@pytest.mark.parametrize(
    "value", [{}, {"completed": "x", "errors": 3, "mean_ttft_ms": float("nan")}, {"duration": None}]
)
def test_what_is_missing_or_strange_is_unknown(value: dict[str, Any]) -> None:
    found = point(value)
    assert (found.completed, found.duration_s, found.ttft, found.error) == (None, None, Latency(), None)


def test_when_the_client_sent() -> None:
    assert reading.sending_rate(TODAY) == 3.0
    assert reading.sending_rate({}) is None and reading.sending_rate({"start_times": [1.0]}) is None
    assert reading.lag_s({"client_lag_p99_ms": 80.0}) == 0.08 and reading.lag_s({}) is None


def test_a_point_survives_its_document() -> None:
    found = point(TODAY)._replace(warnings=("a", "b"), error="e")
    assert result_json.point_from_json(json.loads(json.dumps(result_json.point_to_json(found)))) == found


@pytest.mark.parametrize("value", [{}, {"load": 3}, {"load": None, "ttft": 3}])
def test_no_point_is_a_value_error(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        result_json.point_from_json(value)


def test_strange_fields_of_a_point_are_unknown() -> None:
    found = result_json.point_from_json({"load": {}, "ttft": [1], "completed": "9", "warnings": 3, "goodput": True})
    assert (found.load, found.completed, found.ttft, found.warnings, found.goodput) == (
        Load(),
        None,
        Latency(),
        (),
        None,
    )


OUTPUT = (
    b"Namespace(num_prompts=32)\nINFO 0/99 [00:00<?, ?it/s]\nStarting initial single prompt test run...\n"
    b"Starting main benchmark run...\nTraffic request rate: inf\n"
    b"\r  0%|          | 0/32 [00:00<?, ?it/s]\r  3%|\xe2\x96\x8e         | 1/32 [00:00<00:10,  2.92it/s]"
    b"\r 53%|#####     | 17/32 [00:01<00:00, 19.21it/s]"
)


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_progress_however_it_is_cut(size: int) -> None:
    parser = Parser(1, 32)
    assert parser.progress == (1, "client starts", 0, 32, None)
    steps = []
    for begin in range(0, len(OUTPUT), size):
        step = parser.feed(OUTPUT[begin : begin + size]).step
        steps += [step] if step not in steps else []
    assert parser.progress == (1, "measuring", 17, 32, 19.21)
    assert [step for step in ("client starts", "warming up", "measuring") if step in steps] == steps
    assert parser.feed(b"\r100%|##########| 32/32 [00:09<00:00,  2.5s/it]\n").rate == 0.4
    done = parser.feed(b"============ Serving Benchmark Result ============\n")
    assert (done.step, done.done, done.rate) == ("done", 32, None)


def test_other_bars_are_not_the_requests() -> None:
    parser = Parser(0, 32)
    parser.feed(b"Starting main benchmark run...\n")
    assert parser.feed(b"\r 50%|#####     | 5/10 [00:01<00:00, 19.21it/s]\r").done == 0


@pytest.mark.parametrize(
    ("output", "code", "wanted"),
    [
        ("Traceback (most recent call last):\n  File x\nOSError: /m is no folder\n", 1,
         "exit code 1: OSError: /m is no folder"),
        ("usage: vllm bench serve\nvllm bench serve: error: unrecognized arguments: --x\n", 2,
         "exit code 2: vllm bench serve: error: unrecognized arguments: --x"),
        ("ValueError: first\nsome bar 3/4\nall done\n", 1, "exit code 1: ValueError: first"),
        ("a\r\x1b[31mlast word\x1b[0m\r", 3, "exit code 3: last word"),
        ("huggingface_hub.errors.RepositoryNotFoundError: 404\n\n", 1,
         "exit code 1: huggingface_hub.errors.RepositoryNotFoundError: 404"),
        ("", -9, "signal 9"),
    ],
)  # fmt: skip
def test_why_a_client_ended(output: str, code: int, wanted: str) -> None:
    assert failure.decisive(output, code) == f"the client ended with {wanted}"
