"""A fleet and a control that live in memory, for tests of the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from launcher.metrics.figures import Figures
from launcher.runs.view import Endpoint, PhaseMark, RunView


class FakeGpu(NamedTuple):
    index: int
    memory_used: int | None
    memory_total: int | None
    utilization: float | None
    name: str = "NVIDIA H200"
    uuid: str = "GPU-0"
    pids: tuple[int, ...] = ()


class FakeSnapshot(NamedTuple):
    runs: tuple[RunView, ...] = ()
    figures: Mapping[str, Any] = {}
    gpus: tuple[Any, ...] = ()
    taken: float = 0.0
    problem: str | None = None
    poll: int = 0
    """Which poll of the fake fleet it is from."""


NOW = 1_795_000_000.0


def ready_run(run_id: str = "369367189168", name: str = "vllm-server", **changes: Any) -> RunView:
    """A run that serves."""
    return RunView(
        run_id, name, status="running", phase="ready", ready=True, created=NOW - 7460, started=NOW - 7450,
        ready_at=NOW - 7400, endpoints=(Endpoint("vllm", "http", "http://127.0.0.1:8000", 8000),),
        model="meta-llama/Llama-3.1-8B", served_names=("llama-8b",), gpus=(0,), pids=(4711, 4712), engine="0.33.0",
        phases=(PhaseMark("imports", NOW - 7450, NOW - 7440), PhaseMark("ready", NOW - 7400, None)),
        commands=("vllm serve meta-llama/Llama-3.1-8B --port 8000",), manifest="/home/a/llama.yaml",
    )._replace(**changes)  # fmt: skip


def starting_run(run_id: str = "369367189170", name: str = "qwen", **changes: Any) -> RunView:
    """A run that loads its weights."""
    return RunView(
        run_id, name, status="initializing", phase="load", progress="43 %", created=NOW - 21, started=NOW - 21,
        endpoints=(Endpoint("vllm", "http", "http://127.0.0.1:8001", 8001),), model="Qwen/Qwen3-0.6B", gpus=(1,),
        pids=(4801,),
    )._replace(**changes)  # fmt: skip


def failed_run(run_id: str = "369367189101", name: str = "mistral", **changes: Any) -> RunView:
    """A run that ended by itself, with a reason."""
    return RunView(
        run_id, name, status="failed", reason="KV cache too small for 32,768 tokens", created=NOW - 9000,
        started=NOW - 9000, ended=NOW - 8940, exit_code=1, model="mistralai/Mistral-7B",
    )._replace(**changes)  # fmt: skip


def attached_run(run_id: str = "369367189180", name: str = "prod", **changes: Any) -> RunView:
    """A server that vdeck did not start."""
    url = "http://gpu-box:8000"
    return RunView(
        run_id, name, type="attached", status="running", ready=True, created=NOW - 60, started=NOW - 60,
        ready_at=NOW - 59, endpoints=(Endpoint("vllm", "http", url, 8000),), model="meta-llama/Llama-3.1-8B",
        served_names=("llama-8b",), engine="0.33.0", facts=(("max_model_len", "8192"),), supervisor=4999, attached=url,
    )._replace(**changes)  # fmt: skip


FIGURES = Figures(
    gen_tps=7210.0, running=12, waiting=0, kv=0.41, ttft_p95=0.212,
    spark=tuple(float(x % 17) for x in range(60)),
)  # fmt: skip


class FakeFleet:
    """Gives what it was told to give; ``error`` makes the next polls fail."""

    def __init__(self, *runs: RunView, figures: Mapping[str, Any] | None = None, gpus: tuple[Any, ...] = ()) -> None:
        self.runs = runs
        self.figures = figures or {}
        self.gpus = gpus
        self.taken = NOW
        self.error: Exception | None = None
        self.polls = 0

    def poll(self) -> Any:
        self.polls += 1
        if self.error is not None:
            raise self.error
        runs = tuple(sorted(self.runs, key=lambda run: -(run.created or 0)))
        return FakeSnapshot(runs, dict(self.figures), self.gpus, self.taken, None, self.polls)

    def history(self, run_id: str) -> None:
        return None


class FakeControl:
    """Notes the orders it gets; ``errors`` maps an order's name to what it raises."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        self.orders: list[tuple[Any, ...]] = []
        self.errors: dict[str, Exception] = {}
        self.looked = 0
        self.recent: tuple[str, ...] = ()
        self.prepared: Callable[..., Any] | None = None
        self.created = ready_run("900000000001", "made")
        self.servers: tuple[Any, ...] = ()
        self.explained: Any = None
        self.proposed: Callable[[Any], Any] | None = None
        self.attached = attached_run()
        self.text = "name: cloned\nvllm:\n  model: tiny\n"

    def _note(self, *order: Any) -> None:
        self.orders.append(order)
        error = self.errors.get(order[0])
        if error is not None:
            raise error

    def found_servers(self) -> tuple[Any, ...]:
        self.looked += 1
        return self.servers

    def attach(self, url: str, **given: Any) -> RunView:
        self._note("attach", url, given)
        return self.attached

    def terminate(self, run_id: str, *, force: bool = False) -> None:
        self._note("kill" if force else "terminate", run_id)

    def restart(self, run_id: str) -> None:
        self._note("restart", run_id)

    def delete(self, run_id: str) -> None:
        self._note("delete", run_id)

    def clone(self, run_id: str) -> RunView:
        self._note("clone", run_id)
        return self.created

    def manifest_text(self, run_id: str) -> str:
        self._note("manifest_text", run_id)
        return self.text

    def overrides(self, run_id: str) -> Any:
        from launcher.manifest.overrides import Overrides

        return self.given.get(run_id, Overrides())

    def explain(self, run_id: str) -> Any:
        self._note("explain", run_id)
        return self.explained

    def propose(self, run_id: str, fix: Any) -> Any:
        self._note("propose", run_id, fix)
        assert self.proposed is not None
        return self.proposed(fix)

    def carry_out(self, proposal: Any) -> RunView:
        self._note("carry_out", proposal)
        return self.created

    def bundle(self, run_id: str, path: str | None = None) -> str:
        self._note("bundle", run_id)
        return f"/tmp/vdeck-{run_id}.tar.gz"

    def recent_manifests(self) -> tuple[str, ...]:
        return self.recent

    def events(self, run_id: str) -> tuple[Any, ...]:
        return ()

    def api_key(self, run_id: str) -> None:
        return None

    def prepare(self, text: str, *, file: str = "", overrides: Any = None) -> Any:
        assert self.prepared is not None
        return self.prepared(text, file, overrides)

    def create(self, text: str, *, file: str = "", overrides: Any = None) -> RunView:
        self._note("create", text, file, overrides)
        return self.created


async def until(pilot: Any, condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait for a condition with a deadline; never for a fixed time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await pilot.pause(0.01)
        await asyncio.sleep(0)
