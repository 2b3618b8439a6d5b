"""``events.jsonl``: each change of status, phase or readiness, one line."""

from __future__ import annotations

import json
from typing import NamedTuple

from launcher.runs import files


class Event(NamedTuple):
    """``time`` in seconds since the epoch. ``kind``: status, phase, ready, restart, intent, supervisor, attached,
    note, problem."""

    time: float
    kind: str
    text: str


def append(path: str, event: Event) -> None:
    """Add one event. Raises OSError when the disk is full."""
    files.append_line(path, json.dumps(event._asdict(), ensure_ascii=False))


def read(path: str) -> tuple[Event, ...]:
    """All events; lines that are damaged (a crash in the middle of a write) are left out."""
    found = []
    try:
        with open(path, "rb") as file:
            for line in file:
                try:
                    value = json.loads(line)
                    found.append(Event(float(value["time"]), str(value["kind"]), str(value["text"])))
                except (ValueError, TypeError, KeyError, RecursionError):
                    continue
    except OSError:
        pass
    return tuple(found)
