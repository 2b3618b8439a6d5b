"""What a log view shows, into a file: filtered, without colours, secrets masked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from launcher.errors import VdeckError
from launcher.logs import save
from launcher.logs.rows import Rows
from launcher.logs.save import free_path
from launcher.text import clean_line
from tui.detail import log_text
from tui.detail.log_paint import Label

if TYPE_CHECKING:
    from launcher.logs.lens import Lens
    from launcher.logs.map import LogMap

__all__ = ["Saving", "free_path"]
_LINES = 500


class Saving:
    """``write`` blocks and belongs into a thread. ``stopped`` ends it: nothing is left of the file then."""

    def __init__(
        self, log: LogMap, lens: Lens, redact: Callable[[str], str], picked: tuple[int, int] | None,
        label: Callable[[int], Label] | None,
    ) -> None:  # fmt: skip
        self.stopped = False
        self._rows = Rows(log, lens)
        self._redact = redact
        self._picked = picked
        self._label = label

    def write(self, path: str) -> int:
        """Make the file; returns the number of lines. Raises VdeckError."""
        return save.save(path, self._lines())

    def _lines(self) -> Iterator[str]:
        rows = self._rows
        first, last = self._picked or (0, 1 << 62)
        while not rows.complete:
            rows.step(0.01)
            self._pause()
        row = rows.row_at(first)
        while lines := rows.lines(row, _LINES):
            for line in lines:
                if line.start > last:
                    return
                text = log_text.whole(line.raw, self._redact)
                yield text if self._label is None else f"{clean_line(self._label(line.start).name)}: {text}"
            row += len(lines)
            self._pause()
        if rows.partial and rows.lens.plain and self._picked is None:
            yield log_text.whole(rows.partial, self._redact)

    def _pause(self) -> None:
        if self.stopped:
            raise VdeckError("saving was stopped")
        time.sleep(0)  # let the screen have its turn
