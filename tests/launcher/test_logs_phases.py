"""How far a start has come: real logs, the words of every version, and what must not move it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.logs.facts import describe
from launcher.logs.phases import FACTS, PHASES, Tracker, timeline

DATA = Path(__file__).parent / "logs"
H = "INFO 11-22 06:32:05 [x.py:1] "
P = f"(EngineCore pid=9) {H}"
V1 = "Initializing a V1 LLM engine (v0.12.0) with config: model='Qwen/Qwen3-0.6B', enforce_eager=False, x=1"


def _lines(name: str) -> list[str]:
    return (DATA / name).read_bytes().decode().split("\n")


def _walk(lines: Iterable[str]) -> tuple[list[str], Tracker]:
    tracker = Tracker()
    changes = [change.phase for line in lines if (change := tracker.feed(line)) is not None]
    return changes, tracker


def test_h200_times() -> None:
    found = [(mark.phase, mark.at_text, mark.seconds) for mark in timeline(_lines("serve-h200-0.25.1.log"))]
    assert found == [
        ("imports", "11-22 06:33:41", 0.0),
        ("config", "11-22 06:33:41", 28.0),
        ("engine", "11-22 06:34:09", 22.0),
        ("load", "11-22 06:34:31", 1.0),
        ("compile", "11-22 06:34:32", 24.0),
        ("kv-cache", "11-22 06:34:56", 3.0),
        ("graphs", "11-22 06:34:59", 21.0),
        ("api", "11-22 06:35:20", 1.0),
        ("ready", "11-22 06:35:21", None),
    ]


def test_h200_facts() -> None:
    _, tracker = _walk(_lines("serve-h200-0.25.1.log"))
    assert tracker.facts == {
        "engine_version": "0.25.1", "architecture": "LlamaForCausalLM", "max_model_len": "8192",
        "attention_backend": "FLASH_ATTN", "weights_gib": "14.97", "kv_gib": "53.61", "kv_tokens": "439136",
        "max_concurrency": "53.61", "graphs_gib": "0.98", "api_url": "http://0.0.0.0:8000",
    }  # fmt: skip


def test_cpu_log() -> None:
    marks = timeline(_lines("serve-cpu-0.32.log"))
    assert [mark.phase for mark in marks] == ["imports", "config", "engine", "load", "kv-cache", "api", "ready"]
    assert sum(mark.seconds or 0 for mark in marks) == 37.0
    _, tracker = _walk(_lines("serve-cpu-0.32.log"))
    assert tracker.facts == {
        "engine_version": "0.32.0", "architecture": "LlamaForCausalLM", "max_model_len": "4096", "kv_gib": "0.25",
        "kv_tokens": "262144", "max_concurrency": "64.00", "api_url": "http://127.0.0.1:8011",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["serve-cpu-0.32.log", "serve-h200-0.25.1.log"])
def test_carriage_returns_as_lines_give_the_same(name: str) -> None:
    """The supervisor splits at carriage returns; a reader of the file does not."""
    whole, one = _walk(_lines(name))
    pieces, two = _walk(piece for line in _lines(name) for piece in line.split("\r"))
    assert (whole, one.facts) == (pieces, two.facts)


V054 = [
    "INFO 08-08 14:47:21 api_server.py:339] vLLM API server version 0.5.4",
    "INFO 08-08 14:47:21 api_server.py:340] args: Namespace(host='0.0.0.0', api_key=None, model='Qwen/Qwen2-7B')",
    "INFO 08-08 14:47:25 llm_engine.py:174] Initializing an LLM engine (v0.5.4) with config: model='Qwen/Qwen2', x=1",
    "INFO 08-08 14:47:27 model_runner.py:720] Starting to load model Qwen/Qwen2-7B...",
    "INFO 08-08 14:47:28 weight_utils.py:225] Using model weights format ['*.safetensors']",
    "model-00001-of-00004.safetensors:  12%|█▏        | 608M/4.98G [00:10<01:10, 61.9MB/s]",
    "Loading safetensors checkpoint shards:  25% Completed | 1/4 [00:01<00:03,  1.12s/it]",
    "INFO 08-08 14:47:40 model_runner.py:732] Loading model weights took 14.2487 GB",
    "INFO 08-08 14:47:42 gpu_executor.py:102] # GPU blocks: 27896, # CPU blocks: 4681",
    "INFO 08-08 14:47:43 model_runner.py:1024] Capturing the model for CUDA graphs. This may lead to unexpected",
    "INFO 08-08 14:48:01 model_runner.py:1225] Graph capturing finished in 17 secs.",
    "INFO 08-08 14:48:02 api_server.py:219] Available routes are:",
    "INFO:     Started server process [1]",
    "INFO:     Waiting for application startup.",
    "INFO:     Application startup complete.",
    "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
]
V072 = [
    "INFO 02-07 19:23:40 api_server.py:840] vLLM API server version 0.7.2",
    "INFO 02-07 19:23:56 gpu_model_runner.py:867] Starting to load model ibm-granite/granite-3.0-3b...",
    "INFO 02-07 19:23:56 cuda.py:158] Using Flash Attention backend on V1 engine.",
    "INFO 02-07 19:23:57 weight_utils.py:252] Using model weights format ['*.safetensors']",
    "model-00002-of-00002.safetensors: 100%|██████████| 1.75G/1.75G [00:56<00:00, 30.8MB/s]",
    "INFO 02-07 19:27:10 weight_utils.py:273] Time spent downloading weights for ibm-granite/granite: 193.1 seconds",
    "Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:00<00:00,  2.37it/s]",
    "INFO 02-07 19:27:20 gpu_model_runner.py:872] Loading model weights took 6.2974 GB",
    "INFO 02-07 19:27:31 backends.py:382] Using cache directory: /root/.cache/x for vLLM's torch.compile",
    "INFO 02-07 19:27:51 monitor.py:33] torch.compile takes 28.65 s in total",
    "INFO 02-07 19:27:52 kv_cache_utils.py:405] GPU KV cache size: 434,880 tokens",
    "INFO 02-07 19:27:52 kv_cache_utils.py:408] Maximum concurrency for 4,096 tokens per request: 106.17x",
    "INFO 02-07 19:28:10 gpu_model_runner.py:1028] Graph capturing finished in 18 secs, took 1.26 GiB",
    "INFO 02-07 19:28:11 api_server.py:756] Using supplied chat template:",
    "INFO 02-07 19:28:11 launcher.py:21] Available routes are:",
    "INFO:     Application startup complete.",
]
V010 = [
    "INFO 09-03 16:28:08 [__init__.py:241] Automatically detected platform cuda.",
    "(APIServer pid=1) INFO 09-03 16:28:10 [api_server.py:1882] vLLM API server version 0.10.2.dev378+g4d7fe40fc",
    "(APIServer pid=1) INFO 09-03 16:28:10 [utils.py:328] non-default args: {'model': '/data/Qwen2.5'}",
    "(APIServer pid=1) INFO 09-03 16:28:17 [__init__.py:744] Resolved architecture: Qwen2ForCausalLM",
    "(APIServer pid=1) INFO 09-03 16:28:17 [__init__.py:1773] Using max model len 32768",
    "(EngineCore_0 pid=2) INFO 09-03 16:28:23 [core.py:75] Initializing a V1 LLM engine (v0.10.2.dev378+g4d7fe40fc) "
    "with config: model='/data/Qwen2.5', enforce_eager=False, device_config=cuda",
    "(EngineCore_0 pid=2) INFO 09-03 16:28:29 [gpu_model_runner.py:2338] Starting to load model /data/Qwen2.5...",
    "(EngineCore_0 pid=2) INFO 09-03 16:28:30 [gpu_model_runner.py:2370] Loading model from scratch...",
    "(EngineCore_0 pid=2) INFO 09-03 16:28:30 [cuda.py:356] Using Flash Attention backend on V1 engine.",
    "(EngineCore_0 pid=2) INFO 09-03 16:28:36 [gpu_model_runner.py:2392] Model loading took 2.0513 GiB and 5.2 seconds",
    "(EngineCore_0 pid=2) INFO 09-03 16:28:48 [backends.py:559] Dynamo bytecode transform time: 8.28 s",
    "(EngineCore_0 pid=2) INFO 09-03 16:29:01 [monitor.py:34] torch.compile takes 19.69 s in total",
    "(EngineCore_0 pid=2) INFO 09-03 16:29:02 [gpu_worker.py:277] Available KV cache memory: 112.61 GiB",
    "(EngineCore_0 pid=2) INFO 09-03 16:29:02 [kv_cache_utils.py:849] GPU KV cache size: 922,496 tokens",
    "Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  50%|█████     | 33/67 [00:01<00:01, 33.44it/s]",
    "(EngineCore_0 pid=2) INFO 09-03 16:29:06 [core.py:215] init engine (profile, create kv cache, warmup) took 1.",
    "(APIServer pid=1) INFO 09-03 16:29:07 [api_server.py:1639] Supported_tasks: ['generate']",
    "(APIServer pid=1) INFO 09-03 16:29:07 [api_server.py:1680] Starting vLLM API server 0 on http://0.0.0.0:8000",
    "(APIServer pid=1) INFO:     Application startup complete.",
]
EAGER = [
    f"{H}vLLM API server version 0.11.0",
    f"{P}Initializing a V1 LLM engine (v0.11.0) with config: model='/m', enforce_eager=True, device_config=cuda",
    f"{P}Starting to load model /m...",
    f"{P}Model loading took 4.1801 GiB memory and 2.524322 seconds",
    f"{P}Available KV cache memory: 33.31 GiB",
    "INFO:     Application startup complete.",
]


@pytest.mark.parametrize(
    ("lines", "phases"),
    [
        (V054, "config engine download load kv-cache graphs api ready"),
        (V072, "config download load kv-cache graphs api ready"),
        (V010, "config engine load compile kv-cache graphs api ready"),
        (EAGER, "config engine load kv-cache ready"),
    ],
    ids=["0.5.4", "0.7.2 V1", "0.10", "eager"],
)
def test_versions(lines: list[str], phases: str) -> None:
    assert _walk(lines)[0] == phases.split()
    # processes of one start mix: whatever comes late or twice, it never goes back
    assert _walk([*lines[:-1], *lines[:-1], lines[-1]])[0] == phases.split()


@pytest.mark.parametrize(
    ("lines", "facts"),
    [
        (V054, {"engine_version": "0.5.4", "weights_gib": "14.2487", "api_url": "http://0.0.0.0:8000"}),
        (V072, {"engine_version": "0.7.2", "attention_backend": "Flash Attention", "weights_gib": "6.2974",
                "kv_tokens": "434880", "max_concurrency": "106.17", "graphs_gib": "1.26"}),
        (V010, {"engine_version": "0.10.2.dev378+g4d7fe40fc", "architecture": "Qwen2ForCausalLM",
                "max_model_len": "32768", "attention_backend": "Flash Attention", "weights_gib": "2.0513",
                "kv_gib": "112.61", "kv_tokens": "922496", "api_url": "http://0.0.0.0:8000"}),
    ],
    ids=["0.5.4", "0.7.2 V1", "0.10"],
)  # fmt: skip
def test_facts_of_versions(lines: list[str], facts: dict[str, str]) -> None:
    assert _walk(lines)[1].facts == facts
    assert set(facts) <= set(FACTS)


@pytest.mark.parametrize(
    ("message", "backend"),
    [
        ("Using FLASH_ATTN attention backend out of potential backends: ['FLASH_ATTN'].", "FLASH_ATTN"),
        ("Using AttentionBackendEnum.TRITON_ATTN attention backend.", "TRITON_ATTN"),
        ("Using Flash Attention backend on V1 engine.", "Flash Attention"),
        ("Using FlashAttention-2 backend.", "FlashAttention-2"),
        ("Using XFormers backend.", "XFormers"),
        ("Using Torch SDPA backend.", "Torch SDPA"),
        ("Using FlexAttention backend on V1 engine.", "FlexAttention"),
        ("Using Triton MLA backend.", "Triton MLA"),
        ("Using FlashInfer backend on V1 engine.", "FlashInfer"),
        ("Using 'MARLIN' MoE backend out of potential backends: ['MARLIN'].", None),
        ("Using FlashInfer for top-p & top-k sampling.", None),
        ("Using model weights format ['*.safetensors']", None),
    ],
)
def test_attention_backend(message: str, backend: str | None) -> None:
    assert _walk([H + message])[1].facts.get("attention_backend") == backend


def test_a_hub_name_may_be_downloading_a_folder_never() -> None:
    hub = [H + V1, f"{P}Starting to load model Qwen/Qwen3-0.6B..."]
    assert _walk(hub)[0] == ["engine", "download"]
    assert _walk([*hub, f"{P}Filesystem type for checkpoints: EXT4. Checkpoint"])[0] == ["engine", "download", "load"]
    local = V1.replace("Qwen/Qwen3-0.6B", "/models/q")
    assert _walk([H + local, f"{P}Loading model from scratch..."])[0] == ["engine", "load"]
    dummy = V1 + ", load_format=dummy"
    assert _walk([H + dummy, f"{P}Loading model from scratch..."])[0] == ["engine", "load"]
    assert _walk([f"{P}Starting to load model s3://bucket/m..."])[0] == ["load"]


def test_progress_follows_the_bars() -> None:
    tracker = Tracker()
    seen = []
    for line in (
        "Loading safetensors checkpoint shards:   0% Completed | 0/4 [00:00<?, ?it/s]",
        "Loading safetensors checkpoint shards:  43% Completed | 2/4 [00:00<00:00, 1.0it/s]",
        f"{P}Loading weights took 5.38 seconds",
        "(EngineCore pid=9) \rCapturing CUDA graph shapes:   0%|  | 0/9\rCapturing CUDA graph shapes:  91%|█ | 8/9",
        f"{P}Graph capturing finished in 5 secs, took 0.98 GiB",
    ):
        tracker.feed(line)
        seen.append((tracker.phase, tracker.progress))
    assert seen == [("load", "0 %"), ("load", "43 %"), ("load", None), ("graphs", "91 %"), ("graphs", None)]


@pytest.mark.parametrize(
    "line",
    [
        f"{H}non-default-ish args: Application startup complete.",
        f"{H}Received request chatcmpl-1: prompt: 'Application startup complete.', params: x",
        f"{H}Received request chatcmpl-1: prompt: 'INFO:     Application startup complete.'",
        f"{H}Application startup complete.",
        "Application startup complete.",
        "prompt: Loading safetensors checkpoint shards:  50% Completed | 1/2",
        "Resolved architecture: LlamaForCausalLM",
        "GPU KV cache size: 5 tokens",
        'INFO:     127.0.0.1:1 - "GET /Application startup complete. HTTP/1.1" 200 OK',
        "INFO:     Resolved architecture: X",
        '{"message": "Resolved architecture: X"}',
        "",
    ],
)
def test_what_does_not_move_it(line: str) -> None:
    changes, tracker = _walk([line])
    assert (changes, tracker.phase, tracker.facts) == ([], "imports", {})


def test_the_args_dump_moves_it_to_config_only() -> None:
    hostile = "{'chat_template': 'Application startup complete. KV cache size: 5 tokens', 'x': 'Model loading took 1'}"
    changes, tracker = _walk([f"{H}non-default args: {hostile}"])
    assert (changes, tracker.facts) == (["config"], {})


def test_json_and_rust_lines() -> None:
    assert _walk(['{"levelname": "INFO", "message": "Resolved architecture: OPTForCausalLM"}'])[0] == ["engine"]
    rust = "2026-11-22T06:32:05.123Z  INFO vllm::server: OpenAI server is ready to accept requests"
    assert _walk([rust])[0] == ["ready"]


def test_quiet_after_ready() -> None:
    tracker = Tracker()
    tracker.feed(f"{H}Starting vLLM server on http://127.0.0.1:1")
    change = tracker.feed("INFO:     Application startup complete.")
    assert change is not None
    assert change.phase == "ready"
    assert change.at_text == "11-22 06:32:05"
    for line in (f"{H}Resolved architecture: X", "INFO:     Application startup complete.", "x"):
        assert tracker.feed(line) is None
    assert "architecture" not in tracker.facts


@given(st.lists(st.one_of(st.text(max_size=80), st.sampled_from(V054 + V072 + V010 + EAGER)), max_size=40))
def test_never_back_never_an_error(lines: list[str]) -> None:
    ranks = [PHASES.index(phase) for phase in _walk(lines)[0]]
    assert ranks == sorted(set(ranks))


def test_it_imports_little() -> None:
    """It runs in every supervisor: no json, no typing machinery of dataclasses, nothing of the screen."""
    code = "import sys; import launcher.logs.phases; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"json", "dataclasses", "asyncio", "httpx", "textual", "rich", "yaml"} & set(out)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("kv_tokens", "439136", ("KV cache", "439,136 tokens")),
        ("weights_gib", "14.97", ("Weights", "14.97 GiB")),
        ("max_concurrency", "53.61", ("Max concurrency", "53.61 full-length requests")),
        ("api_url", "http://h:1", ("Listens on", "http://h:1")),
        ("something_new", "x", ("something new", "x")),
        ("kv_tokens", "many", ("KV cache", "many")),
    ],
)
def test_facts_in_words(name: str, value: str, wanted: tuple[str, str]) -> None:
    assert describe(name, value) == wanted
