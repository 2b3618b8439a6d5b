"""Where the panes' data comes from: one protocol, so that tests can stand in, and its real form.

Every method here may block and is called in a thread; modules are imported when they are first needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from launcher.runs.view import RunView
from tui.chat.sources import ChatSources, LiveChatSources

if TYPE_CHECKING:
    from launcher.fleet import Fleet
    from launcher.logs.map import LogMap
    from launcher.logs.merge import MergedLog
    from launcher.metrics.catalog import Charts
    from launcher.metrics.families import Family
    from launcher.metrics.goals import Goal
    from launcher.metrics.history import History
    from launcher.prometheus.reader import OlderCharts
    from launcher.runs.events import Event
    from launcher.runs.explain import Explained
    from tui.bench.sources import BenchSources
    from tui.detail.overview_pane import Particulars

LAST_LINES = 8
"""Of the log of a failed run, in the Overview."""
_EXTRAS = "metric-charts"
"""The setting that holds the names of families, apart by blanks (which no name has)."""


class Sources(ChatSources, Protocol):
    """What the controller asks for. Raises VdeckError or OSError when it cannot be had."""

    @property
    def bench(self) -> BenchSources:
        """The benchmarks."""
        ...

    def particulars(self, run: RunView) -> Particulars:
        """What only the record of the run knows."""
        ...

    def charts(
        self, run: RunView, start_ms: int, end_ms: int, points: int, extra: tuple[str, ...] = ()
    ) -> Charts | None:
        """The charts of a window, with the goals of the run and those of the families ``extra``; None when nothing
        was recorded."""
        ...

    def families(self, run: RunView) -> tuple[Family, ...]:
        """Every family of metrics that the server has."""
        ...

    def extras(self) -> tuple[str, ...]:
        """The families that the user charts beside our own."""
        ...

    def keep_extras(self, families: tuple[str, ...]) -> None:
        """Have them there the next time."""
        ...

    def goals(self, run: RunView) -> tuple[Goal, ...]:
        """What the run is to keep to."""
        ...

    def set_goals(self, run: RunView, goals: tuple[Goal, ...]) -> None:
        """Replace them."""
        ...

    def open_log(self, run: RunView) -> LogMap:
        """The run's output, by bytes."""
        ...

    def merge_logs(self, runs: tuple[RunView, ...]) -> MergedLog:
        """The newest output of several runs as one."""
        ...

    def redactor(self, run: RunView) -> Callable[[str], str]:
        """What masks the secrets of the run in a text."""
        ...

    def events(self, run: RunView) -> tuple[Event, ...]:
        """What happened to the run, oldest first."""
        ...


class LiveSources(LiveChatSources):
    """The real ones: run folder, history of the fleet, server of the run."""

    def __init__(self, fleet: Fleet | None) -> None:
        self._fleet = fleet

    @cached_property
    def bench(self) -> BenchSources:
        from tui.bench.sources import LiveBenchSources

        return LiveBenchSources()

    @cached_property
    def _older(self) -> OlderCharts:
        from launcher.prometheus.reader import OlderCharts

        return OlderCharts()

    def particulars(self, run: RunView) -> Particulars:
        """Notes and environment from ``run.json``; nothing when it is damaged (the run's reason says so already)."""
        from launcher.paths import RunPaths
        from launcher.runs import files, record
        from tui.detail.overview_pane import Particulars

        value, problem = files.read_json(RunPaths(run.folder).record)
        if value is None:
            return Particulars(notes=(problem,) if problem else ())
        try:
            found = record.from_json(value)
        except ValueError:
            return Particulars(notes=("run.json is damaged",))
        mask = self.redactor(run)
        env = tuple((str(name), mask(str(text))) for name, text in found.env.items())
        ends = self._last_lines(run) if run.status in ("failed", "lost") else ()
        why = self._explained(run) if run.status in ("failed", "lost") else None
        return Particulars(tuple(map(str, found.notes)), env, tuple(map(str, found.secret_names)), why, ends)

    def _explained(self, run: RunView) -> Explained | None:
        """The diagnosis of a run that failed; nothing when it cannot be made (the end of the log still tells)."""
        from launcher.errors import VdeckError
        from launcher.runs import control

        try:
            return control.explain(run.id)
        except (VdeckError, OSError):
            return None

    def _last_lines(self, run: RunView) -> tuple[str, ...]:
        """How the log ends: what a person looks for first when a run failed. Nothing when there is no log."""
        from launcher.logs.tail import LogFile
        from launcher.paths import RunPaths
        from tui.detail import log_text

        try:
            raw = LogFile(RunPaths(run.folder).output).last(4 * LAST_LINES)
        except OSError:
            return ()
        redact = self.redactor(run)
        shown = (log_text.plain(line, redact).rstrip() for line in raw)
        return tuple(line for line in shown if line)[-LAST_LINES:]

    def charts(
        self, run: RunView, start_ms: int, end_ms: int, points: int, extra: tuple[str, ...] = ()
    ) -> Charts | None:
        """The charts of a window; None when nothing was recorded for this run. Benchmarks are marked in them."""
        from launcher.bench.marks import marks
        from launcher.metrics import catalog
        from launcher.paths import RunPaths
        from launcher.runs import goal_file

        history = self._history(run)
        if history is None:
            return None
        history.refresh()
        found, _ = goal_file.read(RunPaths(run.folder).goals)  # a damaged file costs the goal lines, not the charts
        goals = found.goals if found is not None else ()
        charts = catalog.charts(history, start_ms=start_ms, end_ms=end_ms, points=points, goals=goals, extra=extra)
        charts = charts._replace(marks=tuple(sorted((*charts.marks, *marks(run.folder, start_ms, end_ms)))))
        return self._older.extend(charts, run, points=points, begin_ms=history.earliest_ms)

    def families(self, run: RunView) -> tuple[Family, ...]:
        """Every family in the newest samples; nothing when nothing was recorded."""
        from launcher.metrics import families

        history = self._history(run)
        if history is None:
            return ()
        history.refresh()
        latest = history.latest_ms
        return families.families(history, latest) if latest is not None else ()

    def _history(self, run: RunView) -> History | None:
        return self._fleet.history(run.id) if self._fleet is not None else None

    def extras(self) -> tuple[str, ...]:
        from launcher import settings

        return tuple(settings.read().get(_EXTRAS, "").split())

    def keep_extras(self, families: tuple[str, ...]) -> None:
        from launcher import settings

        settings.remember(_EXTRAS, " ".join(families))

    def goals(self, run: RunView) -> tuple[Goal, ...]:
        """The goals in the run folder; a damaged file is told, not taken for none."""
        from launcher.runs import control

        return control.goals(run.id).goals

    def set_goals(self, run: RunView, goals: tuple[Goal, ...]) -> None:
        """Replace the goals; how a miss is told stays as it was."""
        from launcher.errors import VdeckError
        from launcher.metrics.goals import Goals
        from launcher.runs import control

        try:
            before = control.goals(run.id)
        except VdeckError:  # the file is damaged: what is written now repairs it
            before = Goals()
        control.set_goals(run.id, before._replace(goals=goals))

    def open_log(self, run: RunView) -> LogMap:
        from launcher.logs.map import LogMap
        from launcher.paths import RunPaths

        return LogMap(RunPaths(run.folder).output)

    def merge_logs(self, runs: tuple[RunView, ...]) -> MergedLog:
        from launcher.logs.merge import MergedLog
        from launcher.paths import RunPaths

        near = max((run.ended or time.time() for run in runs), default=time.time())
        return MergedLog([RunPaths(run.folder).output for run in runs], near=near)

    def events(self, run: RunView) -> tuple[Event, ...]:
        from launcher.runs import control

        return control.events(run.id)
