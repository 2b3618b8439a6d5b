"""Benchmarks for other programs and for people: CSV, Markdown, JSON. Pure. Columns are named as vLLM names them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from launcher.bench import result_json, sustained
from launcher.bench.loads import load_name
from launcher.bench.plan import Plan
from launcher.bench.result import Bench, Latency, Point
from launcher.runs.view import rfc3339
from launcher.text import clean_line

FORMATS = ("csv", "md", "json")
_KEYS = (("ttft", "ttft"), ("tpot", "tpot"), ("itl", "itl"), ("e2e", "e2el"))
_PARTS = (("mean", "mean"), ("p50", "p50"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99"), ("std", "std"))


def as_text(benches: Sequence[Bench], form: str) -> str:
    """All of them in one text of a form of ``FORMATS``."""
    return {"csv": as_csv, "md": as_markdown, "json": as_json}[form](benches)


def as_csv(benches: Sequence[Bench]) -> str:
    """One row a load, latencies in ms; what is unknown is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for bench in benches:
        for point in bench.points:
            writer.writerow(["" if value is None else _safe(value) for value in _values(bench, point)])
    return out.getvalue()


COLUMNS: tuple[str, ...] = (
    "benchmark", "run_id", "run_name", "status", "label", "model_id", "engine", "client", "dataset", "num_prompts",
    "started", "request_rate", "max_concurrency", "burstiness", "seed", "duration", "completed", "failed",
    "total_input_tokens", "total_output_tokens", "request_throughput", "request_goodput", "output_throughput",
    "total_token_throughput", "max_output_tokens_per_s", "max_concurrent_requests",
    *(f"{part}_{name}_ms" for _, name in _KEYS for part, _ in _PARTS),
    "error", "warnings",
)  # fmt: skip
"""The first row of the CSV."""


def _values(bench: Bench, point: Point) -> list[object]:
    rate = "inf" if point.load.rate is None else point.load.rate
    return [
        bench.id, bench.run_id, bench.run_name, bench.status, bench.plan.label, bench.model, bench.engine, bench.client,
        bench.plan.dataset, bench.plan.prompts, rfc3339(point.started or None), rate, point.load.concurrency,
        bench.plan.burstiness, point.seed, point.duration_s, point.completed, point.failed, point.input_tokens,
        point.output_tokens, point.request_rate, point.goodput, point.output_rate, point.total_rate,
        point.peak_output_rate, point.peak_concurrency,
        *(_ms(getattr(getattr(point, key), field)) for key, _ in _KEYS for _, field in _PARTS),
        point.error, " ".join(point.warnings) or None,
    ]  # fmt: skip


def _safe(value: object) -> object:
    """Text from outside must not become a formula in a spreadsheet."""
    if not isinstance(value, str):
        return value
    text = clean_line(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def as_json(benches: Sequence[Bench]) -> str:
    """The documents of ``result read --json`` in one list; seconds."""
    return json.dumps([result_json.to_json(bench) for bench in benches], indent=2, ensure_ascii=False) + "\n"


def as_markdown(benches: Sequence[Bench]) -> str:
    """A heading, what was asked, a table and the warnings of each."""
    return "\n".join(_section(bench) for bench in benches)


_HEAD = (
    "load", "req/s", "tok/s", "TTFT p50", "TTFT p99", "TPOT p50", "TPOT p99", "ITL p50", "ITL p99", "E2E p50",
    "E2E p99", "goodput", "failed",
)  # fmt: skip


def _section(bench: Bench) -> str:
    title = f"{bench.plan.label or 'Benchmark'} of {bench.model or bench.run_name}"
    facts = [f"run {bench.run_name} #{bench.run_id}", f"benchmark #{bench.id}", rfc3339(bench.created or None) or "",
             f"engine {bench.engine}" if bench.engine else "", f"client {bench.client}" if bench.client else "",
             bench.status]  # fmt: skip
    lines = [
        f"## {_cell(title)}",
        "",
        _cell(", ".join(fact for fact in facts if fact)) + ".",
        "",
        _cell(asked(bench)),
        "",
    ]
    lines += [f"| {' | '.join(_HEAD)} |", "|---" + "|---:" * (len(_HEAD) - 1) + "|"]
    lines += [f"| {' | '.join(map(_cell, cells(point)))} |" for point in bench.points]
    lines += ["", "Latencies in ms."]
    said = sustained.sentence(bench)
    lines += ["", said] if said else []
    lines += ["", f"{bench.status}: {_cell(bench.reason)}."] if bench.reason else []
    notes = [f"- {load_name(p.load)}: {_cell(note)}" for p in bench.points for note in notes_of(p)]
    return "\n".join([*lines, *(["", *notes] if notes else []), ""])


def notes_of(point: Point) -> tuple[str, ...]:
    """What is to be said of a point: its error, its warnings."""
    return (*((point.error,) if point.error else ()), *point.warnings)


def cells(point: Point) -> tuple[str, ...]:
    """One row of the table of points in the order of the Markdown table, latencies in ms, ``-`` for unknown."""
    parts = [_figure(_ms(value)) for key, _ in _KEYS for value in _two(getattr(point, key))]
    failed = "-" if point.failed is None else str(point.failed)
    figures = (point.request_rate, point.output_rate)
    return (load_name(point.load), *map(_figure, figures), *parts, _figure(point.goodput), failed)


def asked(bench: Bench) -> str:
    """``100 random prompts of 256 tokens, answers of 128, goals: ttft 500 ms.``: the plan in one sentence."""
    plan = bench.plan
    what = f"{plan.prompts} {plan.dataset} prompts{_of(plan)} for each load"
    goals = ", ".join(f"{key} {limit_s * 1000:g} ms" for key, limit_s in bench.goals)
    return f"{what}; goals: {goals}." if goals else f"{what}."


def _of(plan: Plan) -> str:
    if plan.dataset == "random":
        prefix = f" ({plan.prefix_len} of them shared)" if plan.prefix_len else ""
        return f" of {plan.input_len + plan.prefix_len} tokens{prefix}, answers of {plan.output_len} tokens,"
    answers = "" if plan.output_len is None else f", answers of {plan.output_len} tokens,"
    return f" of {(plan.path or '').rpartition('/')[2]}{answers}"


def _two(latency: Latency) -> tuple[float | None, float | None]:
    return latency.p50, latency.p99


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f}"


def _cell(text: str) -> str:
    """Text as a cell of a Markdown table."""
    return clean_line(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
