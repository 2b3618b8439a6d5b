"""``vdeck run metrics``: the figures of a run, measured over a window."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, VdeckError
from launcher.runs.view import RunView, rfc3339
from tui.commands import output
from tui.commands.metrics_table import lines
from tui.commands.options import Values
from tui.commands.which import run_of

if TYPE_CHECKING:
    from launcher.metrics.goals import Goals
    from launcher.metrics.report import GpuFigures, Report


def metrics(values: Values) -> int:
    """Print the figures over the last ``--window`` of what was recorded. Raises VdeckError when nothing was."""
    run = run_of(values.word("ID"))
    found = report(run, max(1, round(values.seconds("window") or 0)), older=True)
    if found is None:
        raise VdeckError(f"run {run.id} ({run.name}) has no metrics{_why(run)}")
    if values.flag("json"):
        output.document(document(run, found))
    else:
        for line in lines(run, found):
            output.say(line)
    return EXIT_DONE


def report(run: RunView, window_s: int, goals: Goals | None = None, *, older: bool = False) -> Report | None:
    """The report of a run over the last ``window_s`` seconds (ended: up to its last sample); None without a sample.
    ``goals``: those to judge by, else the run's own. ``older``: ask a Prometheus when the window begins before our own
    history."""
    from launcher.fleet import Fleet
    from launcher.metrics import goals as rules
    from launcher.metrics import report as reports
    from launcher.runs import control

    history = Fleet().history(run.id)
    if history is not None:
        history.refresh()
    latest = None if history is None else history.latest_ms
    if history is None or latest is None:
        return None
    if goals is None:
        try:
            goals = control.goals(run.id)
        except VdeckError as error:  # the figures are there all the same
            output.note(f"warning: {error.title}")
            goals = rules.Goals()
    now_ms = int(time.time() * 1000) if run.live else latest
    found = reports.make(history, now_ms=now_ms, window_s=window_s, goals=goals.goals)
    return _with_older(run, found, now_ms, history.earliest_ms or latest) if older else found


def _with_older(run: RunView, own: Report, now_ms: int, begin_ms: int) -> Report:
    """The report over the whole window when a Prometheus has the part before our own history; else our own."""
    if begin_ms <= now_ms - own.window_s * 1000:
        return own
    from launcher.prometheus import report as reports

    try:
        return reports.over(run, own, now_ms=now_ms, begin_ms=begin_ms)
    except VdeckError as error:
        output.note(f"Older history was not read: {error.sentence()}")
        return own


def _why(run: RunView) -> str:
    if run.ready:
        return " yet: nothing was scraped so far"
    if run.live:
        return f" yet: it is not ready ({run.phase or (run.attached and run.reason) or run.status})"
    return ": it ended before anything was scraped"


def document(run: RunView, found: Report) -> dict[str, Any]:
    """The document of ``--json``: rates per second, times in seconds, ratios 0 to 1, unknown null."""
    figures = found.figures._asdict()
    at_ms = figures.pop("at_ms")
    value = {
        "id": run.id,
        "name": run.name,
        "at": rfc3339(None if at_ms is None else at_ms / 1000),
        "window_s": found.window_s,
        "interval_s": found.interval_s,
        "prometheus": found.source,
        "health": run.health,
        "advice": run.advice,
        "figures": figures | _more(found),
        "goals": [
            {"key": goal.key, "limit_s": goal.limit_s, "share": goal.share, "attained": share}
            for goal, share in found.goals
        ],
        "missed": list(run.missed),
        "gpus": [_gpu(gpu) for gpu in found.gpus],
    }
    return {key: _finite(item) for key, item in value.items()}


def _more(found: Report) -> dict[str, Any]:
    """The figures that the table of runs does not have."""
    latencies = {f"{key}_{name}": value for key, one in found.latencies for name, value in one._asdict().items()}
    return latencies | {
        **{f"{key}_mean": value for key, value in found.times},
        "finished_ps": dict(found.finished_ps),
        "error_share": found.error_share,
        "steps_ps": found.steps_ps,
        "tokens_per_step": found.tokens_per_step,
        "draft_acceptance": found.accepted,
        "tokens_per_draft": found.tokens_per_draft,
    }


def _gpu(gpu: GpuFigures) -> dict[str, Any]:
    return gpu._asdict() | {"processes": [{"name": name, "memory": used} for name, used in gpu.processes]}


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinity: such a figure is unknown."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
