"""Every failure that can be provoked on the CPU engine, for real: named right, and mended by its own fix.

Two at a time, by the command line as a user has it: create, diagnose, apply, ready. Each takes some 15 to 40 seconds;
those that were chosen run behind the first test that waits. Those marked ``slow`` are left to `make failures`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from engine_kit import ROOT, START_S
from waiting import wait_for

from launcher.engines.engine import Engine
from launcher.logs.diagnosis import Change
from launcher.manifest.amend import amend

pytestmark = pytest.mark.engine
TINY = ROOT / "examples" / "tiny"


class Case(NamedTuple):
    """What is broken, and what must be said of it."""

    rule: str
    words: str
    """In the title."""
    changes: tuple[Change, ...] = ()
    heals: bool = False
    """The first fix that a manifest can hold makes it start."""
    model: str = "tiny"
    """A folder made by ``make_models``, or a name."""


def set_(flag: str, value: Any) -> tuple[Change, ...]:
    return (Change(flag, value),)


CASES = {
    "unknown flag": Case("argparse", "Unknown flag --no-such-flag", set_("no-such-flag", 3), heals=True),
    "bad value": Case("argparse", "Wrong value for --max-num-seqs", set_("max-num-seqs", "abc"), heals=True),
    "longer than the model": Case("max-len-too-big", "100,000", set_("max-model-len", 100_000), heals=True),
    "KV cache too small": Case("kv-too-small", "4,096 tokens", set_("kv-cache-memory-bytes", "1M"), heals=True),
    "KV cache too big": Case("cpu-mem", "Not enough memory", set_("kv-cache-memory-bytes", "900G"), heals=True),
    "strange address": Case("host", "none of this machine", set_("host", "192.0.2.7"), heals=True),
    "no weights": Case("no-weights", "No weights", set_("load-format", None), heals=True),
    "too many workers": Case("cpu-nodes", "4 workers", set_("tensor-parallel-size", 4), heals=True),
    "heads": Case("tp-heads", "4 attention heads", set_("tensor-parallel-size", 3)),
    "quantization": Case("quant-unknown", "nosuch", set_("quantization", "nosuch")),
    "tool parser": Case("tool-parser", "parser", set_("enable-auto-tool-choice", True)),
    "no such model": Case("no-model", "No such model", model="/no/such/model"),
    "no config": Case("bad-repo", "No model in", model="empty"),
    "unknown architecture": Case("arch-unsupported", "NoSuchForCausalLM", model="architecture"),
    "unknown model type": Case("new-arch-hf", "qwen99", model="type"),
    "pointer of git-lfs": Case("safetensors-corrupt", "damaged", set_("load-format", None), model="pointer"),
    "no tokenizer": Case("tokenizer", "tokenizer", model="untokenized"),
    "code of its own": Case("trust-remote", "code of its own", model="custom"),
    "not in the cache": Case("hf-offline-mode", "not in the cache", model="no-such-org/no-such-model"),
    "no hub": Case(
        "hf-offline", "cannot be reached",
        (Change("HF_HUB_OFFLINE", None, env=True), Change("HF_ENDPOINT", "http://127.0.0.1:9", env=True)),
        model="no-such-org/no-such-model",
    ),
}  # fmt: skip


DAILY = ("unknown flag", "KV cache too small", "no such model", "not in the cache")
"""What `make test` provokes: two that are mended, one of the hub, one of the disk."""


class Vdeck:
    """The command line with a state folder of its own: other tests move theirs while this one waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "VDECK_HOME": str(folder / "home"), "VDECK_CONFIG": str(folder / "config")}
        self.made: list[str] = []

    def __call__(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tui.cli", *words], capture_output=True, text=True, cwd=ROOT, env=self.env,
            timeout=START_S,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert not check or done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))

    def state(self, run_id: str) -> Mapping[str, Any]:
        """Straight from its file: a command for each look would take the CPU from the engines."""
        try:
            found: Mapping[str, Any] = json.loads((self.folder / "home/runs" / run_id / "state.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def start(self, *words: str) -> str:
        run_id: str = self.json(*words)["id"]
        self.made.append(run_id)
        return run_id

    def settled(self, run_id: str) -> Mapping[str, Any]:
        """Wait until it is ready or has ended."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            state = self.state(run_id)
            if state.get("ready") or state.get("ended"):
                return state
            time.sleep(0.5)  # two engines start beside this
        raise AssertionError(f"neither ready nor ended: {self.state(run_id)}")

    def end(self) -> None:
        for run_id in self.made:
            if not self.state(run_id).get("ended"):
                self("run", "terminate", run_id, "--force", "--wait", check=False)


def make_models(folder: Path) -> None:
    """Copies of the tiny model, each broken in another way."""
    (folder / "empty").mkdir()
    for name in ("tiny", "architecture", "type", "pointer", "untokenized", "custom"):
        shutil.copytree(TINY, folder / name)
    changed = {
        "architecture": {"architectures": ["NoSuchForCausalLM"]},
        "type": {"model_type": "qwen99"},
        "custom": {"model_type": "xcustom", "auto_map": {"AutoConfig": "configuration_x.XConfig"}},
    }
    for name, values in changed.items():
        config = folder / name / "config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), **values}))
    (folder / "custom" / "configuration_x.py").write_text("class XConfig:\n    pass\n")
    (folder / "untokenized" / "tokenizer.json").unlink()
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n"
    (folder / "pointer" / "model.safetensors").write_bytes(pointer)


def manifest(folder: Path, name: str, case: Case) -> Path:
    text = (ROOT / "examples" / "tiny.yaml").read_text()
    model = f"./{case.model}" if (folder / case.model).is_dir() else case.model
    broken = amend(text.replace("model: ./tiny", f"model: {model}"), case.changes)
    assert broken.ok, broken.refused
    file = folder / f"{name.replace(' ', '-')}.yaml"
    file.write_text(broken.text)
    return file


class Seen(NamedTuple):
    diagnosis: Mapping[str, Any]
    state: Mapping[str, Any]
    healed: Mapping[str, Any] | None
    """The state of the run after the fix."""


def provoke(vdeck: Vdeck, name: str, case: Case) -> Seen:
    file = manifest(vdeck.folder, name, case)
    run_id = vdeck.start("run", "create", "-f", str(file))
    state = vdeck.settled(run_id)
    found = vdeck.json("diagnose", run_id)["diagnosis"]
    healed = None
    if case.heals and state.get("status") == "failed":
        again = vdeck.start("diagnose", run_id, "--apply", "--yes")
        healed = vdeck.settled(again)
        vdeck("run", "terminate", again, "--force", "--wait")
    return Seen(found, state, healed)


@pytest.fixture(scope="module")
def seen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, engine: Engine
) -> Iterator[Mapping[str, Future[Seen]]]:
    """Every case that was chosen, two at a time."""
    chosen = {item.callspec.params["name"] for item in request.session.items if hasattr(item, "callspec")
              and item.originalname == "test_a_failure_is_named_and_mended"}  # type: ignore[attr-defined]  # fmt: skip
    folder = tmp_path_factory.mktemp("failures")
    make_models(folder)
    vdeck = Vdeck(folder)
    pool = ThreadPoolExecutor(2)
    yield {name: pool.submit(provoke, vdeck, name, case) for name, case in CASES.items() if name in chosen}
    pool.shutdown(wait=True, cancel_futures=True)
    vdeck.end()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in DAILY else pytest.mark.slow) for name in CASES]
)
def test_a_failure_is_named_and_mended(name: str, seen: Mapping[str, Future[Seen]]) -> None:
    case, found = CASES[name], seen[name].result()
    assert found.state["status"] == "failed" and found.diagnosis is not None
    assert found.diagnosis["rule"] == case.rule
    assert case.words in found.diagnosis["title"] and found.diagnosis["title"] in found.state["reason"]
    assert found.diagnosis["evidence"]["line"] > 0 and found.diagnosis["fixes"]
    if case.heals:
        assert found.healed is not None and found.healed["ready"], found.healed
    assert found.state["still_since"] is None


def test_the_port_is_taken_by_an_earlier_step(tmp_path: Path, engine: Engine) -> None:
    """vdeck refuses a port that is taken when the run is made; here it is taken afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = tmp_path / "port.yaml"
    file.write_text(
        f"name: port\nresources: {{gpus: 0}}\nenv: {{HF_HUB_OFFLINE: '1'}}\nrun: |\n"
        f"  {sys.executable} -m http.server {port} --bind 127.0.0.1 &\n"
        f"  until {sys.executable} -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'; do :; done\n"
        f"  vllm serve {TINY} --host 127.0.0.1 --port {port} --load-format dummy --enforce-eager "
        "--kv-cache-memory-bytes 64M\n"
    )
    vdeck = Vdeck(tmp_path)
    try:
        run_id = vdeck.start("run", "create", "-f", str(file))
        assert vdeck.settled(run_id)["status"] == "failed"
        assert vdeck.json("diagnose", run_id)["diagnosis"]["rule"] == "port"
    finally:
        vdeck.end()


def test_an_engine_that_is_killed_and_requests_that_fail(tmp_path: Path, engine: Engine) -> None:
    """While it serves nothing is wrong; its engine dies, and that is named."""
    make_models(tmp_path)
    vdeck = Vdeck(tmp_path)
    try:
        run_id = vdeck.start("run", "create", "-f", str(manifest(tmp_path, "killed", Case("", ""))))
        state = vdeck.settled(run_id)
        assert state["ready"], state
        assert vdeck.json("diagnose", run_id)["diagnosis"] is None
        engines = [pid for pid, _, _ in state["pids"] if _title(pid).startswith("VLLM::EngineCor")]
        assert engines
        os.kill(engines[0], signal.SIGKILL)
        assert wait_for(lambda: bool(vdeck.state(run_id).get("ended")), 60, "the end of the run")
        found = vdeck.json("diagnose", run_id)["diagnosis"]
        assert found["rule"] in ("engine-dead", "host-oom") and "died" in found["title"] + found["cause"]
    finally:
        vdeck.end()


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""
