"""Which processes write into a log: a look at its beginning and its end."""

from __future__ import annotations

from launcher.logs.lines import parse
from launcher.logs.map import LogMap

_HEAD_BYTES = 512 * 1024
_END_BYTES = 256 * 1024


def names(log: LogMap) -> tuple[str, ...]:
    """The names in the order in which they appear; a group (``Worker``) stands before its several members."""
    head = log.read(0, _HEAD_BYTES)
    end = log.read(max(len(head), log.size - _END_BYTES), log.size)
    found: dict[str, None] = {}
    for line in (head + b"\n" + end).split(b"\n"):
        if line[:1] in (b"(", b"\x1b", b"["):
            process = parse(line[:400].decode("utf-8", "replace")).process
            if process is not None and process.isprintable() and len(process) <= 40:
                found[process] = None
    groups: dict[str, list[str]] = {}
    for name in found:
        groups.setdefault(name.partition("_")[0], []).append(name)
    ordered: list[str] = []
    for group, members in groups.items():
        ordered += [group] if len(members) > 1 and group not in members else []
        ordered += members
    return tuple(ordered)
