"""``vdeck run list``: the quick path, at most 4 x the time of an empty interpreter for 100 runs."""

from __future__ import annotations

import time

from launcher.errors import EXIT_DONE
from launcher.runs.view import RunView
from tui.commands import output
from tui.commands.options import Values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = ("ID", "Name", "Type", "Status", "Created", "Description")
"""The columns of ``vessl run list``, in its order."""


def list_runs(values: Values) -> int:
    """Print the runs that the options choose, newest first."""
    from launcher.runs.listing import load_all

    everything = load_all()
    runs = chosen(everything, live=values.flag("live"), statuses=values.many("status"), name=values.text("name"))
    if values.flag("json"):
        from launcher.runs.view import to_json

        output.document([to_json(run) for run in runs])
    else:
        print("\n".join(output.table([HEADER, *map(row, runs)], limit=output.terminal_width())))
    _adopt(everything)
    return EXIT_DONE


def _adopt(runs: Sequence[RunView]) -> None:
    """A live run whose supervisor was killed gets a new one from whoever sees it first."""
    from launcher.runs.listing import needs_supervisor

    orphans = [run for run in runs if run.live and needs_supervisor(run)]
    if orphans:
        from launcher.runs.adopt import Adopter

        output.flush()
        Adopter().look(orphans)


def chosen(
    runs: Sequence[RunView], *, live: bool = False, statuses: Sequence[str] = (), name: str | None = None
) -> list[RunView]:
    """The runs that match every given condition; ``name`` is a glob, case counts."""
    if name is not None:
        from fnmatch import fnmatchcase

        runs = [run for run in runs if fnmatchcase(run.name, name)]
    return [run for run in runs if (run.live or not live) and (run.status in statuses or not statuses)]


def row(run: RunView) -> tuple[str, ...]:
    """The six columns of one run."""
    return (run.id, run.name, run.type, run.status, moment(run.created), run.description)


def moment(seconds: float | None) -> str:
    """VESSL's form of a time, in UTC: ``2024-02-06 04:16:36+00:00``; ``-`` when it is not known or makes no sense."""
    if seconds is None:
        return "-"
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):  # a damaged record may hold any number
        return "-"
