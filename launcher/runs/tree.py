"""Which processes belong to a run: read from /proc, no process started.

A process belongs to a run when it descends from the supervisor (a child subreaper, so nothing escapes by a double
fork), when it was seen to belong before (pid and start time), when it is in a session of such a process, or when it
carries the run's mark in its environment. The last three find the processes again after the supervisor itself was
killed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from launcher.paths import RunPaths

MARK = "VDECK_RUN_DIR"


class Proc(NamedTuple):
    pid: int
    ppid: int
    sid: int
    start: int
    """Clock ticks since boot: together with the pid it names a process for ever."""
    comm: str
    state: str


def parse_stat(raw: bytes) -> Proc | None:
    """One ``/proc/PID/stat``; the command may hold spaces and brackets, so the last ``)`` counts."""
    close = raw.rfind(b")")
    opened = raw.find(b"(")
    fields = raw[close + 2 :].split()
    if opened < 0 or close < 0 or len(fields) < 20:
        return None
    return Proc(
        int(raw[:opened]), int(fields[1]), int(fields[3]), int(fields[19]),
        raw[opened + 1 : close].decode("utf-8", "replace"), fields[0].decode(),
    )  # fmt: skip


def look(pid: int) -> Proc | None:
    """The process with this pid, or None when there is none (a zombie counts as none)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            found = parse_stat(file.read())
    except OSError:
        return None
    return None if found is None or found.state in "ZX" else found


def alive(pid: int, start: int) -> bool:
    """True while the very process (not another with the same number) runs."""
    found = look(pid)
    return found is not None and found.start == start


def scan() -> dict[int, Proc]:
    """Every process of this machine by pid, zombies left out."""
    found: dict[int, Proc] = {}
    for name in os.listdir("/proc"):
        if name[0] in "123456789":
            proc = look(int(name))
            if proc is not None:
                found[proc.pid] = proc
    return found


def marked(processes: Iterable[int], folder: str) -> set[int]:
    """The processes that carry the mark of this run folder (only our own user's can be looked into): its name in their
    environment, or its log as their standard output. The second finds vLLM's engine and workers, whose process title is
    written over their environment."""
    mark = f"{MARK}={folder}".encode()
    log = RunPaths(folder).output
    return {pid for pid in processes if _writes_to(pid, log) or _has_in_environment(pid, mark)}


def _has_in_environment(pid: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read().split(b"\0")
    except OSError:
        return False


def _writes_to(pid: int, log: str) -> bool:
    for descriptor in (1, 2):
        try:
            if os.readlink(f"/proc/{pid}/fd/{descriptor}") == log:
                return True
        except OSError:
            continue
    return False


def members(
    processes: Mapping[int, Proc],
    *,
    supervisor: int,
    known: Iterable[tuple[int, int]] = (),
    sessions: Iterable[int] = (),
    extra: Iterable[int] = (),
) -> dict[int, Proc]:
    """The processes of a run among ``processes``: descendants of the supervisor, of the known and of the extra ones,
    and all of the given sessions. The supervisor itself is not one of them."""
    wanted_sessions = set(sessions)
    roots = {pid for pid, start in known if pid in processes and processes[pid].start == start}
    roots.update(pid for pid in extra if pid in processes)
    roots.update(pid for pid, proc in processes.items() if proc.sid in wanted_sessions or proc.ppid == supervisor)
    children: dict[int, list[int]] = {}
    for proc in processes.values():
        children.setdefault(proc.ppid, []).append(proc.pid)
    found: dict[int, Proc] = {}
    queue = [pid for pid in roots if pid != supervisor]
    while queue:
        pid = queue.pop()
        if pid in found or pid == supervisor or pid not in processes:
            continue
        found[pid] = processes[pid]
        queue.extend(children.get(pid, ()))
    return found


_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "fish"})


def stop_order(run: Mapping[int, Proc], wrappers: Iterable[int]) -> list[int]:
    """Whom to ask politely to end, in order: the shells first (else a script goes on with its next line when the server
    ends), then the topmost processes below them. What those started is theirs to stop: an API server drains its
    requests through its engine, and an engine that gets the same signal dies under it. The wrappers are left out: they
    write down the exit code."""
    skip = set(wrappers)
    shells: list[int] = []
    tops: list[int] = []
    for pid, proc in run.items():
        if pid in skip:
            continue
        parent = run.get(proc.ppid)
        below_shell = parent is None or parent.pid in skip or _is_shell_chain(parent, run, skip)
        if not below_shell:
            continue
        (shells if proc.comm in _SHELLS else tops).append(pid)
    return shells + tops


def _is_shell_chain(proc: Proc, run: Mapping[int, Proc], skip: set[int]) -> bool:
    current: Proc | None = proc
    while current is not None and current.pid not in skip:
        if current.comm not in _SHELLS:
            return False
        current = run.get(current.ppid)
    return True


def is_vllm_engine(proc: Proc) -> bool:
    """An engine or worker process of vLLM by its title (``VLLM::EngineCore``, ``VLLM::Worker_TP0``); comm has 15
    bytes."""
    return proc.comm.startswith("VLLM::") and not proc.comm.startswith("VLLM::API")
