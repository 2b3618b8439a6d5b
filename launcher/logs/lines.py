"""One line of a log, taken apart: which process wrote it, how bad it is, when, where, and what it says. Pure.

Knows what vLLM 0.5.4 to 0.33 and its company print (vllm/logger.py ``_FORMAT``, and captures): vLLM's own lines with
and without process prefix, uvicorn, glog lines of torch, Python warnings, NCCL, tracing lines of the Rust frontend,
JSON lines. Everything else is a message without particulars. A line costs 0.4 to 3 us.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

# A process prefix. Ray and Serve put several in a row; the last names the process. `(Worker_TP0 pid=1)`,
# `(VllmWorker rank=1 pid=2)`, `(RayWorkerWrapper pid=3, ip=10.0.0.1)`, `(ServeReplica:app:LLM pid=4)`.
PREFIX = r"\([^\s()]+(?: (?:rank|TP|PP|DP|EP)=?\S+)* pid=\d+(?:, ip=[\d.]+)?\) "
_PROCESS = re.compile(r"\(([^\s()]+)[^()]* pid=(\d+)")
_PREFIXES = re.compile(rf"(?:{PREFIX})+")
_HEAD = re.compile(
    rf"(?:\[[^\]]*\] ?)?(?P<prefix>(?:{PREFIX})*)"
    r"(?:(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) (?P<time>\d\d-\d\d \d\d:\d\d:\d\d) "
    r"\[?(?P<source>[^\s\]]+:\d+)\] ?"
    r"|(?P<word>DEBUG|TRACE|INFO|WARNING|ERROR|CRITICAL):(?P<pad> +))?"
)
_TORCH = re.compile(
    r"(?:\[rank\d+\]: ?)?\[?(?P<level>[IWEFCV])(?P<month>\d\d)(?P<day>\d\d) (?P<time>\d\d:\d\d:\d\d)\.\d+ "
    r"(?:(?P<pid>\d+) )?(?P<source>[\w./-]+:\d+)\] ?"
)
_TRACING = re.compile(
    r"\d{4}-(?P<day>\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?[ \t]+(?:\[|- )?"
    r"(?P<level>TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\]?(?: -|:)?[ \t]*(?:(?P<source>[\w:.]+): )?"
)
_WARNING = re.compile(r"(?P<source>/?[^\s:]+\.py:\d+): (?=[A-Za-z]*Warning: )")
_NCCL = re.compile(r"\S+:(?P<pid>\d+):\d+ \[\d+\] (?=NCCL (?P<level>INFO|WARN|ERROR))")
_STAMP = re.compile(r"(?:\d{4}-)?(\d\d-\d\d)[T ](\d\d:\d\d:\d\d)")
_SGR = re.compile(r"\x1b\[[0-9;]*m")

_LETTERS = {"I": "INFO", "W": "WARNING", "E": "ERROR", "F": "CRITICAL", "C": "CRITICAL", "V": "DEBUG"}
_WORDS = {"WARN": "WARNING", "FATAL": "CRITICAL", "TRACE": "DEBUG"}


class LogLine(NamedTuple):
    """``level``: DEBUG … CRITICAL. ``time_text``: ``MM-DD HH:MM:SS``, local time. What is unknown is None."""

    process: str | None
    pid: int | None
    level: str | None
    time_text: str | None
    source: str | None
    message: str

    @property
    def access(self) -> bool:
        """A line of the web server's access log: more than 90 % of a busy server's log."""
        return self.level == "INFO" and self.source is None and is_access(self.message)


def is_access(text: str) -> bool:
    """Whether a line (or its message) is one of the access log: ``… - "POST /v1/… HTTP/1.1" 200 OK``."""
    return ' HTTP/1.1" ' in text or ' HTTP/1.0" ' in text or ' HTTP/2" ' in text


def parse(line: str) -> LogLine:
    """Take one line apart. Never fails: what has no known form is message alone. Of a progress bar: its last state."""
    if "\x1b" in line:
        line = _SGR.sub("", line)
    if "\r" in line:
        line = last_state(line)
    first = line[:1]
    if first in _STARTS:
        found = _STARTS[first](line)
        if found is not None:
            return found
    elif first in ("/", "<") or ".py:" in line[:200]:
        warning = _WARNING.match(line)
        if warning is not None:
            return LogLine(None, None, "WARNING", None, warning["source"], line[warning.end() :])
    return LogLine(None, None, None, None, None, line)


def last_state(line: str) -> str:
    r"""What is left of a line with carriage returns (a progress bar): its process prefix and its last state."""
    kept = line.rstrip("\r")
    cut = kept.rfind("\r") + 1
    if not cut:
        return kept
    prefix = _PREFIXES.match(kept, 0, cut)
    return (prefix[0] if prefix is not None else "") + kept[cut:]


def _headed(line: str) -> LogLine | None:
    """vLLM and uvicorn, with or without process prefix; a prefix before anything else."""
    found = _HEAD.match(line)
    if found is None or found.end() == 0:
        return _torch(line) if line[:1] in "IWEC[" else None
    prefix, level, at, source, word, _ = found.groups()
    if level is None and word is None and not prefix:
        return _torch(line)
    process, pid = _last_process(prefix)
    message = line[found.end() :]
    if level is None and word is None:
        inner = _torch(message) if message[:1] in ("[", "I", "W", "E") else None
        if inner is not None:
            return inner._replace(process=process, pid=inner.pid or pid)
    return LogLine(process, pid, level or _WORDS.get(word, word), at, source, message)


def _last_process(prefix: str) -> tuple[str | None, int | None]:
    if not prefix:
        return None, None
    found = _PROCESS.match(prefix, prefix.rfind("("))
    return (found[1], int(found[2])) if found is not None else (None, None)


def _torch(line: str) -> LogLine | None:
    """glog form: ``W1122 06:32:04.417000 15601 torch/x.py:53] text``, in brackets when C++ wrote it."""
    found = _TORCH.match(line)
    if found is None:
        return None
    pid = int(found["pid"]) if found["pid"] else None
    at = f"{found['month']}-{found['day']} {found['time']}"
    return LogLine(None, pid, _LETTERS[found["level"]], at, found["source"], line[found.end() :])


def _dated(line: str) -> LogLine | None:
    """``2026-11-22T06:32:05.1Z  INFO target: text`` (Rust) and ``2026-11-22 06:32:05,1 - INFO - text`` (logging)."""
    found = _TRACING.match(line)
    if found is None:
        return _nccl(line)
    level = _WORDS.get(found["level"], found["level"])
    message = line[found.end() :].lstrip("- ")
    return LogLine(None, None, level, f"{found['day']} {found['time']}", found["source"], message)


def _nccl(line: str) -> LogLine | None:
    found = _NCCL.match(line)
    if found is None:
        return None
    return LogLine(None, int(found["pid"]), _WORDS.get(found["level"], found["level"]), None, None, line[found.end() :])


def _json(line: str) -> LogLine | None:
    """One JSON object a line, as ``--logging-config`` with a JSON formatter prints it. The names of its keys vary."""
    if not line.rstrip().endswith("}"):
        return None
    import json

    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    message = _first(value, "message", "msg", "event")
    if message is None:
        return None
    level = (_first(value, "levelname", "level", "severity") or "").upper()
    level = _WORDS.get(level, level)
    stamp = _STAMP.search(_first(value, "asctime", "timestamp", "time", "ts") or "")
    pid = value.get("process") or value.get("pid")
    return LogLine(
        _first(value, "processName"), pid if isinstance(pid, int) else None, level or None,
        f"{stamp[1]} {stamp[2]}" if stamp else None, _first(value, "pathname", "filename", "name", "logger"), message,
    )  # fmt: skip


def _first(value: dict[str, Any], *names: str) -> str | None:
    for name in names:
        if isinstance(value.get(name), str):
            return str(value[name])
    return None


_STARTS = {
    **dict.fromkeys("(DIWECT[", _headed), **dict.fromkeys("FV", _torch),
    **dict.fromkeys("0123456789", _dated), **dict.fromkeys("abcdefghijklmnopqrstuvwxyz", _nccl), "{": _json,
}  # fmt: skip
