"""What a log says of a failure: cause, evidence, fixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Evidence(NamedTuple):
    """The line that tells. Not masked yet."""

    number: int
    """Line of the log, from 1."""
    text: str
    """Clean, without its prefix."""


class Change(NamedTuple):
    """One value of the manifest to write."""

    flag: str
    """Of ``vllm serve``, without dashes: ``max-model-len``; an environment variable when ``env``."""
    value: str | int | float | bool | None
    """None: take it out."""
    env: bool = False


class Fix(NamedTuple):
    """One thing to do about it."""

    text: str
    """One imperative sentence."""
    changes: tuple[Change, ...] = ()
    """Empty: nothing that a manifest could hold."""


class Diagnosis(NamedTuple):
    """Why a run failed."""

    rule: str
    """Which rule says so: ``kv-too-small``, ``first-error``, ``exit-code``, …"""
    title: str
    """A few words: ``KV cache too small for 32,768 tokens``."""
    cause: str
    """One or two sentences."""
    evidence: Evidence | None
    fixes: tuple[Fix, ...]
    """The best one first."""
    where: str | None
    """The step or process that it happened in."""


def diagnose(
    lines: Iterable[str],
    *,
    exit_code: int | None = None,
    step: str | None = None,
    stopped: bool = False,
    args: Mapping[str, object] | None = None,
) -> Diagnosis | None:
    """The cause of a failure, out of the lines of one start; None when nothing is wrong (or nothing known).

    ``exit_code``: negative for a signal, None while it runs or when it is not known. ``stopped``: somebody asked for
    the end. ``args``: flags of the server, for fixes that depend on them.
    """
    from launcher.logs.scan import Scan
    from launcher.logs.sentence import conclude

    scan = Scan()
    for line in lines:
        scan.line(line)
    return conclude(scan, exit_code=exit_code, step=step, stopped=stopped, args=args or {})


def diagnose_file(
    path: str,
    *,
    start: int = 0,
    exit_code: int | None = None,
    step: str | None = None,
    stopped: bool = False,
    args: Mapping[str, object] | None = None,
    most: int | None = None,
) -> Diagnosis | None:
    """The same for a file of any size, from the byte ``start`` on (lines are numbered from the file's begin). ``most``:
    who has no time looks at so many bytes only; the number of a line near the end is then too small. Raises OSError."""
    from launcher.logs.scan import Scan
    from launcher.logs.scan_file import scan_file
    from launcher.logs.sentence import conclude

    scan = Scan()
    scan_file(path, scan, start, most=most)
    return conclude(scan, exit_code=exit_code, step=step, stopped=stopped, args=args or {})
