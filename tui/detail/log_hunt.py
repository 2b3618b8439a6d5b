"""A search in a log: finds the next line and counts all, in small steps, and can be dropped at any moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher.logs.pattern import spans
from launcher.logs.search import Hit, Pending, Search
from tui.detail import log_text
from tui.detail.log_page import PARTIAL
from tui.detail.log_turns import LULL_S, Turns
from tui.detail.log_wants import Find

if TYPE_CHECKING:
    from launcher.logs.map import LogMap
    from launcher.logs.rows import Rows
    from tui.detail.log_pane import LogPane

_STEP_S = 0.008
_TELL_S = 0.2
_HERE_S = 0.007
"""Finding begins without a thread, for so long: a hit that is near is then in the next frame."""


class Hunt:
    """One pattern in one log. A line whose only match is inside a masked secret is no hit: what is not shown is not
    found either (it may still be counted: the count is that of the file)."""

    def __init__(self, log: LogMap, rows: Rows, pattern: str, redact: Callable[[str], str], turns: Turns) -> None:
        self.pattern = pattern
        self._redact = redact
        self._turns = turns
        self._more = asyncio.Event()
        self.begin(log, rows)

    def begin(self, log: LogMap, rows: Rows) -> None:
        """The log or its filter is another one: the count begins anew."""
        self._rows = rows
        self._search = Search(log, rows.lens, self.pattern)
        self._more.set()

    def more(self) -> None:
        """The file has grown."""
        self._more.set()

    async def run(self, pane: LogPane, want: Find) -> None:
        """Find, then count, then count on as the file grows. Cancelled by the next one."""
        await self._find(pane, want)
        await asyncio.sleep(LULL_S)
        told = 0.0
        while True:
            self._more.clear()
            done = False
            while not done:
                hits, done = await self._turns.work(self._search.count_step, _STEP_S)
                if done or time.monotonic() - told > _TELL_S:
                    pane.counted(hits, done, self._search.skipped)
                    told = time.monotonic()
            await self._more.wait()

    async def _find(self, pane: LogPane, want: Find) -> None:
        offset, around = want.offset, False
        here = time.perf_counter() + _HERE_S
        while True:
            if self._turns.free and time.perf_counter() < here:
                found = self._search.find(offset, want.backwards, 0.0)
            else:
                found = await self._turns.work(self._search.find, offset, want.backwards, _STEP_S)
            if isinstance(found, Pending):
                continue
            if found is None:
                if around:
                    pane.show_hit(None, around=False)
                    return
                offset, around = (PARTIAL if want.backwards else 0), True
            elif self._is_seen(found):
                pane.show_hit(found.line_start, around=around)
                return
            else:
                offset = found.line_start + (0 if want.backwards else 1)

    def _is_seen(self, hit: Hit) -> bool:
        line = self._rows.line(self._rows.row_at(hit.line_start))
        return line is None or bool(spans(self.pattern, log_text.plain(line.raw, self._redact)))
