"""The whole VdeckApp in the process of a benchmark: with a driver that encodes to ANSI, and with made-up runs."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from typing import Any


class Output:
    """What the driver writes: how many bytes, and whoever wants to know of each write."""

    def __init__(self) -> None:
        self.bytes = 0
        self.listeners: list[Callable[[float, int], None]] = []
        """Called after each write with its time (perf_counter) and its bytes."""

    def write(self, data: str) -> None:
        size = len(data.encode())
        self.bytes += size
        for listener in tuple(self.listeners):
            listener(time.perf_counter(), size)


def encode() -> Output:
    """From now on Textual's headless driver paints as a real one does. There is no terminal whose end is noticed."""
    from textual.drivers.headless_driver import HeadlessDriver

    import tui.app

    output = Output()
    HeadlessDriver.is_headless = property(lambda self: False)  # type: ignore[method-assign, assignment]
    HeadlessDriver.write = lambda self, data: output.write(data)  # type: ignore[method-assign]
    vars(tui.app)["Terminal"] = _NoTerminal
    return output


class _NoTerminal:
    def __init__(self, *_: object) -> None: ...

    def watch(self) -> None: ...

    def stop(self) -> None: ...


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it. (While an app runs, it takes what is printed.)"""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the screen did not come up"
        await asyncio.sleep(0.05)


def make_run(folder: str, number: int, **state: Any) -> None:
    """``run.json`` and ``state.json`` of a run that serves, or of whatever ``state`` says instead."""
    began = state.pop("began", time.time() - 3600 + number)
    record = {
        "id": os.path.basename(folder), "name": f"server-{number}", "created": began, "model": "org/model-8b",
        "ports": [{"name": "vllm", "type": "http", "port": 8000 + number}],
    }  # fmt: skip
    values = {
        "status": "running", "phase": "ready", "ready": True, "started": began, "ready_at": began + 30,
        "served_names": ["model-8b"], "supervisor": os.getpid(), "pids": [[os.getpid(), 0]],
        "server_port": 8000 + number, **state,
    }  # fmt: skip
    os.makedirs(folder)
    for name, value in (("run.json", record), ("state.json", values)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(value, file)
