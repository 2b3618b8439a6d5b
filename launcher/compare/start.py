"""How long two starts took, phase by phase. Pure."""

from __future__ import annotations

from launcher.compare.row import Row, Section, number_row, span_row
from launcher.compare.side import Side
from launcher.logs.phases import PHASES
from launcher.runs.view import RunView


def section(a: Side, b: Side, now: float) -> Section:
    """Seconds by phase and up to ready; the phase that goes on counts up to ``now``."""
    says = [said for word, side in (("A", a), ("B", b)) if (said := _says(word, side.run))]
    first, second = seconds(a.run, now), seconds(b.run, now)
    names = sorted({*first, *second}, key=lambda name: PHASES.index(name) if name in PHASES else len(PHASES))
    rows = [span_row(name, first.get(name), second.get(name)) for name in names]
    if names:
        rows.append(span_row("until ready", total(a.run), total(b.run)))
        rows += _download(a.run, b.run)
    return Section("start", tuple(says), rows=tuple(rows))


def seconds(run: RunView, now: float) -> dict[str, float]:
    """Seconds of each phase of the last start; ``ready`` is no work but its end."""
    found: dict[str, float] = {}
    for mark in run.phases:
        if mark.name == "ready":
            continue
        ended = mark.ended if mark.ended is not None else now if run.live else None
        if ended is not None:
            found[mark.name] = found.get(mark.name, 0.0) + max(0.0, ended - mark.started)
    return found


def total(run: RunView) -> float | None:
    """Seconds from the first phase to ready; None when it never got there."""
    done = next((mark.started for mark in run.phases if mark.name == "ready"), None)
    begin = min((mark.started for mark in run.phases), default=None)
    return None if done is None or begin is None else max(0.0, done - begin)


def _download(a: RunView, b: RunView) -> list[Row]:
    first, second = (run.download.total if run.download is not None else None for run in (a, b))
    return [] if first is None and second is None else [number_row("to download", first, second, "B")]


def _says(word: str, run: RunView) -> str:
    if run.attached:
        return f"{word} was not started by vdeck: nobody saw its start."
    if not run.phases:
        return f"{word} has no recorded start."
    if total(run) is None:
        return f"{word} is still starting." if run.live else f"{word} never became ready."
    if run.restarts:
        return f"{word} was restarted ({run.restarts}): this is its last start."
    return ""
