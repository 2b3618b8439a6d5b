"""``state.json``: where a run stands. One writer, the supervisor; a plain mutable object there, a document on disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def boot_id() -> str:
    """The id of this start of the machine; process ids recorded under another one are void."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read().decode().strip()
    except OSError:
        return ""


class State:
    """The fields of ``state.json``. Times are seconds since the epoch."""

    __slots__ = (
        "advice", "attempt", "boot", "detail", "download", "ended", "exit_code", "expect", "facts", "health",
        "log_start", "missed", "notify", "obeyed", "phase", "phases", "pids", "progress", "ready", "ready_at", "reason",
        "restarts", "served", "served_names", "server_port", "started", "status", "step", "step_process", "still_since",
        "supervisor", "tries", "wanted",
    )  # fmt: skip

    def __init__(self) -> None:
        self.status = "pending"
        self.phase: str | None = None
        self.ready = False
        self.reason: str | None = None
        self.started: float | None = None
        self.ready_at: float | None = None
        self.ended: float | None = None
        self.exit_code: int | None = None
        self.pids: list[list[int]] = []
        """[pid, start time in clock ticks since boot, session id] of every process of the run."""
        self.phases: list[list[Any]] = []
        """[name, started, ended or null] in order."""
        self.progress: str | None = None
        self.facts: dict[str, str] = {}
        self.restarts = 0
        self.tries = 0
        """Restarts by policy since somebody last asked for a start."""
        self.attempt = 0
        self.step: int | None = None
        self.served_names: list[str] = []
        self.server_port: int | None = None
        self.supervisor: int | None = None
        self.boot = boot_id()
        self.wanted: str | None = None
        """stop or restart, once somebody asked: an exit after that is no failure."""
        self.served = False
        """The server of this attempt was ready once."""
        self.log_start = 0
        """Where in the log this attempt begins, in bytes."""
        self.obeyed = 0.0
        """The time of the last intent that was obeyed."""
        self.step_process: list[int] | None = None
        """[pid, start time in ticks] of the wrapper of the step that runs."""
        self.health: str | None = None
        """wedged, saturated, preempting or evicting while the server is ready; None: all is well."""
        self.advice: str | None = None
        """What to do about it, in one sentence."""
        self.missed: list[str] = []
        """Keys of the goals that are missed now."""
        self.notify = "off"
        """What the screen does when the run begins to miss a goal: off, bell or desktop."""

        self.detail: str | None = None
        """More of the phase's progress: ``shard 3 of 7``."""
        self.download: list[float | None] | None = None
        """[bytes there, bytes in all or null, bytes a second or null] while the model is downloaded."""
        self.expect: list[list[float]] = []
        """What earlier starts say of the phase that lasts: [its seconds, the seconds of all behind it] of each."""
        self.still_since: float | None = None
        """When something last moved, once that is long ago; only during a start."""

    def to_json(self) -> dict[str, Any]:
        """The document, keys in a fixed order so that two equal states are equal bytes."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> State:
        """A state from a document; a field of a wrong shape keeps its first value (nothing is lost by bad input)."""
        state = cls()
        for name in cls.__slots__:
            if name in value and _fits(name, value[name]):
                setattr(state, name, value[name])
        state.pids = [entry for entry in state.pids if _is_pid(entry)]
        state.phases = [entry for entry in state.phases if _is_phase(entry)]
        state.served_names = [str(name) for name in state.served_names]
        state.missed = [str(key) for key in state.missed]
        state.expect = [entry for entry in state.expect if _are_numbers(entry, 2)]
        return state

    def enter_phase(self, name: str, at: float) -> None:
        """The start moved on to ``name``: close the phase that lasted until now."""
        self.close_phase(at)
        self.phases.append([name, at, None])
        self.phase = name
        self.progress = self.detail = self.download = self.still_since = None
        self.expect = []

    def close_phase(self, at: float) -> None:
        """End the phase that lasts, if one does."""
        self.still_since = None
        if self.phases and self.phases[-1][2] is None:
            self.phases[-1][2] = at


_LISTS = ("pids", "phases", "served_names", "missed", "expect")
_TEXTS = ("status", "boot", "notify")
_COUNTS = ("restarts", "attempt", "log_start", "tries")


def _fits(name: str, value: Any) -> bool:
    if name in _LISTS:
        return isinstance(value, list)
    if name in _TEXTS:
        return isinstance(value, str)
    if name in _COUNTS:
        return isinstance(value, int)
    if name in ("ready", "served"):
        return isinstance(value, bool)
    if name == "obeyed":
        return isinstance(value, (int, float))
    if name == "step_process":
        return value is None or (isinstance(value, list) and len(value) == 2 and all(isinstance(v, int) for v in value))
    if name == "download":
        return value is None or (_are_numbers(value, 3, some=True) and value[0] is not None)
    if name == "facts":
        return isinstance(value, dict)
    if name in ("phase", "reason", "progress", "detail", "wanted", "health", "advice"):
        return value is None or isinstance(value, str)
    return value is None or isinstance(value, (int, float))


def _are_numbers(value: Any, count: int, *, some: bool = False) -> bool:
    """A list of so many numbers; with ``some`` a part of them may be null."""
    if not isinstance(value, list) or len(value) != count:
        return False
    return all(isinstance(one, (int, float)) or (some and one is None) for one in value)


def _is_phase(entry: Any) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 3
        and isinstance(entry[0], str)
        and isinstance(entry[1], (int, float))
        and (entry[2] is None or isinstance(entry[2], (int, float)))
    )


def _is_pid(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 3 and all(isinstance(part, int) for part in entry)
