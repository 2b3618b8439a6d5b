"""Our own benchmark client: its arithmetic against vLLM's, its schedule, its prompts, whole runs."""

from __future__ import annotations

import asyncio
import json
import math
import random
import signal
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standin import StandIn
from waiting import wait_for

from launcher.bench.own import arrivals, figures, flags, report
from launcher.bench.own.prompts import Tokens, prompts
from launcher.bench.own.request import Outcome, Prompt, Question, ask
from launcher.bench.own.wire import Broken, Wire
from launcher.errors import VdeckError

ROOT = Path(__file__).parents[2]
VLLM = json.loads((Path(__file__).parent / "bench" / "vllm-0.32-random.json").read_text())


def _outcomes() -> list[Outcome]:
    """The requests of a real run of `vllm bench serve`, as its detailed result tells them."""
    lists = (VLLM[name] for name in ("input_lens", "output_lens", "start_times", "ttfts", "itls", "latencies"))
    return [Outcome(a, b, start, ttft, itls, latency) for a, b, start, ttft, itls, latency in zip(*lists)]


def test_the_figures_are_those_that_vllm_worked_out_of_the_same_requests() -> None:
    found = figures.figures(
        _outcomes(), VLLM["duration"], metrics=flags.METRICS, percentiles=(50, 95, 99), goals=(("ttft", 0.5),)
    )
    assert set(found) <= set(VLLM)
    for name, value in found.items():
        assert value == pytest.approx(VLLM[name], rel=1e-9), name
    assert sum(name.endswith("_ms") for name in found) == 4 * 6


def test_goodput_counts_requests_that_met_every_goal() -> None:
    made = [Outcome(1, 3, 0.0, ttft, [0.1, 0.1], latency) for ttft, latency in ((0.1, 0.3), (0.4, 0.6), (0.1, 2.0))]
    count = lambda *goals: figures.figures(made, 2.0, metrics=(), percentiles=(), goals=goals)["request_goodput"]  # noqa: E731
    assert count(("ttft", 0.2)) == 1.0 and count(("ttft", 0.2), ("e2el", 1.0)) == 0.5
    assert count(("tpot", 0.1)) == 1.0 and count(("tpot", 0.01)) == 0.0 and count() is None


def test_failed_requests_and_none_at_all() -> None:
    made = [Outcome(5, 2, 0.0, 0.1, [0.1], 0.2), Outcome(5, error="HTTP 500")]
    found = figures.figures(made, 1.0, metrics=("ttft", "tpot"), percentiles=(99,))
    assert (found["completed"], found["failed"], found["total_input_tokens"]) == (1, 1, 5)
    empty = figures.figures([made[1]], 1.0, metrics=("ttft",), percentiles=(99,))
    assert empty["completed"] == 0 and empty["p99_ttft_ms"] == 0.0 and empty["max_concurrent_requests"] == 0
    assert figures.output_len(Outcome(itls=[0.1, 0.1])) == 3, "a server that does not count: one for each chunk"


def test_percentiles_lie_between_neighbours() -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    assert [figures.percentile(values, q) for q in (0, 50, 100)] == [1.0, 3.0, 8.0]
    assert figures.percentile(values, 75) == pytest.approx(statistics.quantiles(values, n=4, method="inclusive")[2])


@pytest.mark.parametrize("burstiness", [0.5, 1.0, 4.0, math.inf])
def test_requests_are_due_at_the_rate_in_every_run(burstiness: float) -> None:
    due = arrivals.times(200, 4.0, burstiness, random.Random(1))
    assert due == sorted(due) and due[-1] == pytest.approx(50.0)
    gaps = [b - a for a, b in pairwise(due)]
    spread = statistics.pstdev(gaps) / statistics.fmean(gaps)
    assert spread == pytest.approx(0 if math.isinf(burstiness) else 1 / math.sqrt(burstiness), abs=0.25)
    assert arrivals.times(3, math.inf, burstiness, random.Random(1)) == [0.0, 0.0, 0.0]


def test_the_bar_is_the_one_that_progress_is_read_from() -> None:
    from launcher.bench.progress import Parser

    bar = report.Bar(32, quiet=True)
    bar.done = 17
    parser = Parser(0, 32)
    parser.feed(b"Starting main benchmark run...\n")
    parser.feed(f"\r{bar.text(1.0)}".encode())
    assert (parser.progress.done, parser.progress.total, parser.progress.rate) == (17, 32, 17.0)


# -- against the stand-in server


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn(token_delay=0.001) as running:
        yield running


def _flags(server: StandIn, *more: str) -> flags.Flags:
    found, unknown = flags.parse(["--base-url", server.url, "--model", "tiny", "--num-prompts", "5", *more])
    assert unknown == []
    return found


async def _prompts(server: StandIn, *more: str) -> tuple[list[Prompt], Tokens]:
    tokens = Tokens(Wire(server.url), "tiny")
    return await prompts(_flags(server, *more), tokens), tokens


async def test_random_prompts_share_their_prefix_and_differ_by_seed(server: StandIn) -> None:
    words = ("--random-input-len", "8", "--random-prefix-len", "4", "--random-output-len", "7")
    found, tokens = await _prompts(server, *words, "--seed", "1")
    assert {prompt.input_len for prompt in found} == {12} and {prompt.output_len for prompt in found} == {7}
    contents = [prompt.content for prompt in found]
    assert len({str(content[:4]) for content in contents}) == 1 and len({str(content) for content in contents}) == 5
    again, _ = await _prompts(server, *words, "--seed", "1")
    other, _ = await _prompts(server, *words, "--seed", "2")
    assert again == found != other
    assert not tokens.estimated and all(isinstance(content, list) for content in contents)
    ranged, _ = await _prompts(server, *words, "--random-range-ratio", "0.5", "--num-prompts", "50")
    assert {prompt.output_len for prompt in ranged} <= set(range(3, 12)) and len({p.output_len for p in ranged}) > 3


async def test_a_chat_gets_text(server: StandIn) -> None:
    found, _ = await _prompts(server, "--backend", "openai-chat", "--random-input-len", "8")
    assert all(isinstance(prompt.content, str) for prompt in found)


async def test_conversations_of_a_sharegpt_file(server: StandIn, tmp_path: Path) -> None:
    def talk(question: Any, answer: Any) -> dict[str, Any]:
        return {"conversations": [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]}

    entries = [
        talk("what is the time now", "it is late in the night"), talk("short", "it is late in the night"),
        talk("a b c d e", "x"), talk("w " * 2000, "a b c d"), talk(None, "a b c d"), {"conversations": []}, "damaged",
    ]  # fmt: skip
    path = tmp_path / "s.json"
    path.write_text(json.dumps(entries))
    found, _ = await _prompts(server, "--dataset-name", "sharegpt", "--dataset-path", str(path))
    assert found == [Prompt("what is the time now", 5, 6)] * 5, "too short and too long ones are left out"
    fixed, _ = await _prompts(
        server, "--dataset-name", "sharegpt", "--dataset-path", str(path), "--sharegpt-output-len", "9"
    )
    assert {prompt.output_len for prompt in fixed} == {9} and {prompt.content for prompt in fixed} >= {"a b c d e"}


async def test_prompts_of_a_file_of_ones_own(server: StandIn, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"prompt": "one two", "output_tokens": 3}\n\n{"prompt": "three"}\n{"other": 1}\n')
    words = ("--dataset-name", "custom", "--dataset-path", str(path))
    found, _ = await _prompts(server, *words, "--custom-output-len", "-1")
    assert {(prompt.content, prompt.input_len, prompt.output_len) for prompt in found} == {
        ("one two", 2, 3),
        ("three", 1, 256),
    }
    for text in ("", "{", "[1]"):
        path.write_text(text)
        with pytest.raises(VdeckError):
            await _prompts(server, *words)
    with pytest.raises(VdeckError, match="cannot be read"):
        await _prompts(server, "--dataset-name", "sharegpt", "--dataset-path", str(tmp_path / "none"))


async def test_one_request_is_timed(server: StandIn) -> None:
    wire = Wire(server.url)
    for chat, path in ((False, "/v1/completions"), (True, "/v1/chat/completions")):
        outcome = await ask(wire, Question(path, chat, "tiny", {}), Prompt("!long 20", 2, 20))
        assert outcome.success and outcome.output_tokens == 20 and outcome.input_len == 2
        assert 0 < outcome.ttft < outcome.latency and sum(outcome.itls) + outcome.ttft == pytest.approx(outcome.latency)
        assert outcome.text.startswith(" word0 word1")
    wire.close()


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("nested", "temperature must be non-negative"), ("html", "502"), ("empty", "HTTP 500"), ("string", "API key"),
        ("late", "EngineCore"), ("cut", "middle of the answer"), ("void", "no token came"),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_kept_as_words(server: StandIn, order: str, said: str) -> None:
    wire = Wire(server.url)
    outcome = await ask(wire, Question("/v1/chat/completions", True, "tiny", {}), Prompt(f"!{order} a b c", 2, 9))
    assert said in outcome.error and not outcome.success
    after = await ask(wire, Question("/v1/chat/completions", True, "tiny", {}), Prompt("hello", 1, 9))
    assert after.success, "the next request has a good connection"
    wire.close()


async def test_nobody_there_and_no_url() -> None:
    outcome = await ask(Wire("http://127.0.0.1:1"), Question("/x", False, "m", {}), Prompt("x", 1, 1))
    assert "111" in outcome.error or "refused" in outcome.error.lower() or "Connect" in outcome.error
    for url in ("ftp://x", "nonsense", "http://"):
        with pytest.raises(Broken):
            Wire(url)


async def test_a_cancelled_request_frees_the_server(server: StandIn) -> None:
    wire = Wire(server.url)
    task = asyncio.create_task(
        ask(wire, Question("/v1/completions", False, "tiny", {}), Prompt("!long 1000000", 2, 10**6))
    )
    await asyncio.to_thread(wait_for, lambda: server.running == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(wait_for, lambda: server.running == 0)


# -- as a program


def _argv(server: StandIn, folder: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "launcher.bench.own", "--base-url", server.url, "--model", "tiny",
        "--dataset-name", "random", "--random-input-len", "4", "--random-output-len", "6",
        "--percentile-metrics", "ttft,tpot,itl,e2el", "--metric-percentiles", "50,99",
        "--save-result", "--save-detailed", "--result-dir", str(folder), "--result-filename", "r.json", *more,
    ]  # fmt: skip


def _run(argv: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=60, **more)


def test_a_whole_run(server: StandIn, tmp_path: Path) -> None:
    done = _run(_argv(server, tmp_path, "--num-prompts", "12", "--request-rate", "100", "--max-concurrency", "4",
                      "--goodput", "ttft:60000", "--num-warmups", "2", "--no-such-flag"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Serving Benchmark Result" in done.stdout and "12/12 [" in done.stderr and "left out" in done.stderr
    value = json.loads((tmp_path / "r.json").read_text())
    assert (value["completed"], value["failed"], value["max_concurrency"]) == (12, 0, 4)
    assert value["request_goodput"] == value["request_throughput"] > 0
    assert max(value["max_concurrent_requests"], 1) <= 12 and len(value["itls"]) == 12
    assert value["client_lag_p99_ms"] >= 0 and value["duration"] >= 0.11

    from launcher.bench import reading
    from launcher.bench.plan import Load

    point = reading.point(value, Load(100.0, 4), started=1.0, ended=2.0, seed=0)
    assert point.completed == 12 and point.ttft.p99 is not None and point.e2e.p50 is not None


def test_a_signal_ends_it_and_the_server_is_free(server: StandIn, tmp_path: Path) -> None:
    argv = _argv(
        server, tmp_path, "--num-prompts", "4", "--dataset-name", "custom", "--dataset-path", str(tmp_path / "c")
    )
    (tmp_path / "c").write_text(json.dumps({"prompt": "!long 1000000", "output_tokens": 1000000}) + "\n")
    child = subprocess.Popen([*argv, "--custom-output-len", "-1"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: server.running > 0, what="a request under way")
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 143 and "Traceback" not in said
    wait_for(lambda: server.running == 0, what="a free server")


def test_failures_are_sentences(server: StandIn, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{probe.getsockname()[1]}"
        done = _run([word if word != server.url else dead for word in _argv(server, tmp_path)])
    assert done.returncode == 1 and "error: the first request failed" in done.stderr and "Traceback" not in done.stderr
    wrong = _run(_argv(server, tmp_path, "--request-rate", "-1"))
    assert wrong.returncode == 2 and "--request-rate" in wrong.stderr
    unknown = _run(_argv(server, tmp_path, "--model", "nope"))
    assert unknown.returncode == 1 and "does not exist" in unknown.stderr
