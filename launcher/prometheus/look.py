"""Which Prometheus there is now, whether it answers, and what it is to scrape."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from launcher import paths
from launcher.errors import VdeckError
from launcher.prometheus import choice, service, target_file
from launcher.prometheus.choice import Choice
from launcher.runs import listing
from launcher.runs.view import RunView


class Target(NamedTuple):
    run: str
    name: str
    model: str
    address: str
    health: str | None = None
    """``up``, ``down`` or ``unknown``, as our Prometheus says; None when none of ours runs."""
    error: str = ""


class Stand(NamedTuple):
    chosen: Choice | None
    run: RunView | None
    """The live run that is our own Prometheus."""
    url: str | None
    """Where older history is read from; None: nowhere."""
    version: str | None = None
    reachable: bool = False
    problem: VdeckError | None = None
    """Why what is configured is of no use."""
    data_bytes: int = 0
    targets: tuple[Target, ...] = ()


def look(*, sweep: bool = False) -> Stand:
    """Look, and ask for at most a few seconds. Never raises VdeckError: ``problem`` has it. ``sweep``: remove stale
    target files first; without it nothing is changed."""
    runs = listing.load_all()
    if sweep:
        target_file.sweep({run.id for run in runs if run.live})
    run = service.ours(runs)
    stand = Stand(None, run, None, data_bytes=service.data_bytes(), targets=tuple(_targets()))
    try:
        stand = stand._replace(chosen=choice.choose())
        url = service.address(runs)
        return stand if url is None else _asked(stand._replace(url=url))
    except VdeckError as error:
        return stand._replace(problem=error)


def _asked(stand: Stand) -> Stand:
    from launcher.prometheus.query import Client

    assert stand.url is not None
    try:
        with Client(stand.url, token=choice.token()) as client:
            stand = stand._replace(version=client.version(), reachable=True)
            if stand.run is None or stand.run.url != stand.url:
                return stand
            health = client.health()
    except VdeckError as error:
        return stand._replace(problem=error)
    told = (target._replace(health=state, error=error) if state else target
            for target in stand.targets for state, error in [health.get(target.run, ("", ""))])  # fmt: skip
    return stand._replace(targets=tuple(told))


def _targets() -> list[Target]:
    """What the target files say, in the order of the runs."""
    found = []
    try:
        names = sorted(os.listdir(paths.prometheus_targets()))
    except OSError:
        return []
    for name in names:
        if not name.endswith(".json"):
            continue
        try:
            with open(os.path.join(paths.prometheus_targets(), name), "rb") as file:
                entries = json.loads(file.read())
            for entry in entries:
                labels = entry["labels"]
                found.append(Target(labels["run"], labels["name"], labels.get("model", ""), entry["targets"][0]))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            continue  # somebody's own file, or one that was removed a moment ago
    return found
