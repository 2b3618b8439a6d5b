"""From what a log says, and how the process ended, to one diagnosis. Pure."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from launcher.logs.cause import REQUEST, ROOT, STALL, WEAK, WRAPPER
from launcher.logs.diagnosis import Diagnosis, Evidence, Fix
from launcher.logs.scan import Found, Said, Scan, depth, in_engine
from launcher.text import shorten

TEXT = 300
"""Characters of an evidence."""
TITLE = 120
_RECENT = 60
"""A stall counts when it is so near to the end of the log."""
_WRAPPERS = (
    "See root cause above", "EngineDeadError", "resource_tracker", "validation error for", "ChildFailedError",
    "SystemExit", "KeyboardInterrupt", "WorkerProc initialization failed", "CancelledError",
    "RuntimeError: Executor failed.",
)  # fmt: skip


def conclude(
    scan: Scan, *, exit_code: int | None, step: str | None, stopped: bool, args: Mapping[str, object]
) -> Diagnosis | None:
    """The first real cause; without one what the end itself says; None when nothing went wrong."""
    if stopped:
        return None
    alive = exit_code is None
    for kind in (ROOT, WEAK):
        found = _first(scan, kind, alive)
        if found is not None:
            return _of(found, step, args)
    by_signal = _signal(exit_code, step, scan)
    if by_signal is not None:
        return by_signal
    living = _of_the_living(scan, step, args) if alive else None
    if living is not None or (alive and scan.served):
        return living
    unknown = first_error(scan)
    engine_said = unknown is not None and in_engine(unknown.process) and bool(scan.found[WRAPPER])
    if unknown is not None and (exit_code != 0 or engine_said) and unknown not in scan.errors:
        return _unknown(unknown, step)
    if scan.found[WRAPPER]:
        return _of(_telling(scan.found[WRAPPER]), step, args)
    if unknown is not None and exit_code:
        return _unknown(unknown, step)
    return _code(exit_code, step, scan) if exit_code else None


def _of_the_living(scan: Scan, step: str | None, args: Mapping[str, object]) -> Diagnosis | None:
    """What is the matter with a server that runs: requests that fail, a stall that lasts."""
    requests = scan.found[REQUEST]
    if requests:
        found = _of(requests[-1], step, args)
        times = f" Seen {len(requests):,} times." if len(requests) > 1 else ""
        return found._replace(cause=found.cause + times)
    stalls = [one for one in scan.found[STALL] if scan.last - one.number < _RECENT]
    return _of(stalls[-1], step, args) if stalls else None


def _first(scan: Scan, kind: str, alive: bool) -> Found | None:
    """The first in time. While it served, what the web server said is most likely of one request: when the engine said
    anything too before the end, known or not, that is the cause."""
    found = scan.found[kind]
    if scan.served and not alive:
        engine = [one for one in found if in_engine(one.process)]
        if engine or any(in_engine(process) for process in scan.exceptions):
            found = engine
    return found[0] if found else None


def _telling(found: list[Found]) -> Found:
    """A wrapper that names a process says more than one that does not."""
    return next((one for one in found if "w" in one.values({})), found[0])


def _of(found: Found, step: str | None, args: Mapping[str, object]) -> Diagnosis:
    title, cause, fixes = found.rule.words(found.values(args))
    return Diagnosis(
        found.rule.name, shorten(title, TITLE), cause, _evidence(found.number, found.text), fixes,
        found.process or step,
    )  # fmt: skip


def _evidence(number: int, text: str) -> Evidence:
    return Evidence(number, shorten(text.partition(" [type=")[0].strip(), TEXT))


def first_error(scan: Scan) -> Said | None:
    """The first exception of the deepest process that is no wrapper around another one; else the last line that reads
    like an error."""
    best: tuple[int, int] | None = None
    found: Said | None = None
    for process, said in scan.exceptions.items():
        first = next((one for one in said if not any(word in one.text for word in _WRAPPERS)), None)
        if first is not None and (best is None or (depth(process), first.number) < best):
            best, found = (depth(process), first.number), first
    if found is None and scan.errors:
        plain = [one for one in scan.errors if not any(word in one.text for word in _WRAPPERS)]
        found = plain[-1] if plain else None
    return found


def _unknown(said: Said, step: str | None) -> Diagnosis:
    evidence = _evidence(said.number, said.text)
    return Diagnosis(
        "first-error", shorten(evidence.text, TITLE), "vdeck does not know this failure; this is its first error.",
        evidence, (Fix("Read the log around this line."),), said.process or step,
    )  # fmt: skip


_SIGNALS = {
    9: ("Killed (SIGKILL)", "By hand, or by the kernel because the machine's memory ran out.",
        "Look at dmesg for \"Out of memory\"; give the run more memory, or let it use less."),
    11: ("Crashed (SIGSEGV)", "The program touched memory that is not its own: a fault of native code.",
         "Start it again; if it stays, try another version of the engine and report it with the crash bundle."),
    6: ("Aborted (SIGABRT)", "Native code gave up: often a watchdog of NCCL, or a failed check of a library.",
        "Read the last lines of the log; look for an error of another rank."),
    4: ("Illegal instruction (SIGILL)", "The program was built for another processor.",
        "Use a build for this machine."),
    7: ("Crashed (SIGBUS)", "A mapped file was cut off, or shared memory is full.",
        "Look at the disk and at /dev/shm; in a container: --shm-size."),
}  # fmt: skip


def _signal(code: int | None, step: str | None, scan: Scan) -> Diagnosis | None:
    number = -code if code is not None and code < 0 else code - 128 if code is not None and 128 < code < 160 else None
    if number is None:
        return None
    known = _SIGNALS.get(number)
    if known is None:
        try:
            name = signal.Signals(number).name
        except ValueError:
            return None
        known = (f"Ended by {name}", "Somebody or something sent it this signal.", "Start it again.")
    said = first_error(scan)
    evidence = _evidence(said.number, said.text) if said is not None and number in (6, 11) else None
    return Diagnosis("signal", known[0], known[1], evidence, (Fix(known[2]),), step)


_CODES = {
    127: ("No such command", "The shell did not find the command.", "Install it in an earlier step, or give its path."),
    126: ("A command may not be run", "It is no program, or has no right to be executed.", "`chmod +x` it."),
    2: ("Wrong usage", "The command refused its arguments.", "Mend the command; its last lines say what it wants."),
}


def _code(code: int, step: str | None, scan: Scan) -> Diagnosis:
    title, cause, fix = _CODES.get(code, (f"Exit code {code}", "The log names no error.", "Read the end of the log."))
    said = scan.errors[-1] if scan.errors else None
    evidence = _evidence(said.number, said.text) if said is not None else None
    return Diagnosis("exit-code", title, cause, evidence, (Fix(fix),), step)
