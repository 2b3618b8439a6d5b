"""Benchmarks as text for the tab: a line in the list, the table of points, what is to be said. Pure."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from launcher.bench import export, sustained
from launcher.bench.loads import load_name
from launcher.bench.result import Bench, Point, Progress
from launcher.text import clean_line
from tui import format as words

GLYPHS = {"starting": "◌", "running": "◐", "completed": "✔", "failed": "✖", "cancelled": "■", "lost": "?"}
_COLOURS = {"running": "$accent", "starting": "$accent", "completed": "$success", "failed": "$error", "lost": "$error"}
_MUTED = "$foreground-muted"
_BAR = 20
HEAD = (
    "load", "req/s", "tok/s", "TTFT p50", "TTFT p99", "TPOT p50", "TPOT p99", "ITL p50", "ITL p99",
    "E2E p50", "E2E p99", "good/s", "failed",
)  # fmt: skip


def list_line(bench: Bench, now: float, width: int, mark: str = "") -> Content:
    """``A ✔ 12:04  random 256→128  1, 2, 4 req/s  vllm  820 tok/s  TTFT 47/112 ms  label``."""
    best = max(bench.points, key=lambda point: point.output_rate or 0.0, default=None)
    parts: list[str | tuple[str, str]] = [
        (f"{mark or ' '} ", "bold $accent"),
        (f"{GLYPHS.get(bench.status, '?')} ", _COLOURS.get(bench.status, _MUTED)),
        f"{words.when(bench.created or None, now):<9} {_dataset(bench):<20} {_loads(bench):<22} ",
    ]
    if best is not None:
        parts.append((f"{words.number(best.output_rate)} tok/s".ljust(13), "bold"))
        parts.append(f"TTFT {_pair(best.ttft.p50, best.ttft.p99)}".ljust(20))
    elif bench.live and bench.progress is not None:
        parts.append((bench.progress.step, "$accent"))
    elif bench.reason:
        parts.append((clean_line(bench.reason), _MUTED))
    if bench.plan.label:
        parts.append((f" {clean_line(bench.plan.label)}", _MUTED))
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def _dataset(bench: Bench) -> str:
    plan = bench.plan
    if plan.dataset == "random":
        return f"random {plan.input_len + plan.prefix_len}→{plan.output_len}"
    return f"{plan.dataset} {clean_line((plan.path or '').rpartition('/')[2])}"[:20]


def _loads(bench: Bench) -> str:
    loads = bench.plan.loads
    names = [load_name(load) for load in loads]
    text = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
    return text[:22]


def _pair(a: float | None, b: float | None) -> str:
    return f"{_ms(a)}/{_ms(b)} ms"


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.{0 if seconds >= 0.1 else 1}f}"


def table(points: Sequence[Point], width: int) -> Content:
    """The loads with their figures, latencies in ms; in ``width`` cells, so that what matters least goes first."""
    rows = [tuple(map(clean_line, export.cells(point))) for point in points]
    kept = list(range(len(HEAD)))
    for column in (*_LEAST, None):
        shown = [_head(kept), *([row[place] for place in kept] for row in rows)]
        widths = [max(map(cell_len, texts)) for texts in zip(*shown)]
        if column is None or sum(widths) + len(_GAP) * (len(widths) - 1) <= width:
            break
        kept.remove(column)
    parts: list[str | tuple[str, str]] = []
    for number, row in enumerate(shown):
        cells = [f"{row[0]:<{widths[0]}}", *(f"{cell:>{room}}" for cell, room in zip(row[1:], widths[1:]))]
        parts.append((_GAP.join(cells) + "\n", _MUTED if number == 0 else ""))
    return Content.assemble(*parts)


_LEAST = (5, 6, 9, 7, 1, 12, 8, 10, 3)
"""Columns that go when there is no room, the first first."""
_GAP = "  "


def _head(kept: Sequence[int]) -> list[str]:
    """The names of the columns; a p99 beside its p50 needs no more than that."""
    return [
        HEAD[column].split()[-1] if "p99" in HEAD[column] and column - 1 in kept else HEAD[column] for column in kept
    ]


def detail(bench: Bench, width: int) -> Content:
    """What was asked and of whom, the table, what the goals say, warnings."""
    facts = [export.asked(bench), bench.model or "", bench.engine or "", bench.client, f"#{bench.id}"]
    parts: list[str | Content | tuple[str, str]] = [
        (clean_line(" · ".join(fact.rstrip(".") for fact in facts if fact)) + "\n", _MUTED)
    ]
    if bench.reason and not bench.live:
        colour = _COLOURS.get(bench.status, _MUTED)
        parts.append(
            (f"{GLYPHS.get(bench.status, '?')} {bench.status}: {clean_line(bench.reason)}\n", f"bold {colour}")
        )
    if bench.points:
        parts.append(table(bench.points, width))
    goals = sustained.sentence(bench)
    if goals:
        parts.append((f"◎ {goals}\n", "bold"))
    for point in bench.points:
        parts += [(f"! {load_name(point.load)}: {clean_line(note)}\n", "$warning") for note in export.notes_of(point)]
    return Content.assemble(*parts)


def progress(bench: Bench, now: float, width: int) -> Content:
    """``◐ load 2 of 4 (4 req/s): measuring  ██████░░░░ 12/32  14.8 req/s  0:12, about 40 s more``."""
    seen = bench.progress or Progress()
    count = len(bench.plan.loads)
    named = load_name(bench.plan.loads[min(seen.load, count - 1)]) if count else "-"
    which = f"load {seen.load + 1} of {count} ({named})" if count > 1 else named
    parts: list[str | tuple[str, str]] = [(f"◐ {which}: {clean_line(seen.step)}  ", "bold $accent")]
    if seen.step == "measuring" and seen.total:
        full = round(_BAR * min(1.0, seen.done / seen.total))
        parts += [("█" * full, "$accent"), ("░" * (_BAR - full), _MUTED), f" {seen.done}/{seen.total}"]
        if seen.rate:
            parts.append(f"  {words.number(seen.rate)} req/s")
    gone = max(0.0, now - bench.created) if bench.created else 0.0
    parts.append((f"   x cancels   {words.duration(gone)} gone{_remains(bench, seen)}", _MUTED))
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def _remains(bench: Bench, seen: Progress) -> str:
    """About how long the present load still takes; nothing before that can be said."""
    left = seen.total - seen.done
    if seen.step != "measuring" or not seen.rate or left <= 0:
        return ""
    later = len(bench.plan.loads) - seen.load - 1
    more = f", then {later} more load{'s' if later > 1 else ''}" if later > 0 else ""
    return f", about {words.duration(left / seen.rate)} more{more}"


def ended(bench: Bench) -> str:
    """One sentence for the moment when it ends."""
    best = max(bench.points, key=lambda point: point.output_rate or 0.0, default=None)
    if best is None:
        verb = {"cancelled": "was cancelled", "lost": "was lost"}.get(bench.status, bench.status)
        return f"The benchmark {verb}: {clean_line(bench.reason or 'nothing was measured')}."
    said = (
        f"{words.number(best.output_rate)} tok/s, TTFT {_pair(best.ttft.p50, best.ttft.p99)} at {load_name(best.load)}"
    )
    return f"Benchmark {bench.status}: {said}."


def empty(ready: bool) -> Content:
    """Before the first benchmark."""
    if not ready:
        return Content.styled("○ A benchmark needs a server that is ready.", _MUTED)
    return Content.styled("No benchmark yet. n measures this server: random, ShareGPT or your own prompts.", _MUTED)


def now() -> float:
    """Seconds since the epoch (its own function, so that tests can stop the clock)."""
    return time.time()
