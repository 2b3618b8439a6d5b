"""Logs for the tests of the log engine: lines of every kind, and what they are by the slow way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hypothesis import strategies as st

from launcher.logs import block_rows, blocks, first_errors, search
from launcher.logs.lens import LEVELS, Lens
from launcher.logs.lines import last_state, parse

SAMPLES = [
    b'INFO:     127.0.0.1:49736 - "POST /v1/chat/completions HTTP/1.1" 200 OK',
    b'(APIServer pid=41) INFO:     127.0.0.1:49736 - "GET /health HTTP/1.1" 200 OK',
    b'\x1b[32mINFO\x1b[0m:     127.0.0.1:1 - "\x1b[1mGET /metrics HTTP/1.1\x1b[0m" \x1b[32m200 OK\x1b[0m',
    b"(APIServer pid=41) INFO 11-22 06:32:05 [loggers.py:273] Engine 000: Avg prompt throughput: 1.0 tokens/s",
    b"(EngineCore_DP0 pid=42) ERROR 11-22 06:32:05 [core.py:946] Traceback (most recent call last):",
    b"(EngineCore_DP0 pid=42) (Worker_TP0 pid=43) WARNING 11-22 06:32:06 [shm_broadcast.py:111] No available block",
    b'(VllmWorker rank=1 pid=44) INFO 08-08 14:47:21 [x.py:1] said " HTTP/1.1" 200',
    b"(RayWorkerWrapper pid=3, ip=10.0.0.1) DEBUG 08-08 14:47:21 [x.py:1] there",
    b"(EngineCore pid=42) Process EngineCore:",
    b"(Worker pid=9) [rank0]:[W1122 06:32:04.417000 15601 torch/x.py:53] text",
    b"W1122 06:32:04.417000 15601 torch/x.py:53] text",
    b"[rank0]:[E1122 06:32:04.417000 15601 ProcessGroupNCCL.cpp:53] Watchdog caught",
    b"F1122 06:32:04.417000 15601 torch/x.py:53] fatal",
    b"2026-11-22T06:32:05.1Z  INFO vllm_router: ready to accept requests",
    b"2026-11-22 06:32:05,1 - ERROR - boom",
    b"node1:77:91 [0] NCCL WARN Cuda failure 2",
    b'{"message": "boom", "levelname": "ERROR", "processName": "Worker_TP1", "process": 9}',
    b'{"message": "\\u0041", "levelname": "\\u0045RROR"}',
    b"/venv/lib/python3.12/x.py:3: FutureWarning: old",
    b"WARNING:  Invalid HTTP request received.",
    b"ERROR:    Exception in ASGI application",
    b"INFO:     Application startup complete.",
    b"CRITICAL 11-22 06:32:05 [x.py:1] no more",
    b"Traceback (most recent call last):",
    b'  File "/venv/x.py", line 1, in <module>',
    b"ValueError: boom",
    b"",
    b"\ttab",
    b"(EngineCore pid=42) Capturing:   0%|\r(EngineCore pid=42) Capturing:  50%|\r(EngineCore pid=42) Capturing: 100%|",
    b"Loading\rLoading done\r",
    b"windows line\r",
    "Grüße, 모델 ſtraße K".encode(),
    b"\xff\xfe\x00 binary \x1c\x1f",
    b"a\x1b[31mbo\x1b[0mom",
    b"(x",
    b"INFO",
    b"INFO: ",
    b"ERROR 11-22 06:32:05 no source",
]

raw_lines = st.one_of(
    st.sampled_from(SAMPLES),
    st.sampled_from(SAMPLES),
    st.builds(lambda sample, cut: sample[:cut], st.sampled_from(SAMPLES), st.integers(0, 60)),
    st.builds(lambda a, b: a + b, st.sampled_from(SAMPLES), st.sampled_from(SAMPLES)),
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")),
    st.integers(0, 1500).map(lambda length: b"x" * length),
)
"""One line each, without its newline."""


def text_of(line: bytes) -> str:
    """What a filter sees of a line."""
    return last_state(re.sub(rb"\x1b\[[0-9;:]*m", b"", line).decode("utf-8", "replace"))


def passes(line: bytes, lens: Lens) -> bool:
    """Whether a lens (without first errors) shows the line, the slow way."""
    text = text_of(line)
    if lens.pattern:
        ignore = lens.pattern.islower() if lens.ignore_case is None else lens.ignore_case
        if bool(re.search(lens.pattern, text, re.IGNORECASE if ignore else 0)) is lens.invert:
            return False
    found = parse(text)
    if lens.levels and (found.level if found.level in LEVELS else "-") not in lens.levels:
        return False
    names = tuple(lens.processes - {"-"})
    if lens.processes and not ("-" in lens.processes if found.process is None else found.process.startswith(names)):
        return False
    return not (lens.hide_access and found.access)


def places(data: bytes) -> list[tuple[int, bytes]]:
    """Offset and content of the complete lines of a file."""
    found: list[tuple[int, bytes]] = []
    start = 0
    for line in data.split(b"\n")[:-1]:
        found.append((start, line))
        start += len(line) + 1
    return found


@contextmanager
def small_blocks(size: int = 200) -> Iterator[None]:
    """Blocks so small that a few lines are many of them."""
    with (
        mock.patch.object(block_rows, "BLOCK_BYTES", size),
        mock.patch.object(search, "BLOCK_BYTES", size + 133),
        mock.patch.object(first_errors, "_BLOCK_BYTES", size),
        mock.patch.object(blocks, "_SLACK", 16),
        mock.patch.object(blocks, "_STRIDE", 64),
    ):
        yield


def append(path: Path, data: bytes) -> None:
    """Let the log grow."""
    with path.open("ab") as file:
        file.write(data)
