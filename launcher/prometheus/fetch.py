"""Ask a Prometheus for the lines of charts: how the run is called there, then all lines at once, within a deadline."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from math import isfinite
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from launcher.errors import VdeckError
from launcher.metrics.terms import Term
from launcher.prometheus.config import SCRAPE_S
from launcher.prometheus.older import Earlier, Key
from launcher.prometheus.query import Client, Vector
from launcher.prometheus.targets import entry
from launcher.runs.view import RunView

K = TypeVar("K")
T = TypeVar("T")
DEADLINE_S = 10.0
"""For all lines together."""
_AT_ONCE = 4
_PROBE = "vllm:num_requests_running"
"""Every vLLM has it, whatever it does."""
_COUNT_MS = 300_000
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Source(NamedTuple):
    """How a Prometheus knows a run."""

    selector: str
    """Label matchers without braces."""
    interval_ms: int
    """How far apart its samples are."""


def selectors(run: RunView, url: str) -> tuple[str, ...]:
    """The matchers to try: the label ``run`` of our own targets, then ``instance`` by the address of the server.

    A loopback address means this machine only to a Prometheus on it; any other knows the server by the host's name.
    """
    found = [f'run="{run.id}"']
    target = entry(run)
    if target is None:
        return tuple(found)
    host, _, port = target["targets"][0].rpartition(":")
    hosts = [host]
    if _is_loopback(host):
        beside_us = _is_loopback(urlsplit(url).hostname or "")
        hosts = [*(_LOOPBACK if beside_us else ()), socket.gethostname(), socket.getfqdn()]
    pattern = "|".join(re.escape(f"{name}:{port}") for name in dict.fromkeys(hosts))
    return (*found, f'instance=~"{_quoted(pattern)}"')


def source(client: Client, run: RunView, start_ms: int, end_ms: int, *, own: bool) -> Source | None:
    """How this Prometheus knows the run between two times; None when it does not. ``own``: it is the one of vdeck,
    whose scrape interval is known. Raises VdeckError."""
    span_ms = max(end_ms - start_ms, 1000)
    every_ms = min(max(span_ms // 20, 1000), _COUNT_MS)
    for selector in selectors(run, client.url):
        counted = f"max(count_over_time({_PROBE}{{{selector}}}[{_COUNT_MS}ms]))"
        found = client.query(f"max_over_time(({counted})[{span_ms}ms:{every_ms}ms])", end_ms)
        if found and found[0].value > 0:
            return Source(selector, SCRAPE_S * 1000 if own else round(_COUNT_MS / found[0].value))
    return None


def earlier(
    client: Client, known: Source, terms: Mapping[Key, Term], start_ms: int, end_ms: int, step_ms: int
) -> Earlier:
    """The lines at ``start_ms``, ``start_ms + step_ms``, … up to ``end_ms``. Raises VdeckError, also when not all of
    them came within the deadline."""

    def ask(expression: str) -> Mapping[int, float]:
        found = client.query_range(expression, start_ms, end_ms, step_ms)
        values = found[0].values if found else {}
        return {at: value for at, value in values.items() if isfinite(value)}

    window = f"{max(step_ms, 4 * known.interval_ms)}ms"
    lines = _all(client, _written(terms, known, window), ask)
    return Earlier(step_ms, {key: values for key, values in lines.items() if values})


def at_once(client: Client, expressions: Mapping[K, str], at_ms: int) -> dict[K, list[Vector]]:
    """What each expression is at a time. Raises VdeckError, also when not all of them came within the deadline."""
    return _all(client, expressions, lambda expression: client.query(expression, at_ms))


def _written(terms: Mapping[K, Term], known: Source, window: str) -> dict[K, str]:
    written = {key: term.promql(known.selector, window) for key, term in terms.items()}
    return {key: text for key, text in written.items() if text is not None}


def _all(client: Client, questions: Mapping[K, str], ask: Callable[[str], T]) -> dict[K, T]:
    """Every answer, some questions at a time. Raises the first VdeckError; daemon threads, so that nobody waits for a
    Prometheus that hangs."""
    todo = list(questions.items())
    answers: dict[K, T] = {}
    errors: list[VdeckError] = []

    def work() -> None:
        while todo and not errors:
            try:
                key, expression = todo.pop(0)
            except IndexError:
                return
            try:
                answers[key] = ask(expression)
            except VdeckError as error:
                errors.append(error)

    deadline = time.monotonic() + DEADLINE_S
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(_AT_ONCE, len(todo)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if errors:
        raise errors[0]
    if len(answers) < len(questions):
        todo.clear()
        raise VdeckError(f"Prometheus at {client.url} did not answer within {DEADLINE_S:g} s", fix="look at its load")
    return answers


def _is_loopback(host: str) -> bool:
    return host.strip("[]") in ("localhost", "::1") or host.startswith("127.")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
