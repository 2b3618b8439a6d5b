"""A plan and a load -> the command line of a client, ours or vLLM's: both take the flags of ``vllm bench serve``. Pure.

The API key is in no command line: it goes by the environment (OPENAI_API_KEY).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from launcher.bench.plan import Load, Plan

PERCENTILES = "50,90,95,99"
METRICS = "ttft,tpot,itl,e2el"
GOODPUT = {"ttft": "ttft", "tpot": "tpot", "e2e": "e2el"}
"""Our keys of goals -> the keys that ``--goodput`` takes."""


class Server(NamedTuple):
    """Whom a client talks to, and what it calls itself."""

    url: str
    """Base URL, the prefix of a proxy included."""
    model: str
    """The served name."""
    tokenizer: str | None = None
    verify: bool = True
    """False: the certificate of an https server is not checked."""
    extra: tuple[str, ...] = ()
    """Flags that the tokenizer needs, as the server itself was given them."""


class Client(NamedTuple):
    """A client that can be started: ``argv`` in front of the flags."""

    kind: str
    """vllm or vdeck"""
    argv: tuple[str, ...]
    label: str
    """``vllm 0.32.0+cpu``"""
    chat_flag: str = "--backend"
    """The name of the flag that chooses the route; older releases of vLLM call it ``--endpoint-type``."""


def argv(
    plan: Plan, load: Load, *, server: Server, client: Client, goals: Sequence[tuple[str, float]], seed: int,
    result_dir: str, result_name: str,
) -> tuple[str, ...]:  # fmt: skip
    """The whole command line of one load."""
    chat = plan.route == "chat"
    words: list[str] = [*client.argv]
    words += [client.chat_flag, "openai-chat"] if chat else []
    words += ["--base-url", server.url, "--endpoint", "/v1/chat/completions" if chat else "/v1/completions"]
    words += ["--model", server.model]
    words += ["--tokenizer", server.tokenizer, *server.extra] if server.tokenizer else []
    words += _dataset(plan)
    words += ["--num-prompts", str(plan.prompts), "--request-rate", "inf" if load.rate is None else f"{load.rate:g}"]
    words += ["--burstiness", f"{plan.burstiness:g}"] if plan.burstiness != 1.0 else []
    words += ["--max-concurrency", str(load.concurrency)] if load.concurrency is not None else []
    words += ["--num-warmups", str(plan.warmups)] if plan.warmups else []
    words += ["--temperature", f"{plan.temperature:g}"] if plan.temperature is not None else []
    words += ["--insecure"] if not server.verify else []
    words += ["--percentile-metrics", METRICS, "--metric-percentiles", PERCENTILES]
    words += _goodput(goals)
    words += ["--seed", str(seed), "--save-result", "--save-detailed"]
    words += ["--result-dir", result_dir, "--result-filename", result_name]
    for name, value in plan.options.items():
        words += [f"--{name}"] if value == "" else [f"--{name}", value]
    return tuple(words)


def _dataset(plan: Plan) -> list[str]:
    words = ["--dataset-name", plan.dataset]
    if plan.dataset == "random":
        words += ["--random-input-len", str(plan.input_len), "--random-output-len", str(plan.output_len)]
        words += ["--ignore-eos"]  # else an answer could end early: older releases do not set it by themselves
        words += ["--random-range-ratio", f"{plan.range_ratio:g}"] if plan.range_ratio else []
        words += ["--random-prefix-len", str(plan.prefix_len)] if plan.prefix_len else []
        return words
    words += ["--dataset-path", plan.path or ""]
    if plan.dataset == "sharegpt":
        return words + (["--sharegpt-output-len", str(plan.output_len)] if plan.output_len is not None else [])
    # -1: as each line of the file says; without the flag vLLM would take 256 for all
    return [*words, "--custom-output-len", str(-1 if plan.output_len is None else plan.output_len)]


def _goodput(goals: Sequence[tuple[str, float]]) -> list[str]:
    pairs = [f"{GOODPUT[key]}:{limit_s * 1000:g}" for key, limit_s in goals if key in GOODPUT]
    return ["--goodput", *pairs] if pairs else []


def judged(goals: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """The goals as a client can judge them, request by request. It knows no goal for the single token: that for ITL is
    applied to TPOT, the mean distance of the tokens of a request. The tighter one counts when both are given."""
    found: dict[str, float] = {}
    for key, limit_s in goals:
        name = "tpot" if key == "itl" else key
        found[name] = min(limit_s, found.get(name, limit_s))
    return tuple((key, found[key]) for key in ("ttft", "tpot", "e2e") if key in found)


def to_json(server: Server) -> dict[str, Any]:
    """The document in ``bench.json``."""
    return server._asdict()


def server_from_json(value: Mapping[str, Any]) -> Server:
    """The server in a document. Raises ValueError when there is none."""
    try:
        return Server(
            str(value["url"]), str(value["model"]), value.get("tokenizer") or None, value.get("verify") is not False,
            tuple(map(str, value.get("extra") or ())),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ValueError(f"no server: {error}") from error


def client_from_json(value: Mapping[str, Any]) -> Client:
    """The client in a document. Raises ValueError when there is none."""
    try:
        words = tuple(map(str, value["argv"]))
        return Client(str(value["kind"]), words, str(value["label"]), str(value.get("chat_flag") or "--backend"))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no client: {error}") from error
