"""The other result of a comparison: any benchmark of any run."""

from __future__ import annotations

import time

from launcher.bench.result import Bench
from launcher.text import clean_line
from tui.bench import text
from tui.chat.picking import Picking


class BenchDialogPicking(Picking[Bench]):
    """Dismissed with the benchmark, or None."""

    TITLE_TEXT = "Compare with"
    EMPTY = "There is no other result yet."

    def line(self, entry: Bench) -> str:
        return f"{clean_line(entry.run_name):<14} {text.list_line(entry, time.time(), 200).plain.strip()}"

    def text(self, entry: Bench) -> str:
        return text.detail(entry, 90).plain
