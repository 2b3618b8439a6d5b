"""What in a log could be the cause of a failure: every line that a rule knows, and the first errors of each process.

Pure. Most lines are let through by a look for a few words; what follows an error is looked at line by line, because the
telling line of a traceback need not say "error".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from launcher.logs.cause import REQUEST, ROOT, STALL, WEAK, WRAPPER, Rule, Values
from launcher.logs.causes import RULES
from launcher.logs.lines import LogLine, is_access, parse
from launcher.text import clean_line

GATES = (
    "rror", "RROR", "xception", "ailed", "fatal", "died", "enied", "not found", "such file", "Xid", "atchdog", "Killed",
    "[shutdown]", "Shutting down", "startup complete", "oading took", "weights took", "Not enough", "No available",
    "core engine proc", "emplate", "undefined symbol", "annot access gated", "maximum", "currently busy", "what():",
    "panicked at", "server version ", "non-default args: ",
)  # fmt: skip
"""One of these is in every line that begins something: a start, an error, a stage of the start, the end."""
AGAIN = ("startup complete", "server version ", "non-default args: ", "▄▄ ▄█")
"""One of these is in every line that makes what was said before it void."""
FOLLOWED = 60
"""So many lines behind such a line are looked at too."""
_KEPT = 500
"""Of each kind: a server may log the same error for days."""
_NUMBERS = re.compile(r"\d{4,}|0x[0-9a-f]+|[0-9a-f-]{12,}")
"""What differs between lines that are alike. Short numbers are left: codes of errors, of signals and of HTTP."""
_BOOT = re.compile(r"vLLM (?:API )?server version |non-default args: | ▄▄ ▄█.* version \d")
"""The first words of a server."""
_MARGIN = re.compile(r"^ *\| ?")
"""Of the members of an ExceptionGroup."""
_EXCEPTION = re.compile(
    r"^(?:\s*\|\s*)?(?P<name>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Timeout|Expired))"
    r"(?:: (?P<text>.*)| ⟵ .*)?$"
)
_BARE = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception)$")
_ERROR = re.compile(
    r"(?:^|\s)(?:[\w./-]+: )?(?:[Ee]rror|ERROR|[Ff]atal|FATAL|E): |: (?:command )?not found$"
    r"|: No such file or directory$|^\s*what\(\):  |\bpanicked at "
)
_OVER = re.compile(r"^\[shutdown\] API server: |^Shutting down$")
"""A stop was asked for. (The executor says ``[shutdown]`` too, when a start fails.)"""
_FRAME = re.compile(r'^  File "(?:.*/)?(?P<file>[^/"]+)", line (?P<line>\d+), in (?P<name>\S+)')
BEHIND = " ⟵ "
"""Between an exception that says nothing but its name, and where it was raised."""
_QUIET_LEVELS = frozenset({"DEBUG", "INFO", "WARNING"})
_WORKERS = ("Worker", "VllmWorker", "RayWorker", "RayDistributed")


class Found(NamedTuple):
    """A line that a rule knows."""

    rule: Rule
    number: int
    text: str
    process: str | None
    phase: str
    """How far the log had come: load, start, serving."""

    def values(self, args: Mapping[str, object]) -> Values:
        """What the pattern found."""
        match = self.rule.pattern.search(self.text)
        groups = dict(match.groupdict()) if match is not None else {}
        return Values({**groups, "phase": self.phase}, args)


class Said(NamedTuple):
    """An error that no rule knows."""

    number: int
    text: str
    process: str | None


class Scan:
    """Feed it the lines of one start in order, with their numbers."""

    def __init__(self) -> None:
        self.found: dict[str, list[Found]] = {kind: [] for kind in (ROOT, WEAK, REQUEST, STALL, WRAPPER)}
        self.exceptions: dict[str | None, list[Said]] = {}
        """By process, in order."""
        self.errors: list[Said] = []
        """Lines that read like errors of a command."""
        self.served = False
        self.over = False
        """A stop was asked for: what comes is noise."""
        self.last = 0
        """The number of the last line that was seen."""
        self._decided = False
        self._phase = "load"
        self._frame: re.Match[str] | None = None
        """The last frame of the traceback that is being read."""
        self._follow = 0
        self._known: dict[str, tuple[Rule, ...]] = {}

    def skip(self, count: int) -> None:
        """So many lines have no gate in them."""
        self.last += count
        self._follow = max(0, self._follow - count)

    @property
    def following(self) -> bool:
        """The next lines are wanted whatever they say."""
        return self._follow > 0

    @property
    def settled(self) -> bool:
        """The cause is known, or all is over: only another start would change that."""
        return self.over or self._decided

    def line(self, raw: str) -> None:
        """The next line."""
        self.last += 1
        if self.settled and not any(word in raw for word in AGAIN):
            return
        if any(word in raw for word in GATES):
            self._follow = FOLLOWED
        elif self._follow:
            self._follow -= 1
        else:
            return
        if is_access(raw):
            return
        self._look(parse(raw[:8192]))

    def _look(self, line: LogLine) -> None:
        message = line.message
        if line.level == "INFO" and _BOOT.match(message):
            self._begin()
        elif _OVER.search(message):
            self.over = True
        elif "startup complete" in message and line.level in ("INFO", None) and not self.over:
            self._begin_serving()
        elif self.settled:
            return
        elif "oading took" in message or "weights took" in message:
            self._phase = "start" if self._phase == "load" else self._phase
        else:
            self._judge(line)

    def _begin(self) -> None:
        """A server starts. When another one failed or was stopped before, this log has several starts, and the last
        one counts. Two that start side by side are one start: neither said anything wrong yet."""
        if self.over or any(self.found.values()) or self.exceptions:
            self._forget()
            self.served, self.over, self._phase = False, False, "load"

    def _begin_serving(self) -> None:
        """The start went well: nothing that was said before can be the cause any more."""
        self.served, self._phase = True, "serving"
        self._forget()

    def _forget(self) -> None:
        self._decided = False
        for found in self.found.values():
            found.clear()
        self.exceptions.clear()
        self.errors.clear()

    def _judge(self, line: LogLine) -> None:
        text = _MARGIN.sub("", clean_line(line.message).rstrip())
        if not text or text.startswith(("    ", '  File "', "Traceback ")):  # source code reads like anything
            self._frame = _FRAME.match(text) or self._frame
            return
        if self._frame is not None and _BARE.match(text):
            text += f"{BEHIND}{self._frame['file']}:{self._frame['line']}, {self._frame['name']}"
        self._frame = None
        quiet = line.level in _QUIET_LEVELS
        rules = self._rules(text)
        for rule in rules:
            kept = self.found[rule.kind]
            if (not quiet or rule.kind == STALL) and len(kept) < _KEPT:
                kept.append(Found(rule, self.last, text, line.process, self._phase))
                self._decided |= rule.kind == ROOT and (not self.served or in_engine(line.process))
        if not quiet and not any(rule.kind == WRAPPER for rule in rules):
            self._note(text, line)

    def _rules(self, text: str) -> tuple[Rule, ...]:
        shape = _NUMBERS.sub("0", text)
        known = self._known.get(shape)
        if known is None:
            if len(self._known) > 1024:
                self._known.clear()
            known = self._known[shape] = tuple(rule for rule in RULES if rule.pattern.search(text))
        return known

    def _note(self, text: str, line: LogLine) -> None:
        said = Said(self.last, text, line.process)
        if _EXCEPTION.match(text):
            kept = self.exceptions.setdefault(line.process, [])
            if len(kept) < _KEPT:
                kept.append(said)
        elif (line.level in ("ERROR", "CRITICAL") or _ERROR.search(text)) and len(self.errors) < _KEPT:
            self.errors.append(said)


def in_engine(process: str | None) -> bool:
    """Whether an engine or a worker says so: what the web server says while it serves is most likely of one request."""
    return depth(process) < 2


def depth(process: str | None) -> int:
    """How deep in the tree of processes: a worker's error is nearer to the cause than its engine's."""
    if process is None:
        return 2
    return 0 if process.startswith(_WORKERS) else 1 if process.startswith("EngineCore") else 2
