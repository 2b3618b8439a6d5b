"""``vdeck run logs``: the log of a run, its end first, then what comes until the run has ended and is drained."""

from __future__ import annotations

import collections
import os
import sys
import time
from collections.abc import Callable, Iterable

from launcher.errors import EXIT_DONE, UsageError, VdeckError
from launcher.logs.tail import LogFile
from launcher.paths import RunPaths
from launcher.runs.view import RunView
from tui.commands import output, waiting
from tui.commands.options import Values
from tui.commands.which import run_of

TAIL = 200
Write = Callable[[Iterable[str]], None]


def logs(values: Values) -> int:
    """Print the log of a run; with ``-f`` go on until it has ended."""
    since_s = values.seconds("since")
    tail = _tail(values.text("tail"), None if since_s is not None else TAIL)
    run = run_of(values.word("ID"))
    if run.attached:
        raise VdeckError(
            f"run {run.id} ({run.name}) has no log: vdeck did not start its server",
            fix="read it where the server was started",
        )
    log = LogFile(RunPaths(run.folder).output)
    write = writer(run.id)
    count = 0

    def counted(lines: Iterable[str]) -> Iterable[str]:
        nonlocal count
        for line in lines:
            count += 1
            yield line

    write(counted(first_lines(log, run, tail=tail, since_s=since_s)))
    if values.flag("follow"):
        follow(log, run, write)
        return EXIT_DONE
    write([log.partial] if log.partial else [])
    if output.is_terminal(sys.stdout):
        output.flush()
        output.note(f"Displayed last {count} lines of #{run.id}.")
    return EXIT_DONE


def _tail(given: str | None, otherwise: int | None) -> int | None:
    """How many lines; None: all."""
    if given is None:
        return otherwise
    if given == "all":
        return None
    if not given.isascii() or not given.isdigit():
        raise UsageError(f"--tail cannot be {given!r}", fix="it is a number of lines, or all")
    return int(given)


def first_lines(log: LogFile, run: RunView, *, tail: int | None, since_s: float | None) -> Iterable[str]:
    """The lines that are there already. ``tail`` None: all; they are not held in memory then."""
    if since_s is None:
        return log.last(tail) if tail is not None else log.read_from(0)
    lines = log.read_from(offset_since(log, run, time.time() - since_s))
    return lines if tail is None else collections.deque(lines, tail)


def offset_since(log: LogFile, run: RunView, epoch: float) -> int:
    """Where in the file that starts which was logged at ``epoch`` or later.

    A run that is younger than that counts as a whole, and so does a log without times that was still written then.
    """
    if run.created is not None and run.created >= epoch:
        return 0
    found = log.first_since(epoch)
    if found is not None:
        return found
    try:
        found_file = os.stat(log.path)
    except OSError:
        return 0
    if found_file.st_mtime < epoch:
        return found_file.st_size
    output.note("No line of this log has a time: all of it is shown.")
    return 0


def follow(log: LogFile, run: RunView, write: Write) -> RunView:
    """Print what comes until the run has ended and its log is drained; the run as it was at its end."""
    from launcher.runs import control
    from launcher.runs.adopt import Adopter

    adopter = Adopter()
    while True:
        run = control.read(run.id)  # before the log: what an ended run wrote is all in the file by then
        lines = log.poll()
        write(lines)
        if lines or log.behind:
            continue
        if not run.live:
            write([log.partial] if log.partial else [])
            return run
        adopter.look((run,))
        output.pause(waiting.POLL_S)


def follow_to_end(run: RunView) -> RunView:
    """The whole log of a run from its first line until it has ended; the run as it was at its end."""
    return follow(LogFile(RunPaths(run.folder).output), run, writer(run.id))


def writer(run_id: str) -> Write:
    """Prints lines: secrets masked, and on a terminal without control characters."""
    from launcher.runs import control
    from tui.commands.colour import for_terminal

    redact = control.redactor(run_id)
    to_terminal = output.is_terminal(sys.stdout)
    colours = not os.environ.get("NO_COLOR")

    def write(lines: Iterable[str]) -> None:
        for line in lines:
            shown = redact(line)
            print(for_terminal(shown, colours=colours) if to_terminal else shown)
        output.flush()

    return write
