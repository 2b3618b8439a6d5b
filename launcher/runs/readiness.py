"""Is the server ready? The process lives (the caller knows), ``/health`` says 200, ``/v1/models`` lists the model."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import NamedTuple

from launcher.metrics import http, unanswered
from launcher.runs.record import Probe


class Answer(NamedTuple):
    """``ready`` with the port that answered and the names it lists, or why not."""

    ready: bool
    port: int | None = None
    names: tuple[str, ...] = ()
    why: str | None = None
    heard: bool = False
    """A server answers there, but not as it should: ``why`` is worth telling. Silence is what every start is like."""


def ask(probe: Probe, *, api_key: str | None, timeout_s: float = 2.0) -> Answer:
    """Try the candidates in order. Never raises; a refused connection is the normal answer of a server that loads.

    ``timeout_s`` covers all of it, shared out evenly: one port that keeps silent must not hide the others, and the
    supervisor, which waits here, has a stop to obey meanwhile.
    """
    headers = key_header(api_key)
    found = Answer(False, why="no port to ask")
    for port in probe.ports:
        until = time.monotonic() + timeout_s / len(probe.ports)
        if probe.kind == "vllm":
            answer = _vllm(probe, port, headers, until)
        else:
            status = get(probe, port, "/", {}, until)[0]
            answer = Answer(status is not None and status < 500, port, why=None if status else "nothing answers")
        if answer.ready:
            return answer
        if not found.heard:
            found = answer
    return found


def _vllm(probe: Probe, port: int, headers: Mapping[str, str], until: float) -> Answer:
    status, said = get(probe, port, "/health", headers, until)
    if status != 200:
        why = said.decode() if status is None else f"/health says {status}"
        return Answer(False, port, why=why, heard=status == 503)
    status, body = get(probe, port, "/v1/models", headers, until)
    if probe.foreign and status in (401, 403):
        why = "it refuses the API key" if headers else "it wants an API key for chat"
        return Answer(True, port, why=why, heard=True)
    if status != 200:
        hint = " (an API key is needed: VLLM_API_KEY)" if status == 401 else ""
        why = body.decode() if status is None else f"/v1/models says {status}{hint}"
        return Answer(False, port, why=why, heard=True)
    names = model_names(body)
    if probe.names and not set(probe.names) & set(names):
        return Answer(False, port, names, f"it serves {', '.join(names) or 'nothing'}, not {probe.names[0]}", True)
    return Answer(bool(names), port, names, None if names else "/v1/models lists no model", heard=True)


def healthy(probe: Probe, port: int, *, api_key: str | None = None, timeout_s: float = 2.0) -> str | None:
    """None when ``/health`` answers 200, else what it does."""
    status, _ = get(probe, port, "/health", key_header(api_key), time.monotonic() + timeout_s)
    if status == 200:
        return None
    return "the server does not answer" if status is None else f"/health says {status}"


def model_names(body: bytes) -> tuple[str, ...]:
    """The ids of ``/v1/models``; empty when the body is anything else."""
    try:
        return tuple(str(card["id"]) for card in json.loads(body)["data"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def key_header(api_key: str | None) -> dict[str, str]:
    """The header that carries the key; none without one."""
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


def get(probe: Probe, port: int, path: str, headers: Mapping[str, str], until: float) -> tuple[int | None, bytes]:
    """Status and body of one path of the server, below the prefix of the probe; None and why when no answer came.
    ``until``: on the monotonic clock."""
    left = max(0.05, until - time.monotonic())
    try:
        return http.get(
            probe.host, port, probe.prefix + path, timeout_s=left, headers=headers, scheme=probe.scheme,
            verify=probe.verify,
        )  # fmt: skip
    except OSError as error:
        return None, unanswered.why(error).encode()
