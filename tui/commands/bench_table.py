"""A benchmark as lines of text. Pure; latencies in ms, what is unknown is ``-``."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from launcher.bench import export, sustained
from launcher.bench.compare import Comparison, Row
from launcher.bench.loads import load_name
from launcher.bench.result import Bench, Latency, Point, Progress
from tui import format as words
from tui.commands import output

GLYPHS = {
    "starting": "◌", "running": "◐", "completed": "✔", "failed": "✖", "cancelled": "■", "lost": "?",
}  # fmt: skip
_HEADER = ("load", "req/s", "tok/s", "TTFT ms", "TPOT ms", "ITL ms", "E2E ms", "good/s", "failed")


def figure(value: float | None) -> str:
    """Three significant figures, whole numbers from 100 on: ``3.85``, ``68.1``, ``1234``."""
    if value is None or not math.isfinite(value):
        return words.UNKNOWN
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}"


def points(bench: Bench, *, limit: int | None = None) -> list[str]:
    """The table of the loads: p50 and p99 of the latencies."""
    rows = [_point(point) for point in bench.points]
    return output.table([_HEADER, *rows], limit=limit, right=range(1, len(_HEADER)))


def _point(point: Point) -> tuple[str, ...]:
    latencies = (point.ttft, point.tpot, point.itl, point.e2e)
    failed = words.UNKNOWN if point.failed is None else str(point.failed)
    rates = (figure(point.request_rate), figure(point.output_rate))
    return (load_name(point.load), *rates, *map(_pair, latencies), figure(point.goodput), failed)


def _pair(latency: Latency) -> str:
    if latency.p50 is None and latency.p99 is None:
        return words.UNKNOWN
    return "/".join(figure(None if value is None else value * 1000) for value in (latency.p50, latency.p99))


def summary(bench: Bench, *, limit: int | None = None) -> list[str]:
    """Everything that is to be said at the end: the table, the goals, the warnings."""
    if not bench.points:
        return []
    lines = [*points(bench, limit=limit), "Latencies: p50/p99 in ms."]
    said = sustained.sentence(bench)
    lines += [said] if said else []
    for point in bench.points:
        lines += [f"! {load_name(point.load)}: {note}" for note in export.notes_of(point)]
    return lines


def facts(bench: Bench) -> list[str]:
    """What was asked, of whom, when."""
    reason = f": {bench.reason}" if bench.reason else ""
    pairs = [
        ("Benchmark", bench.id), ("Run", f"{bench.run_name} #{bench.run_id}"),
        ("Status", f"{GLYPHS.get(bench.status, '')} {bench.status}{reason}"),
        ("Label", bench.plan.label), ("Created", words.moment(bench.created or None)),
        ("Asked", export.asked(bench)), ("Loads", ", ".join(map(load_name, bench.plan.loads))),
        ("Model", bench.model or ""), ("Engine", bench.engine or ""), ("Client", bench.client),
        ("Seeds", ", ".join(str(point.seed) for point in bench.points if point.seed is not None)),
        ("Folder", bench.folder),
    ]  # fmt: skip
    return output.table([(title, text) for title, text in pairs if text])


def progress(bench: Bench) -> tuple[str, str]:
    """The step, and how far it is: ``load 2 of 4: measuring``, ``12/32  14.8 req/s``."""
    now = bench.progress
    if now is None:
        return f"{GLYPHS[bench.status]} {bench.status}", ""
    count = len(bench.plan.loads)
    load = f"load {now.load + 1} of {count}" if count > 1 else "load"
    named = load_name(bench.plan.loads[now.load]) if now.load < count else ""
    return f"◐ {load} ({named}): {now.step}", _counted(now)


def _counted(now: Progress) -> str:
    if now.step != "measuring":
        return ""
    rate = f"  {figure(now.rate)} req/s" if now.rate is not None else ""
    return f"{now.done}/{now.total}{rate}"


LIST_HEADER = ("ID", "Run", "Status", "Created", "Data set", "Loads", "req/s", "TTFT ms", "Client", "Label")


def list_row(bench: Bench) -> tuple[str, ...]:
    """One benchmark in a list: the point with the most requests a second stands for it."""
    best = max(bench.points, key=lambda point: point.request_rate or 0.0, default=None)
    rate, ttft = (words.UNKNOWN,) * 2 if best is None else (figure(best.request_rate), _pair(best.ttft))
    loads = f"{len(bench.points)}/{len(bench.plan.loads)}"
    status = f"{GLYPHS.get(bench.status, '')} {bench.status}"
    when = words.when(bench.created or None, time.time())
    return (
        bench.id,
        bench.run_name,
        status,
        when,
        bench.plan.dataset,
        loads,
        rate,
        ttft,
        bench.client,
        bench.plan.label,
    )


_VERDICTS = {"better": "▲ better", "worse": "▼ worse", "same": "· same", "unknown": ""}


def comparison(found: Comparison, *, limit: int | None = None) -> list[str]:
    """What was different, then a table of figures for each load that both measured."""
    lines = [f"A  {_title(found.a)}", f"B  {_title(found.b)}"]
    if found.differences:
        told = [("", "A", "B"), *((one.what, one.a, one.b) for one in found.differences)]
        lines += ["", *output.table(told, limit=limit)]
    for load in dict.fromkeys(row.load for row in found.rows):
        rows = [_compared(row) for row in found.rows if row.load == load]
        lines += ["", *output.table([(load_name(load), "A", "B", "B to A", ""), *rows], right=(1, 2, 3))]
    for name, loads in (("A", found.only_a), ("B", found.only_b)):
        if loads:
            lines += ["", f"Only {name} measured: {', '.join(map(load_name, loads))}."]
    if not found.rows:
        lines += ["", "There is no load that both measured."]
    return lines


def _title(bench: Bench) -> str:
    return f"{bench.id}  {bench.run_name}  {words.moment(bench.created or None)}  {bench.plan.label}".rstrip()


def _compared(row: Row) -> tuple[str, ...]:
    metric = row.metric
    values: Sequence[float | None] = (row.a, row.b)
    if metric.unit == "ms":
        values = [None if value is None else value * 1000 for value in values]
    change = "" if row.change is None else f"{row.change * 100:+.1f} %"
    title = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
    return (title, *map(figure, values), change, _VERDICTS[row.verdict])
