"""``vdeck run events``: what happened to a run, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launcher.errors import EXIT_DONE, UsageError
from launcher.runs.view import rfc3339
from tui.commands import output, waiting
from tui.commands.options import Values
from tui.commands.run_list import moment
from tui.commands.which import run_of

if TYPE_CHECKING:
    from launcher.runs.events import Event


def events(values: Values) -> int:
    """Print the events of a run, and with ``-f`` those that come until it has ended."""
    from launcher.runs import control

    if values.flag("json") and values.flag("follow"):
        raise UsageError("--json prints one document, so it cannot follow", fix="drop --json or --follow")
    run = run_of(values.word("ID"))
    if values.flag("json"):
        output.document([document(event) for event in control.events(run.id)])
        return EXIT_DONE
    seen = 0
    while True:
        run = control.read(run.id)  # before the events: what the last look at a live run missed is in the next one
        found = control.events(run.id)
        for event in found[seen:]:
            output.say(line(event))
        seen = len(found)
        if not values.flag("follow") or not run.live:
            return EXIT_DONE
        output.flush()
        output.pause(waiting.POLL_S)


def line(event: Event) -> str:
    """``2024-02-06 04:16:36+00:00  phase       load``."""
    return f"{moment(event.time)}  {event.kind:<10}  {event.text}"


def document(event: Event) -> dict[str, str | None]:
    """One event of ``--json``."""
    return {"time": rfc3339(event.time), "kind": event.kind, "text": event.text}
