"""How long earlier starts of the same thing on this machine took, phase by phase; and what remains of this one.

One small file for each thing that was started (``paths.starts_dir``), written when a server is ready: by its
supervisor, atomically, so that of two supervisors at once one start may be missing and never a file be broken.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

from launcher import paths
from launcher.runs import files
from launcher.runs.expectation import Expectation
from launcher.runs.record import RunRecord

KEPT = 20
"""Starts of one thing."""
THINGS = 200
_OVERDUE = 1.5
_SLACK_S = 3.0
_PLACES = frozenset({"--port", "--host"})
"""Flags whose value changes nothing about how long a start takes."""


class Start(NamedTuple):
    """One start: seconds of each phase, in order."""

    phases: tuple[tuple[str, float], ...]

    def seconds(self, phase: str) -> float | None:
        """Of one phase; None when this start did not have it."""
        return next((seconds for name, seconds in self.phases if name == phase), None)

    def until(self, phase: str) -> tuple[str, ...]:
        """The phases before one that it had."""
        names = [name for name, _ in self.phases]
        return tuple(names[: names.index(phase)])

    def after(self, phase: str) -> float:
        """Of everything behind a phase; of everything that is left when this start did not have it."""
        names = [name for name, _ in self.phases]
        place = names.index(phase) + 1 if phase in names else 0
        return sum(seconds for _, seconds in self.phases[place:])


def expect(starts: Sequence[Start], phase: str, before: Sequence[str]) -> Expectation | None:
    """For a start that went through the phases ``before`` and is in ``phase``; None when no start had it.

    Starts that went through the same phases are preferred: one that downloads, or compiles, is not like one that finds
    all of it in a cache.
    """
    fitting = [start for start in starts if start.seconds(phase) is not None]
    same = [start for start in fitting if start.until(phase) == tuple(before)]
    chosen = same or fitting
    if not chosen:
        return None
    took = [start.seconds(phase) or 0.0 for start in chosen]
    later = median(start.after(phase) for start in chosen)
    return Expectation(median(took), max(took) * _OVERDUE + _SLACK_S, later, len(chosen))


def key(record: RunRecord, gpus: str) -> str | None:
    """What makes two starts alike: engine, model, arguments, hardware, machine. None for a run without a server."""
    if record.probe.kind != "vllm" or record.attached:
        return None
    argv: list[str] = []
    for step in record.steps:
        words = list(step.argv)
        argv += [word for place, word in enumerate(words) if not _is_place(words, place)]
    env = sorted(f"{name}={value}" for name, value in record.env.items() if name.startswith(("VLLM_", "HF_", "CUDA_")))
    what = [socket.gethostname(), gpus, record.engine or "", record.model or "", str(len(record.gpus)), *argv, *env]
    return hashlib.sha256("\0".join(what).encode("utf-8", "replace")).hexdigest()[:24]


def _is_place(words: Sequence[str], place: int) -> bool:
    word, last = words[place], words[place - 1] if place else ""
    return word in _PLACES or last in _PLACES or word.startswith(("--port=", "--host="))


def load(name: str) -> tuple[Start, ...]:
    """The earlier starts, newest last. A file that is missing or damaged has none."""
    value, _ = files.read_json(paths.starts_of(name))
    found = value.get("starts") if isinstance(value, dict) else None
    if not isinstance(found, list):
        return ()
    return tuple(start for start in map(_start, found) if start is not None)[-KEPT:]


def _start(value: Any) -> Start | None:
    pairs = value.get("phases") if isinstance(value, dict) else None
    if not isinstance(pairs, list):
        return None
    phases = []
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            return None
        if isinstance(pair[1], bool) or not isinstance(pair[1], (int, float)) or not 0 <= pair[1] < 1e6:
            return None
        phases.append((pair[0], float(pair[1])))
    return Start(tuple(phases)) if phases else None


def remember(name: str, phases: Sequence[Sequence[Any]]) -> None:
    """Keep one more start: [phase, begun, ended] of its phases. Raises OSError."""
    took = [[str(phase), round(ended - begun, 2)] for phase, begun, ended in phases if ended and phase != "ready"]
    if not took or any(seconds < 0 for _, seconds in took):
        return
    kept = [{"phases": [list(pair) for pair in start.phases]} for start in load(name)]
    os.makedirs(paths.starts_dir(), mode=0o700, exist_ok=True)
    text = json.dumps({"starts": [*kept, {"phases": took}][-KEPT:]}, separators=(",", ":"))
    files.write_atomic(paths.starts_of(name), text.encode())
    _tidy()


def _tidy() -> None:
    """Forget what was not started for the longest time."""
    folder = paths.starts_dir()
    found = [entry for entry in os.scandir(folder) if entry.name.endswith(".json")]
    if len(found) <= THINGS:
        return
    for entry in sorted(found, key=lambda entry: entry.stat().st_mtime)[: len(found) - THINGS]:
        os.unlink(entry.path)
