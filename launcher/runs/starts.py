"""How long earlier starts took, phase by phase, and what that says of the start that goes on now.

One file a key under ``starts/`` (``paths.starts_dir``), one JSON line a start, the newest last. The supervisor adds to
it when its server is ready. Whatever is wrong with it costs the estimate and nothing else.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from launcher import paths
from launcher.runs import files
from launcher.runs.record import RunRecord, StepRecord

KEEP = 20
"""Starts kept for a key."""
KEYS = 200
"""Keys kept; those not used for the longest time go first."""
LOCK_TRIES_S = 1.0
_SLACK, _SLACK_S = 1.25, 1.0
"""A phase may last so much longer than ever before until nobody can say any more how long it will."""
_ALIKE, _ALIKE_S = 1.3, 1.0
"""Two phases took about the same time when they differ by this factor, or this many seconds, at the most."""
_SPEED = ("imports", "engine")
"""Phases that tell how quick the machine is today: no network, no cache of compiled graphs."""
_LEAST, _MOST = 1 / 3, 3.0
"""A busy machine makes everything slower; more than this is another cause, which need not go on."""
_IDLE_FLAGS = frozenset({
    "--host", "--port", "--served-model-name", "--api-key", "--root-path", "--uvicorn-log-level", "--allowed-origins",
    "--disable-access-log-for-endpoints", "--max-log-len", "--chat-template", "--tool-call-parser",
})  # fmt: skip
"""Flags that cost a start no time; their values are left out with them."""

Durations = tuple[tuple[str, float], ...]
"""(phase, seconds) in order."""


class Rest(NamedTuple):
    """What an earlier start says: how long its phase of this name took, and how long all behind it, in seconds."""

    present_s: float
    later_s: float


# -- the key ---------------------------------------------------------------------------------------------------------


def key(record: RunRecord) -> str:
    """The name under which starts are alike: machine, engine, model, the arguments that matter. Safe as a file name."""
    parts = [*_machine(), record.engine or "", record.model or "", f"{len(record.gpus)} GPUs"]
    ports = {str(port.port) for port in record.ports}
    for step in record.steps:
        parts += _arguments(step, ports)
    raw = "\0".join(parts).encode("utf-8", "replace")
    # two checksums, not a hash of hashlib's: OpenSSL would cost each supervisor megabytes
    return f"{zlib.crc32(raw):08x}{zlib.crc32(raw[::-1]):08x}{len(raw):x}"


def _arguments(step: StepRecord, ports: set[str]) -> list[str]:
    if step.kind != "vllm":
        words = step.display.split()  # secrets are masked in it
        return ["*" if word in ports else word for word in words]
    kept: list[str] = []
    skipping = False
    for word in step.argv:
        if word.startswith("--"):
            name = word.partition("=")[0]
            skipping = name in _IDLE_FLAGS
        if not skipping:
            kept.append("*" if word in ports else word)
    return kept


@cache
def _machine() -> tuple[str, ...]:
    """Host name, processor and GPUs, without loading a library."""
    return os.uname().nodename, _processor(), *_gpu_names()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(("model name", "Model")):
                    return f"{os.cpu_count()} x {line.partition(':')[2].strip()}"
    except OSError:
        pass
    return f"{os.cpu_count()} x {os.uname().machine}"


def _gpu_names(folder: str = "/proc/driver/nvidia/gpus") -> list[str]:
    found = []
    try:
        for name in sorted(os.listdir(folder)):
            with open(f"{folder}/{name}/information", encoding="utf-8", errors="replace") as file:
                found += [line.partition(":")[2].strip() for line in file if line.startswith("Model:")]
    except OSError:
        pass
    return found


# -- the store -------------------------------------------------------------------------------------------------------


def durations(phases: Sequence[Sequence[Any]]) -> Durations:
    """The phases of a state that are over, without ``ready``: it is no work."""
    return tuple(
        (str(name), max(0.0, float(ended) - float(started)))
        for name, started, ended in phases
        if ended is not None and name != "ready"
    )


def read(name: str) -> tuple[Durations, ...]:
    """The earlier starts of a key, oldest first; damaged lines are left out."""
    try:
        with open(paths.starts_file(name), "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return ()
    return tuple(found for line in lines[-KEEP:] if (found := _parse(line)))


def _parse(line: bytes) -> Durations:
    try:
        value = json.loads(line)
        phases = tuple((str(name), float(seconds)) for name, seconds in value["phases"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    return phases if all(0 <= seconds < 1e7 for _, seconds in phases) else ()


def add(name: str, phases: Durations) -> bool:
    """Keep one more start; False when that could not be done (disk full, somebody holds the store)."""
    if not phases:
        return False
    line = json.dumps({"at": round(time.time()), "phases": [[phase, round(s, 2)] for phase, s in phases]})
    folder = paths.starts_dir()
    try:
        files.make_private(folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not files.lock_within(descriptor, LOCK_TRIES_S):
            return False
        _append(paths.starts_file(name), line.encode())
        _forget(folder)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _append(path: str, line: bytes) -> None:
    try:
        with open(path, "rb") as file:
            lines = [old for old in file.read().splitlines() if _parse(old)]
    except OSError:
        lines = []
    files.write_atomic(path, b"\n".join([*lines[-(KEEP - 1) :], line]) + b"\n")


def _forget(folder: str) -> None:
    with os.scandir(folder) as entries:
        found = sorted((entry.stat().st_mtime, entry.path) for entry in entries if entry.is_file())
    for _, path in found[: max(0, len(found) - KEYS)]:
        os.unlink(path)


# -- the estimate ----------------------------------------------------------------------------------------------------


def rests(earlier: Sequence[Durations], so_far: Durations, present: str) -> tuple[Rest, ...]:
    """What earlier starts say of the phase ``present`` and the ones behind it, ``so_far`` being over.

    A start that went the same way counts before others (one that downloads is no measure for one that does not): same
    phases of about the same length, else the same phases, else any that had the present one. With the same phases, what
    they say is made longer or shorter as the machine is slower or quicker today.
    """
    able = [start for start in earlier if any(name == present for name, _ in start)]
    names = [name for name, _ in so_far]
    same = [start for start in able if [name for name, _ in start][: len(names) + 1] == [*names, present]]
    alike = [start for start in same if all(_about(ours[1], theirs[1]) for ours, theirs in zip(so_far, start))]
    if same:
        return tuple(_rest(start, present, _pace(so_far, start)) for start in alike or same)
    return tuple(_rest(start, present) for start in able)


def _pace(so_far: Durations, start: Durations) -> float:
    """How much slower (above 1) this start is than an earlier one with the same phases."""
    pairs = [(ours[1], theirs[1]) for ours, theirs in zip(so_far, start) if ours[0] in _SPEED]
    ours, theirs = (sum(pair[side] for pair in pairs) for side in (0, 1))
    if min(ours, theirs) < _ALIKE_S:
        return 1.0
    return min(_MOST, max(_LEAST, ours / theirs))


def _about(one: float, other: float) -> bool:
    low, high = min(one, other), max(one, other)
    return high - low <= _ALIKE_S or high <= low * _ALIKE


def _rest(start: Durations, present: str, pace: float = 1.0) -> Rest:
    index = next(number for number, (name, _) in enumerate(start) if name == present)
    return Rest(start[index][1] * pace, sum(seconds for _, seconds in start[index + 1 :]) * pace)


def remains(found: Sequence[Sequence[float]], spent_s: float, *, present_s: float | None = None) -> float | None:
    """Seconds until the server is ready, ``spent_s`` into the present phase; None when nobody can say.

    Only the starts whose phase lasted longer than it has by now can still be right. Once it lasts longer than it ever
    did (and a little more), there is no estimate rather than a wrong one. ``present_s``: what is left of the phase when
    that is measured (a download with a known end).
    """
    if not found:
        return None
    if present_s is not None:
        return max(0.0, present_s) + _median([later for _, later in found])
    left = [present - spent_s + later for present, later in found if present > spent_s]
    if left:
        return _median(left)
    longest = max(present for present, _ in found)
    if spent_s > longest * _SLACK + _SLACK_S:
        return None
    return _median([later for _, later in found])


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
