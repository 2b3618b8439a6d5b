"""What Prometheus scrapes of a run, as ``file_sd_configs`` take it. Pure: supervisor and export share it."""

from __future__ import annotations

from typing import Any

from launcher.runs.view import RunView
from launcher.text import clean_line

JOB = "vllm"
"""The label ``job`` of every target: the name that vLLM's own example and dashboards use."""
_PORTS = {"http": 80, "https": 443}


def entry(run: RunView) -> dict[str, Any] | None:
    """One target group: ``host:port`` and the labels ``job``, ``run``, ``name``, ``model``, scheme and path.

    None when there is nothing to scrape: the run has no URL, or no server of it has listed a model yet (a run of
    Prometheus, of an app). An attached server may keep its models to itself (an API key); then there is no ``model``.
    ``/metrics`` lies below the path of the URL, for a server that is attached behind a proxy.
    """
    if run.url is None or not (run.served_names or run.attached):
        return None
    scheme, _, rest = run.url.partition("://")
    place, _, path = rest.partition("/")
    if not place or scheme not in _PORTS:
        return None
    prefix = path.strip("/")
    labels = {"job": JOB, "run": run.id, "name": clean_line(run.name)}
    if run.served_names:
        labels["model"] = clean_line(run.served_names[0])
    labels["__scheme__"] = scheme
    labels["__metrics_path__"] = f"/{prefix}/metrics" if prefix else "/metrics"
    return {"targets": [_with_port(place.rpartition("@")[2], _PORTS[scheme])], "labels": labels}


def _with_port(place: str, default: int) -> str:
    """``host:port``; Prometheus adds no port of its own accord any more."""
    host, colon, port = place.rpartition(":")
    named = colon and port.isdigit() and (host.endswith("]") or ":" not in host)
    return place if named else f"{place.rstrip(':')}:{default}"
