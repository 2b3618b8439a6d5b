"""How fast the machine is at this moment: a share of a core means little without it where others use the same cores."""

from __future__ import annotations

import time

ADDITIONS = 10_000_000


def speed() -> str:
    """One line: the CPU time of a fixed loop. Twice as much, and every share of a core beside it is double."""
    started, total = time.process_time(), 0
    while total < ADDITIONS:
        total += 1
    spent = time.process_time() - started
    return f"machine: {ADDITIONS // 1_000_000} M additions take {spent:.2f} s of CPU at the moment"
