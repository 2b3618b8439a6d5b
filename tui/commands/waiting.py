"""Waiting for a run on the command line: phases as they come on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
import time

from launcher.errors import EXIT_DONE, VdeckError
from launcher.runs.view import PhaseMark, RunView
from launcher.text import clean_line
from tui import format as words
from tui.commands import output
from tui.render import start

POLL_S = 0.2
"""How often a log or the events are looked at while they are followed."""
TICK_S = 0.5
"""How often the line of the phase that lasts is written anew, though nothing changed but its time."""


def wait_for(run_id: str, until: str) -> RunView:
    """Wait until the run is ``ready`` or (``end``) has ended, and return it then.

    A run that ends first ends the waiting as well. KeyboardInterrupt passes through: the run goes on.
    """
    from launcher.runs import control

    if not output.is_terminal(sys.stderr):
        return control.wait(run_id, until)
    teller = PhaseTeller()
    try:
        while True:
            run = control.wait(run_id, until, TICK_S, teller.tell)
            if not run.live or (until == "ready" and run.ready):
                return run
            teller.tell(run)
    finally:
        teller.close()


class PhaseTeller:
    """A line on standard error for each phase that is over, and one written over for the phase that lasts."""

    def __init__(self) -> None:
        self._progress = output.Progress()
        self._told = 0

    def tell(self, run: RunView) -> None:
        """Say what is new since the last call."""
        while self._told < len(run.phases) and run.phases[self._told].ended is not None:
            self._progress.done(phase_line(run.phases[self._told]))
            self._told += 1
        if self._told < len(run.phases) and run.live:
            mark = run.phases[self._told]
            lasted = words.duration(max(0.0, time.time() - mark.started))
            more = start.download(run.download) if run.download is not None else clean_line(run.detail or "")
            said = " ".join(part for part in (run.progress, lasted) if part)
            told = (said, more, clean_line(run.still or "") or start.remains(run))
            self._progress.show(f"◐ {mark.name}", ", ".join(part for part in told if part))
        elif run.live and not run.ready:
            self._progress.show(f"◌ {run.status}")

    def close(self) -> None:
        """Leave the line that was written over."""
        self._progress.done()


def phase_line(mark: PhaseMark) -> str:
    """``✔ load  23.5 s`` of a phase that is over."""
    lasted = None if mark.ended is None else mark.ended - mark.started
    return f"✔ {mark.name:<10} {words.seconds(lasted)}"


def check_ready(run: RunView) -> int:
    """Exit code 0 for a run that is ready; raises VdeckError with the reason when it ended first."""
    if run.ready:
        return EXIT_DONE
    raise ended_error(run, " before it was ready")


def check_completed(run: RunView) -> int:
    """Exit code 0 for a run that completed; raises VdeckError with the reason for any other end."""
    if run.status == "completed":
        return EXIT_DONE
    raise ended_error(run)


def ended_error(run: RunView, when: str = "") -> VdeckError:
    """The error of a run that ended in another way than the caller waited for."""
    verb = {"terminated": "was terminated", "lost": "was lost"}.get(run.status, run.status)
    reason = f": {run.reason}" if run.reason else ""
    where = "diagnose" if run.status == "failed" else "run logs"
    return VdeckError(f"run {run.id} ({run.name}) {verb}{when}{reason}", fix=f"see vdeck {where} {run.id}")


def goes_on(run_id: str) -> None:
    """What is said when the waiting was interrupted."""
    output.note(f"Interrupted. Run #{run_id} goes on: `vdeck run read {run_id}` shows it, "
                f"`vdeck run terminate {run_id}` stops it.")  # fmt: skip
