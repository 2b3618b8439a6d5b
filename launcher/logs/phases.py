"""How far a start has come, told by its log. Runs in the supervisor on every line: few imports, a cheap look first.

The phase says what goes on now, so that the time between two changes is the time of the first: ``config`` lasts until
the architecture is known, ``compile`` from loaded weights to compiled graphs. Steps that a start does not have (eager
mode, CPU) are passed over; it never goes back. With a hub name ``download`` begins when vLLM turns to the weights,
because it says nothing while it downloads; it lasts a second when they are cached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from launcher.logs.start_lines import ANY, BY_START, LOADED, LOADING, UVICORN, VLLM, Rule
from launcher.logs.times import seconds_between

PHASES = ("imports", "config", "engine", "download", "load", "compile", "kv-cache", "graphs", "api", "ready")
FACTS = (
    "engine_version", "architecture", "max_model_len", "attention_backend", "weights_gib", "kv_gib", "kv_tokens",
    "max_concurrency", "graphs_gib", "api_url", "dtype", "quantization", "tensor_parallel", "kv_dtype",
)  # fmt: skip
"""The names that ``Tracker.facts`` may have. Numbers are plain (``262144``, ``64.00``), GiB where the name says so."""

_HEAD = re.compile(
    r"(?:\[[^\]]*\] ?)?(?:\([^()]* pid=\d+[^()]*\) )*"
    r"(?:(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) (\d\d-\d\d \d\d:\d\d:\d\d) \[?[^\s\]]+:\d+\] |(INFO):\s+)?"
)
_CONFIG = tuple(
    (name, re.compile(rf"(?<!\w){word}=(?:torch\.)?'?([\w.-]+)"))
    for name, word in (
        ("dtype", "dtype"), ("quantization", "quantization"), ("tensor_parallel", "tensor_parallel_size"),
        ("kv_dtype", "kv_cache_dtype"),
    )
)  # fmt: skip
_USUAL = ("None", "1", "auto", "default")
"""What is not worth a line."""
_SGR = re.compile(r"\x1b\[[0-9;]*m")
PIECES = {"download": "file", "load": "shard", "graphs": "graph"}
"""What the bar of a phase counts."""
_RANK = {name: number for number, name in enumerate(PHASES)}
_AFTER_READY = 8
"""Old versions print the address behind the ready line: look at so many lines more for it."""


class PhaseChange(NamedTuple):
    """``at_text``: ``MM-DD HH:MM:SS`` of the line, or of the last one that had a time; None before the first."""

    phase: str
    at_text: str | None
    detail: str


class Tracker:
    """Feed it every line of one start, in order. After ``ready`` it looks at nothing any more."""

    __slots__ = ("_compiles", "_left", "_local", "_time", "detail", "facts", "phase", "progress")

    def __init__(self) -> None:
        self.phase = PHASES[0]
        self.progress: str | None = None
        """What the phase says of itself, ``43 %``; None when it says nothing."""
        self.detail: str | None = None
        """The same in pieces, ``shard 3 of 7``."""
        self.facts: dict[str, str] = {}
        self._time: str | None = None
        self._compiles = False
        self._local = False
        self._left = -1

    @property
    def last_time(self) -> str | None:
        """The last time of vLLM's that was seen, ``MM-DD HH:MM:SS``."""
        return self._time

    def feed(self, line: str) -> PhaseChange | None:
        """Look at one line; the change when a later phase begins with it. Any text is allowed."""
        if self._left == 0:
            return None
        self._left -= self._left > 0
        if "\x1b" in line:
            line = _SGR.sub("", line)
        head = _HEAD.match(line)
        if head is None:  # cannot be: every part is optional
            return None
        end = head.end()
        rules = BY_START.get(line[end : end + 4])
        if head[1]:
            self._time = head[1]
        if rules is None:
            return self._feed_odd(line, end) if "\r" in line or line[:1] in ("{", "2") else None  # 2026-…, rarely
        kind = VLLM if head[1] else UVICORN if head[2] else ANY
        return self._apply(rules, line[end:], kind)

    def _feed_odd(self, line: str, end: int) -> PhaseChange | None:
        """Bars whose updates share a line, JSON lines, lines of the Rust frontend."""
        if "\r" in line:
            pieces = [piece for piece in line[end:].split("\r") if piece]
            return self.feed(pieces[-1]) if pieces and len(pieces[-1]) < len(line) else None
        if '"message"' not in line and "ready to accept" not in line:
            return None
        from launcher.logs.lines import parse

        found = parse(line)
        if found.level is None:
            return None
        self._time = found.time_text or self._time
        return self._apply(BY_START.get(found.message[:4], ()), found.message, VLLM)

    def _apply(self, rules: tuple[Rule, ...], message: str, kind: str) -> PhaseChange | None:
        if "\r" in message:
            message = message.rstrip("\r").rpartition("\r")[2]
        for rule in rules:
            if rule.head not in (kind, ANY):
                continue
            found = rule.pattern.match(message)
            if found is not None:
                return self._take(rule, found, message)
        return None

    def _take(self, rule: Rule, found: re.Match[str], message: str) -> PhaseChange | None:
        values = found.groupdict()
        pct, model = values.pop("pct", None), values.pop("_model", None)
        at, of = values.pop("_at", None), values.pop("_of", None)
        for name, value in values.items():
            if value and name not in self.facts:  # the first: a draft model tells its own later
                self.facts[name] = value.replace(",", "") if name == "kv_tokens" else value
        if message.startswith("Init"):
            self._read_config(message)
        phase = rule.phase
        if phase == LOADING:
            phase = "load" if self._local or (model is not None and _is_local(model)) else "download"
        elif phase == LOADED:
            phase = "compile" if self._compiles else "kv-cache"
        change = self._move(phase, f"{pct} %" if pct is not None else None, message)
        if phase is not None:
            known = self.progress and at and self.phase in PIECES
            self.detail = f"{PIECES[self.phase]} {at} of {of}" if known else None
        return change

    def _move(self, phase: str | None, progress: str | None, message: str) -> PhaseChange | None:
        if phase is None:
            return None
        if phase == self.phase or (phase == "download" and self.phase == "load" and progress):
            self.progress = progress
        if _RANK[phase] <= _RANK[self.phase]:
            return None
        self.phase, self.progress = phase, progress
        if phase == "ready":
            self._left = 0 if "api_url" in self.facts else _AFTER_READY
        return PhaseChange(phase, self._time, message.strip()[:200])

    def _read_config(self, message: str) -> None:
        """The engine's own words on how it is configured: whether it compiles, whether weights can be a download."""
        eager = "enforce_eager=True" in message
        none = "CompilationMode.NONE" in message or "'level': 0" in message or '"level":0' in message
        compiles = " V1 LLM engine" in message or "CompilationMode." in message
        self._compiles = compiles and not eager and not none and "device_config=cpu" not in message
        found = re.search(r"model='([^']*)'", message)
        for name, pattern in _CONFIG:
            said = pattern.search(message)
            if said is not None and said[1] not in _USUAL:
                self.facts.setdefault(name, said[1])
        self._local = "load_format=dummy" in message or (found is not None and _is_local(found[1]))


def _is_local(model: str) -> bool:
    return model.startswith(("/", "./", "../", "~")) or "://" in model


class PhaseTime(NamedTuple):
    """One phase of a start. ``seconds`` until the next phase began; None: unknown, or the last."""

    phase: str
    at_text: str | None
    seconds: float | None
    detail: str


def timeline(lines: Iterable[str]) -> tuple[PhaseTime, ...]:
    """The phases of a whole log by its own times (resolution 1 s). ``imports`` begins with the first time."""
    tracker, first, changes = Tracker(), None, []
    for line in lines:
        change = tracker.feed(line)
        first = first or tracker.last_time
        if change is not None:
            changes.append(change)
    marks = [PhaseChange(PHASES[0], first, ""), *changes]
    return tuple(
        PhaseTime(mark.phase, mark.at_text, _between(mark, after), mark.detail)
        for mark, after in zip(marks, [*marks[1:], None])
    )


def _between(mark: PhaseChange, after: PhaseChange | None) -> float | None:
    if after is None or mark.at_text is None or after.at_text is None:
        return None
    return seconds_between(mark.at_text, after.at_text)
