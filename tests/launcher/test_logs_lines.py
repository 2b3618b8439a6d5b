"""Every form of line that a run's log may hold, taken apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.logs.lines import LogLine, is_access, last_state, parse

DATA = Path(__file__).parent / "logs"
AT = "11-22 06:32:05"

FORMS = {
    "vllm with prefix": (
        f"(APIServer pid=15601) INFO {AT} [model.py:733] Resolved architecture: LlamaForCausalLM",
        LogLine("APIServer", 15601, "INFO", AT, "model.py:733", "Resolved architecture: LlamaForCausalLM"),
    ),
    "data parallel": (
        f"(EngineCore_DP0 pid=441) WARNING {AT} [core.py:1] x",
        LogLine("EngineCore_DP0", 441, "WARNING", AT, "core.py:1", "x"),
    ),
    "tensor and expert parallel": (
        f"(Worker_TP2_EP2 pid=9) ERROR {AT} [worker.py:20] x",
        LogLine("Worker_TP2_EP2", 9, "ERROR", AT, "worker.py:20", "x"),
    ),
    "old worker with rank": (
        f"(VllmWorker rank=1 pid=2) INFO {AT} [a.py:1] x",
        LogLine("VllmWorker", 2, "INFO", AT, "a.py:1", "x"),
    ),
    "worker with groups": (
        f"(VllmWorker TP1 EP1 pid=2) INFO {AT} [a.py:1] x",
        LogLine("VllmWorker", 2, "INFO", AT, "a.py:1", "x"),
    ),
    "ray with address": (
        f"(RayWorkerWrapper pid=31, ip=10.0.0.7) INFO {AT} [a.py:1] x",
        LogLine("RayWorkerWrapper", 31, "INFO", AT, "a.py:1", "x"),
    ),
    "several prefixes: the last counts": (
        f"(ServeReplica:app:LLM:m-4 pid=1) (EngineCore pid=2) (Worker pid=3) INFO {AT} [a.py:1] x",
        LogLine("Worker", 3, "INFO", AT, "a.py:1", "x"),
    ),
    "a logging prefix before it": (
        f"[my job](EngineCore pid=2) INFO {AT} [a.py:1] x",
        LogLine("EngineCore", 2, "INFO", AT, "a.py:1", "x"),
    ),
    "0.10 and older: no prefix": (f"INFO {AT} [a.py:1] x", LogLine(None, None, "INFO", AT, "a.py:1", "x")),
    "0.7 and older: no bracket": (
        f"INFO {AT} api_server.py:339] vLLM API server version 0.5.4",
        LogLine(None, None, "INFO", AT, "api_server.py:339", "vLLM API server version 0.5.4"),
    ),
    "a path as source": (
        f"DEBUG {AT} [v1/engine/core.py:12] x",
        LogLine(None, None, "DEBUG", AT, "v1/engine/core.py:12", "x"),
    ),
    "an empty message": (
        f"(APIServer pid=1) INFO {AT} [api_utils.py:347] ",
        LogLine("APIServer", 1, "INFO", AT, "api_utils.py:347", ""),
    ),
    "leading spaces belong to the message": (
        f"(APIServer pid=1) INFO {AT} [api_utils.py:347]   █▄█",
        LogLine("APIServer", 1, "INFO", AT, "api_utils.py:347", "  █▄█"),
    ),
    "colours": (
        f"\x1b[0;36m(EngineCore pid=2)\x1b[0;0m INFO {AT} [a.py:1] x",
        LogLine("EngineCore", 2, "INFO", AT, "a.py:1", "x"),
    ),
    "uvicorn": (
        "INFO:     Application startup complete.",
        LogLine(None, None, "INFO", None, None, "Application startup complete."),
    ),
    "uvicorn with prefix": (
        "(APIServer pid=608) INFO:     Shutting down",
        LogLine("APIServer", 608, "INFO", None, None, "Shutting down"),
    ),
    "uvicorn, an error": ("ERROR:    [Errno 98]", LogLine(None, None, "ERROR", None, None, "[Errno 98]")),
    "torch, Python side": (
        "W1122 06:32:05.417000 15601 torch/_library/triton.py:53] Triton not available",
        LogLine(None, 15601, "WARNING", AT, "torch/_library/triton.py:53", "Triton not available"),
    ),
    "torch, C++ side": (
        "[W1122 06:32:05.656365733 utils.cpp:68] Warning: NUMA",
        LogLine(None, None, "WARNING", AT, "utils.cpp:68", "Warning: NUMA"),
    ),
    "torch of a rank": (
        "[rank0]:[E1122 06:32:05.6563 ProcessGroupNCCL.cpp:616] Watchdog",
        LogLine(None, None, "ERROR", AT, "ProcessGroupNCCL.cpp:616", "Watchdog"),
    ),
    "torch behind a prefix": (
        "(Worker pid=7) [W1122 06:32:05.6 socket.cpp:207] x",
        LogLine("Worker", 7, "WARNING", AT, "socket.cpp:207", "x"),
    ),
    "Python warning": (
        "/opt/v/dispatcher.py:138: FutureWarning: `torch.x` is deprecated",
        LogLine(None, None, "WARNING", None, "/opt/v/dispatcher.py:138", "FutureWarning: `torch.x` is deprecated"),
    ),
    "Rust tracing": (
        "2026-11-22T06:32:05.123Z  INFO vllm::server: OpenAI server is ready",
        LogLine(None, None, "INFO", AT, "vllm::server", "OpenAI server is ready"),
    ),
    "logging with dashes": (
        "2026-11-22 06:32:05,120 - WARNING - low memory",
        LogLine(None, None, "WARNING", AT, None, "low memory"),
    ),
    "logging in brackets": (
        "2026-11-22 06:32:05 [ERROR] bad",
        LogLine(None, None, "ERROR", AT, None, "bad"),
    ),
    "NCCL": (
        "node1:77:99 [0] NCCL INFO cudaDriverVersion 13000",
        LogLine(None, 77, "INFO", None, None, "NCCL INFO cudaDriverVersion 13000"),
    ),
    "JSON": (
        '{"asctime": "2026-11-22 06:32:05,1", "levelname": "warning", "process": 7, "message": "hi"}',
        LogLine(None, 7, "WARNING", AT, None, "hi"),
    ),
    "a bar": (
        "Loading safetensors checkpoint shards:  50% Completed | 1/2",
        LogLine(None, None, None, None, None, "Loading safetensors checkpoint shards:  50% Completed | 1/2"),
    ),
    "a bar of many states behind a prefix": (
        "(EngineCore pid=9) \rCapturing:   0%|\rCapturing:  50%|\rCapturing: 100%|",
        LogLine("EngineCore", 9, None, None, None, "Capturing: 100%|"),
    ),
    "a traceback": (
        '  File "/x.py", line 3, in f',
        LogLine(None, None, None, None, None, '  File "/x.py", line 3, in f'),
    ),
    "nothing": ("", LogLine(None, None, None, None, None, "")),
}


@pytest.mark.parametrize(("line", "wanted"), FORMS.values(), ids=FORMS)
def test_form(line: str, wanted: LogLine) -> None:
    assert parse(line) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "(not a prefix) hello",
        "(Worker pid=x) hello",
        "INFORMATION is power",
        "Error: it broke",
        "INFO 22 [a] x",
        "W1122 no time",
        "[Gloo] Rank 0 is connected",
        "{not json}",
        '{"a": 1}',
        '{"message": 5}',
        "2026 was a year",
        "12:13:14 hello",
        "Traceback (most recent call last):",
    ],
)
def test_what_has_no_form_is_a_message(line: str) -> None:
    assert parse(line) == LogLine(None, None, None, None, None, line)


@given(st.text(max_size=200))
def test_any_text_is_taken(line: str) -> None:
    found = parse(line)
    assert isinstance(found.message, str)
    assert found.level in (None, "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL") or line.lstrip().startswith("{")


def test_access_lines() -> None:
    access = 'INFO:     127.0.0.1:49736 - "POST /v1/chat/completions HTTP/1.1" 200 OK'
    assert parse(access).access
    assert parse(f"(APIServer pid=1) {access}").access
    assert is_access(access)
    assert not parse("INFO:     Shutting down").access
    assert not parse(f'INFO {AT} [logger.py:3] prompt: "GET / HTTP/1.1" 200').access


def test_last_state_of_a_bar() -> None:
    assert last_state("a\rb\rc") == "c"
    assert last_state("a\rb\r\r") == "b"
    assert last_state("plain\r") == "plain"
    assert last_state("") == ""
    assert last_state("(Worker pid=1) \rx:  1%\rx:  2%") == "(Worker pid=1) x:  2%"


@pytest.mark.parametrize("name", ["serve-cpu-0.32.log", "serve-h200-0.25.1.log"])
def test_real_logs_are_understood(name: str) -> None:
    lines = (DATA / name).read_bytes().decode().split("\n")
    known = [line for line in lines if parse(line).level is not None]
    # what is left: bars, an empty line, the source lines below Python warnings
    rest = [line for line in lines if line and parse(line).level is None]
    assert len(known) > 60
    assert all("%|" in line or "% Completed" in line or line.startswith("  ") for line in rest), rest
    assert {"APIServer", "EngineCore"} <= {parse(line).process for line in lines}
