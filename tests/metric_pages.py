"""Real metrics pages of vLLM servers, and a history made of them."""

from __future__ import annotations

import gzip
import os
import re

from launcher.metrics.history import History
from launcher.metrics.recorder import Recorder

START = 1_795_000_000_000
PAGES = os.path.join(os.path.dirname(__file__), "launcher", "metrics")


def real_page(name: str) -> str:
    with gzip.open(os.path.join(PAGES, name), "rt", encoding="utf-8") as file:
        return file.read()


def history_of(folder: object, rows: list[tuple[int, str]], marks: tuple[tuple[int, str], ...] = ()) -> History:
    recorder = Recorder(str(folder))
    pending = list(marks)
    for ms, text in rows:
        while pending and pending[0][0] <= ms:
            at, kind = pending.pop(0)
            recorder.gap(at) if kind == "gap" else recorder.mark(at, kind)
        recorder.record(text.encode(), ms)
    for at, kind in pending:
        recorder.gap(at) if kind == "gap" else recorder.mark(at, kind)
    recorder.close()
    history = History(str(folder))
    history.refresh()
    return history


def scaled(text: str, factor: float) -> str:
    """The page with every number of a vLLM counter or bucket times a factor."""
    return re.sub(
        r"^(vllm:\S*(?:_total|_bucket|_sum|_count)(?:\{[^}]*\})?) (\S+)$",
        lambda match: f"{match[1]} {float(match[2]) * factor!r}",
        text,
        flags=re.MULTILINE,
    )


def minute(text: str, per_second: float = 0.01, seconds: int = 61) -> list[tuple[int, str]]:
    """A minute in which every counter of the page grows by that part of its value each second."""
    return [(START + i * 1000, scaled(text, 10 + i * per_second)) for i in range(seconds)]
