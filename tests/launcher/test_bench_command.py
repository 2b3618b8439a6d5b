"""The command line of a client, and which client it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bench_kit
import pytest

from launcher.bench import clients, prepare
from launcher.bench.client_env import build
from launcher.bench.command import Client, Server, argv, client_from_json, judged, server_from_json, to_json
from launcher.bench.plan import Load, Plan
from launcher.errors import UsageError
from launcher.runs.record import Probe, RunRecord, StepRecord
from launcher.runs.view import Endpoint, RunView

SERVER = Server("http://127.0.0.1:8000", "tiny", "/models/tiny")
ALL, RANDOM = Load(), Plan()
CHAT = "--backend openai-chat --base-url http://127.0.0.1:8000 --endpoint /v1/chat/completions"
SHAREGPT = Plan(dataset="sharegpt", path="/d.json", output_len=None)
VLLM = Client("vllm", ("/e/bin/vllm", "bench", "serve"), "vllm 0.32.0")


def words(plan: Plan, load: Load = ALL, server: Server = SERVER, client: Client = VLLM, **more: Any) -> str:
    more = {"goals": (), "seed": 5, "result_dir": "/r", "result_name": "0.json"} | more
    return " ".join(argv(plan, load, server=server, client=client, **more))


def test_the_whole_command_line() -> None:
    assert words(Plan()) == (
        "/e/bin/vllm bench serve --base-url http://127.0.0.1:8000 --endpoint /v1/completions --model tiny "
        "--tokenizer /models/tiny --dataset-name random --random-input-len 256 --random-output-len 128 --ignore-eos "
        "--num-prompts 100 --request-rate inf --percentile-metrics ttft,tpot,itl,e2el "
        "--metric-percentiles 50,90,95,99 --seed 5 --save-result --save-detailed --result-dir /r "
        "--result-filename 0.json"
    )


@pytest.mark.parametrize(
    ("plan", "load", "wanted"),
    [
        (Plan(), Load(3.0), "--request-rate 3 "),
        (Plan(), Load(0.5, 8), "--request-rate 0.5 --max-concurrency 8"),
        (Plan(burstiness=0.5), Load(3.0), "--burstiness 0.5"),
        (Plan(prefix_len=64, range_ratio=0.25), Load(), "--random-range-ratio 0.25 --random-prefix-len 64"),
        (SHAREGPT, Load(), "--dataset-name sharegpt --dataset-path /d.json"),
        (Plan(dataset="sharegpt", path="/d.json", output_len=9), Load(), "--sharegpt-output-len 9"),
        (Plan(dataset="custom", path="/d.jsonl", output_len=None), Load(), "--custom-output-len -1"),
        (Plan(warmups=3), Load(), "--num-warmups 3"),
        (Plan(temperature=0.0), Load(), "--temperature 0"),
        (Plan(route="chat"), Load(), CHAT),
        (Plan(options={"top-p": "0.9", "disable-shuffle": ""}), Load(), "--top-p 0.9 --disable-shuffle"),
    ],
)  # fmt: skip
def test_what_the_plan_says_is_in_the_flags(plan: Plan, load: Load, wanted: str) -> None:
    assert wanted in words(plan, load)


def test_flags_that_are_not_needed_are_left_out() -> None:
    plain = words(Plan(dataset="sharegpt", path="/d.json", output_len=None))
    for flag in ("--burstiness", "--max-concurrency", "--num-warmups", "--goodput", "--insecure", "--ignore-eos",
                 "--sharegpt-output-len", "--backend"):  # fmt: skip
        assert flag not in plain


def test_a_server_behind_a_proxy_with_a_certificate_of_its_own() -> None:
    shown = words(Plan(), server=Server("https://box/team", "m", None, verify=False))
    assert "--base-url https://box/team --endpoint /v1/completions" in shown
    assert "--insecure" in shown and "--tokenizer" not in shown


def test_goals_become_goodput_and_that_for_itl_is_applied_to_tpot() -> None:
    goals = judged((("e2e", 5.0), ("ttft", 0.5), ("itl", 0.05), ("tpot", 0.04)))
    assert goals == (("ttft", 0.5), ("tpot", 0.04), ("e2e", 5.0))
    assert "--goodput ttft:500 tpot:40 e2el:5000" in words(Plan(), goals=goals)


def test_an_older_vllm_calls_the_route_otherwise() -> None:
    old = VLLM._replace(chat_flag="--endpoint-type")
    assert "--endpoint-type openai-chat" in words(Plan(route="chat"), client=old)


def test_server_and_client_survive_their_documents() -> None:
    server = Server("http://h", "m", None, False, ("--tokenizer-mode", "slow"))
    assert server_from_json(to_json(server)) == server
    assert client_from_json(VLLM._asdict()) == VLLM
    for broken in ({}, {"url": 1}, {"argv": 3}):
        with pytest.raises(ValueError):
            server_from_json(broken)
        with pytest.raises(ValueError):
            client_from_json(broken)


def run(**changes: Any) -> RunView:
    values: dict[str, Any] = {
        "status": "running", "ready": True, "served_names": ("tiny", "lora"), "engine": "0.32.0-cpu",
        "endpoints": (Endpoint("vllm", "http", "http://127.0.0.1:8100", 8100),), "folder": "/nowhere/1",
    }  # fmt: skip
    return RunView("369367189168", "t", **(values | changes))


def record(**changes: Any) -> RunRecord:
    values: dict[str, Any] = {"model": "Qwen/Qwen3-0.6B", "probe": Probe("vllm"), "base": "/base"}
    return RunRecord("369367189168", "t", 1.0, **(values | changes))


def test_the_client_of_the_engine_is_taken_where_there_is_one(tmp_path: Path) -> None:
    place = bench_kit.engine(tmp_path)
    found = clients.choose(run(), record(engine_bin=place), Plan())
    assert found == Client("vllm", (f"{place}/vllm", "bench", "serve"), "vllm 0.32.0+cpu")
    ours = clients.choose(run(), record(engine_bin=place), Plan(client="vdeck"))
    assert ours.kind == "vdeck" and ours.argv[0] == sys.executable


def test_our_own_is_taken_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    without = record(engine_bin=bench_kit.engine(tmp_path / "a", bench=False))
    assert clients.choose(run(), without, Plan()).kind == "vdeck"
    assert clients.choose(run(), record(), Plan()).kind == "vdeck"
    assert clients.choose(run(), record(attached="http://h"), Plan()).kind == "vdeck"
    for made in (without, record()):
        with pytest.raises(UsageError):
            clients.choose(run(), made, Plan(client="vllm"))


def test_a_custom_file_needs_pandas_beside_vllm(tmp_path: Path) -> None:
    place = bench_kit.engine(tmp_path)
    plan = Plan(dataset="custom", path="/d.jsonl", output_len=None)
    assert clients.choose(run(), record(engine_bin=place), plan).kind == "vdeck"
    with pytest.raises(UsageError, match="pandas"):
        clients.choose(run(), record(engine_bin=place), Plan(**{**vars_of(plan), "client": "vllm"}))
    site = next((tmp_path / "lib").iterdir()) / "site-packages"
    (site / "pandas").mkdir()
    (site / "pandas" / "__init__.py").touch()
    assert clients.choose(run(), record(engine_bin=place), plan).kind == "vllm"


def vars_of(plan: Plan) -> dict[str, Any]:
    return {"dataset": plan.dataset, "path": plan.path, "output_len": plan.output_len}


def server_of(made: RunRecord, plan: Plan = RANDOM, seen: RunView | None = None) -> Server:
    return prepare._server(seen or run(), made, plan, VLLM)


def test_the_tokenizer_is_that_of_the_server(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert server_of(record()).tokenizer == "Qwen/Qwen3-0.6B"
    assert server_of(record(model="./model", base=str(tmp_path))).tokenizer == str(tmp_path / "model")
    assert server_of(record(), Plan(tokenizer="other")).tokenizer == "other"
    step = StepRecord(
        ("vllm", "serve", "m", "--tokenizer", "t", "--tokenizer-mode=slow", "--trust-remote-code"), "/", "", "vllm"
    )
    found = server_of(record(steps=(step,)))
    assert (found.tokenizer, found.extra) == ("t", ("--tokenizer-mode", "slow", "--trust-remote-code"))
    with pytest.raises(UsageError, match="tokenizer"):
        server_of(record(model=None))


def test_only_what_is_served_can_be_measured() -> None:
    assert server_of(record()).model == "tiny"
    assert server_of(record(), Plan(model="lora")).model == "lora"
    with pytest.raises(UsageError, match="does not serve gpt"):
        server_of(record(), Plan(model="gpt"))
    for seen in (run(ready=False), run(status="failed"), run(endpoints=())):
        with pytest.raises(UsageError):
            prepare.ready(seen)


def test_the_client_has_the_key_in_its_environment_and_not_the_mark_of_the_run() -> None:
    made = record(env={"HF_HUB_OFFLINE": "1"}, engine_bin="/e/bin")
    inherited = {"OPENAI_API_KEY": "somebody's", "VDECK_RUN_DIR": "/x", "no_proxy": "a", "PATH": "/bin", "PORT": "1"}
    env = build(made, folder="/run", own_env=None, secrets={"VLLM_API_KEY": "k", "HF_TOKEN": "t"}, inherited=inherited,
                root="/root-of-vdeck", host="127.0.0.1")  # fmt: skip
    assert env["OPENAI_API_KEY"] == "k" and env["HF_HUB_OFFLINE"] == "1" and env["HF_TOKEN"] == "t"
    assert not {"VDECK_RUN_DIR", "RUN_ID", "RUN_DIR", "PORT"} & set(env)
    assert env["PYTHONPATH"] == "/root-of-vdeck"
    assert env["no_proxy"] == "a,127.0.0.1" and env["PATH"].startswith("/e/bin:")
    without = build(made, folder="/run", own_env=None, secrets={}, inherited=inherited, root=None, host="far.example")
    assert not {"OPENAI_API_KEY", "PYTHONPATH"} & set(without) and without["no_proxy"] == "a"
