"""Feeds the log pane: follows the file, scans it in small steps, searches, jumps, saves. All reading is in threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from launcher.errors import VdeckError
from launcher.logs.lens import Lens
from launcher.logs.map import LogMap
from launcher.logs.merge import MergedLog
from launcher.logs.rows import Rows
from launcher.runs.view import RunView
from tui.detail.log_hunt import Hunt
from tui.detail.log_lens import Choice
from tui.detail.log_paint import Label
from tui.detail.log_turns import LULL_S, Turns
from tui.detail.log_wants import Find, Forget, Jump, Look, NextProcess, Save, Want

if TYPE_CHECKING:
    from tui.detail.log_pane import LogPane
    from tui.detail.sources import Sources

_STEP_S = 0.008
"""One piece of scanning: the screen waits for no longer than that."""
_PAINT_S = 0.2
WORK_GROUP = "log-work"


class LogFeed:
    """One log (``runs`` has one run) or the merged one of several. Its workers belong to the widget ``host``."""

    def __init__(self, host: Widget, sources: Sources, runs: tuple[RunView, ...]) -> None:
        self.runs = runs
        self._host = host
        self._sources = sources
        self._log: LogMap | None = None
        self._rows: Rows | None = None
        self._choice = Choice()
        self._redact: Callable[[str], str] = str
        self._hunt: Hunt | None = None
        self._wake = asyncio.Event()
        self._turns = Turns()

    async def follow(self, pane: LogPane, period_s: float) -> None:
        """Until cancelled. Can be called again: what was scanned is kept."""
        if self._log is None:
            await self._open(pane)
        while True:
            began = time.monotonic()
            await self._look(pane)
            await self._scan(pane, began + period_s)

    async def _open(self, pane: LogPane) -> None:
        log = await asyncio.to_thread(self._read)
        self._log, self._rows = log, Rows(log, Lens())
        pane.show_log(self._rows, self._redact, self._label if len(self.runs) > 1 else None, len(self.runs))
        await asyncio.sleep(LULL_S)

    def _read(self) -> LogMap:
        """All that blocks in opening a log."""
        self._redact = _all_of([self._sources.redactor(run) for run in self.runs])
        return self._sources.merge_logs(self.runs) if len(self.runs) > 1 else self._sources.open_log(self.runs[0])

    def _label(self, offset: int) -> Label:
        assert isinstance(self._log, MergedLog)
        owner = self._log.owner(offset)
        run = self.runs[owner]
        alike = sum(other.name == run.name for other in self.runs) > 1
        return Label(f"{run.name} {run.id[-4:]}" if alike else run.name, owner)

    async def _look(self, pane: LogPane) -> None:
        """Take up what the file has more, or that it began anew."""
        assert self._log is not None and self._rows is not None
        change = await asyncio.to_thread(self._log.refresh)
        if change == "restarted" and not isinstance(self._log, MergedLog):
            pane.began_anew()
        if change == "restarted" or self._rows.lens != self._choice.lens():
            await self._relook(pane, change == "restarted")
        elif change == "grown":
            await self._turns.work(self._rows.refresh)
            pane.rows_changed()
        if self._hunt is not None and change == "grown":
            self._hunt.more()

    async def _relook(self, pane: LogPane, restarted: bool) -> None:
        assert self._log is not None
        rows = Rows(self._log, self._choice.lens())
        await self._turns.work(rows.step, _STEP_S)
        dropped = self._log.dropped if restarted and isinstance(self._log, MergedLog) else None
        self._rows = rows
        if self._hunt is not None:
            self._hunt.begin(self._log, rows)
        pane.show_rows(rows, dropped or 0)

    async def _scan(self, pane: LogPane, until: float) -> None:
        """Scan on until it is time to look at the file again; wait when there is nothing left to scan."""
        painted = time.monotonic()
        changed = False
        while (left := until - time.monotonic()) > 0 and not self._wake.is_set():
            rows = self._rows
            assert rows is not None
            if rows.complete:
                if changed:
                    pane.rows_changed()
                    changed = False
                try:
                    await asyncio.wait_for(self._wake.wait(), left)
                except TimeoutError:
                    return
                break
            changed = await self._turns.work(rows.step, _STEP_S, pane.top_row) or changed
            if changed and time.monotonic() - painted > _PAINT_S:
                pane.rows_changed()
                painted, changed = time.monotonic(), False
        if changed:
            pane.rows_changed()
        self._wake.clear()

    # -- what the pane wants

    def want(self, pane: LogPane, want: Want) -> None:
        """Do it; what takes time is a worker of its own."""
        if self._log is None or self._rows is None:
            return
        if isinstance(want, Look):
            self._choice = want.choice
            self._wake.set()
        elif isinstance(want, Find):
            if self._hunt is None or not want.again:
                self._hunt = Hunt(self._log, self._rows, want.pattern, self._redact, self._turns)
            self._work(partial(self._hunt.run, pane, want), "log-hunt")
        elif isinstance(want, Forget):
            self._host.workers.cancel_group(self._host, "log-hunt")
            self._hunt = None
        elif isinstance(want, Jump):
            self._work(partial(self._jump, pane, want), WORK_GROUP)
        elif isinstance(want, Save):
            self._work(partial(self._save, pane, want), "log-save")
        elif isinstance(want, NextProcess):
            self._work(partial(self._next_process, pane), WORK_GROUP)

    async def _jump(self, pane: LogPane, want: Jump) -> None:
        from launcher.logs.when import moment

        log = self._log
        assert log is not None
        ended = None if any(run.live for run in self.runs) else max((run.ended or 0 for run in self.runs), default=0)
        try:
            at = moment(want.words, now=ended or time.time())
        except VdeckError:
            pane.ask_again("time", want.words)
            raise
        if isinstance(log, MergedLog):
            offset: int | None = log.offset_since(at)
        else:
            offset = await asyncio.to_thread(log.first_since, at)
        pane.jumped(offset, at, beyond=offset is not None and offset >= log.size)

    async def _next_process(self, pane: LogPane) -> None:
        from launcher.logs import processes

        assert self._log is not None
        pane.choose_process(await asyncio.to_thread(processes.names, self._log))

    async def _save(self, pane: LogPane, want: Save) -> None:
        from tui.detail import log_saving

        assert self._log is not None
        try:
            path = await asyncio.to_thread(log_saving.free_path, want.name)
        except VdeckError:
            pane.ask_again("save", want.name)
            raise
        log = self._log if isinstance(self._log, MergedLog) else await asyncio.to_thread(LogMap, self._log.path)
        saving = log_saving.Saving(
            log, self._choice.lens(), self._redact, want.picked, self._label if len(self.runs) > 1 else None
        )
        pane.saving(path)
        try:
            count = await asyncio.to_thread(saving.write, path)
        except asyncio.CancelledError:
            saving.stopped = True
            raise
        pane.saved(path, count)

    def _work(self, work: Callable[[], Awaitable[None]], group: str) -> None:
        guarded = partial(self._guarded, work)
        self._host.run_worker(guarded, group=group, exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (VdeckError, OSError) as error:
            words = error.sentence() if isinstance(error, VdeckError) else f"Cannot do it: {error.strerror or error}."
            self._host.notify(words, severity="error", markup=False)

    def close(self) -> None:
        """Another log is shown: end everything but a file that is being saved."""
        if self._host.is_attached:
            for group in (WORK_GROUP, "log-hunt"):
                self._host.workers.cancel_group(self._host, group)
        if self._log is not None:
            self._log.close()


def _all_of(redactors: list[Callable[[str], str]]) -> Callable[[str], str]:
    if len(redactors) == 1:
        return redactors[0]

    def redact(text: str) -> str:
        for each in redactors:
            text = each(text)
        return text

    return redact
