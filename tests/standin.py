"""A stand-in for a vLLM server, for tests: stdlib only, starts in 0.1 s, plays every answer and every fault on demand.

    python tests/standin.py --port P [--model NAME] [--ready-after S] [--script FILE] ...
    python tests/standin.py serve NAME --port P ...          as `vllm serve`; unknown options are ignored

The start: phases as vLLM prints them go to stdout, the port is bound at once but refuses connections until the server
is ready. SIGTERM or SIGINT end it with exit code 0. In a test: ``with StandIn(model="tiny") as server: server.url``.

The prompt (the last user message) chooses the answer. ``!word`` at its start is an order (``standin_answer.ORDERS``);
any other prompt is answered by "You said: <prompt>", one token a word. ``--script FILE`` is JSON, all keys optional:

    {"log": ["line", {"sleep": 0.2}, ...],      printed instead of the phases ({pid} and {port} are filled in)
     "exit": 1,                                 leave with this code after the log, without ever being ready
     "replies": {"text in the prompt": "the answer"}}
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from standin_http import Server, say


class StandIn:
    """The server inside a test process: no log, its own thread, ready when entered. ``port`` 0 chooses a free one."""

    def __init__(self, *, model: str = "tiny", port: int = 0, **options: Any) -> None:
        known = _parser().parse_args(["--port", str(port), "--model", model])
        known.replies = {}
        known.access_log = False
        for name, value in options.items():
            if not hasattr(known, name):
                raise TypeError(f"StandIn has no option {name}")
            setattr(known, name, value)
        self.server = Server(known.host, port, known)
        self.port = int(self.server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> StandIn:
        self.server.server_activate()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def running(self) -> int:
        """How many requests are being answered now."""
        return self.server.numbers.running


def _line(process: str, message: str) -> str:
    return f"({process} pid={os.getpid()}) INFO {time.strftime('%m-%d %H:%M:%S')} [standin.py:1] {message}"


# (process, message) of a start, in vLLM's words and order; no process: a line of another library, without a prefix
START = (
    ("APIServer", " ▄▄ ▄█ █     █     █ ▀▄▀ █  version 0.33.0"),
    ("APIServer", "non-default args: {{'model_tag': '{model}', 'port': {port}, 'model': '{model}'}}"),
    ("APIServer", "Resolved architecture: LlamaForCausalLM"),
    ("APIServer", "Using max model len 4096"),
    ("EngineCore", "Initializing a V1 LLM engine (v0.33.0) with config: model='{model}', seed=0"),
    ("EngineCore", "Using TRITON_ATTN attention backend out of potential backends: ['TRITON_ATTN']."),
    ("EngineCore", "Starting to load model {model}..."),
    ("", "Loading safetensors checkpoint shards:   0% Completed | 0/2 [00:00<?, ?it/s]"),
    ("", "Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:00<00:00, 9.18it/s]"),
    ("", "Loading safetensors checkpoint shards: 100% Completed | 2/2 [00:00<00:00, 9.18it/s]"),
    ("EngineCore", "Model loading took 1.25 GiB and 0.902140 seconds"),
    ("EngineCore", "Dynamo bytecode transform time: 0.03 s"),
    ("EngineCore", "torch.compile took 0.48 s in total"),
    ("EngineCore", "Available KV cache memory: 0.25 GiB"),
    ("EngineCore", "GPU KV cache size: 262,144 tokens, Maximum concurrency for 4,096 tokens per request: 64.00x"),
    ("", "Capturing CUDA graphs (PIECEWISE):   0%|          | 0/4 [00:00<?, ?it/s]\r"
         "Capturing CUDA graphs (PIECEWISE): 100%|##########| 4/4 [00:00<00:00, 9.1it/s]"),
    ("EngineCore", "Graph capturing finished in 1 secs, took 0.02 GiB"),
    ("EngineCore", "init engine (profile, create kv cache, warmup model) took 0.15 s"),
    ("APIServer", "Starting vLLM server on http://{host}:{port}"),
    ("", "INFO:     Started server process [{pid}]"),
    ("", "INFO:     Waiting for application startup."),
)  # fmt: skip


def phases(options: argparse.Namespace, port: int) -> Iterator[str]:
    """The lines of a start, each with the time at which it is asked for."""
    words = {"model": options.model, "port": port, "host": options.host, "pid": os.getpid()}
    for process, template in START:
        message = template.format(**words)
        yield _line(process, message) if process else message


def start(server: Server, script: dict[str, Any], stop: threading.Event) -> int | None:
    """Print the start and begin to listen; an exit code when the script wants the start to fail or a stop was asked."""
    options, port = server.options, int(server.server_address[1])
    lines: Any = script["log"] if "log" in script else phases(options, port)
    pause = options.ready_after / max(1, len(script.get("log", START)))
    for line in lines:
        if isinstance(line, dict):
            stop.wait(float(line.get("sleep", 0)))
        else:
            say(str(line).replace("{pid}", str(os.getpid())).replace("{port}", str(port)))
            stop.wait(pause)
        if stop.is_set():
            return 0
    if "exit" in script:
        return int(script["exit"])
    server.server_activate()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    say("INFO:     Application startup complete.")
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="a stand-in for a vLLM server", allow_abbrev=False)
    parser.add_argument("words", nargs="*", help="serve MODEL, as vllm takes it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--model", default="")
    parser.add_argument("--served-model-name", nargs="+")
    parser.add_argument("--api-key", default=os.environ.get("VLLM_API_KEY"))
    parser.add_argument("--lora", action="append", default=[], help="name of an adapter to list")
    parser.add_argument("--ready-after", type=float, default=0.0, help="seconds from start to ready")
    parser.add_argument("--token-delay", type=float, default=0.0, help="seconds between two tokens")
    parser.add_argument("--first-token-delay", type=float, default=0.0, help="seconds before the first token")
    parser.add_argument("--max-num-seqs", type=int, default=256, help="requests that run at once, the others wait")
    parser.add_argument("--script", help="JSON file, see the top of this file")
    parser.add_argument("--exit-after", type=float, help="seconds from ready to an exit by itself")
    parser.add_argument("--exit-code", type=int, default=1, help="the code of that exit")
    parser.add_argument("--ignore-term", action="store_true", help="survive SIGTERM and SIGINT")
    parser.add_argument("--children", type=int, default=0, help="processes that outlive a SIGKILL of this one")
    parser.add_argument("--old", action="store_true", help="refuse what servers before 0.6 do not know of a stream")
    parser.add_argument("--no-template", action="store_true", help="a base model: chats are refused, completions not")
    parser.add_argument("--multimodal", action="store_true", help="pictures are taken; without it they are refused")
    parser.add_argument("--no-access-log", dest="access_log", action="store_false")
    return parser


def _arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    options, _ = _parser().parse_known_args(argv)
    words = options.words[1:] if options.words[:1] == ["serve"] else []
    options.model = (options.served_model_name or [""])[0] or options.model or (words[0] if words else "tiny")
    script: dict[str, Any] = {}
    if options.script:
        with open(options.script, encoding="utf-8") as file:
            script = json.load(file)
    options.replies = dict(script.get("replies", {}))
    return options, script


def _fork_children(count: int) -> list[int]:
    """Children that only wait: what a killed API server leaves on the GPU. SIGTERM ends them."""
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            while True:
                signal.pause()
        pids.append(pid)
    return pids


def _end_children(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main(argv: Sequence[str] | None = None) -> int:
    options, script = _arguments(sys.argv[1:] if argv is None else argv)
    children = _fork_children(options.children)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN if options.ignore_term else lambda *_: stop.set())
    try:
        server = Server(options.host, options.port, options)
    except OSError as error:
        say(f"OSError: [Errno {error.errno}] {error.strerror}")
        _end_children(children)
        return 1
    code = start(server, script, stop)
    if code is None:
        code = 0 if stop.wait(options.exit_after) else int(options.exit_code)
    if stop.is_set():
        say(_line("APIServer", "[shutdown] API server: shutdown triggered"))
        say("INFO:     Shutting down")
    server.stopping.set()
    _end_children(children)
    return code


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # request threads may still sleep; vLLM does not wait for them either
