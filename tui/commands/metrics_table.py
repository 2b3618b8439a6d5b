"""The report of ``vdeck run metrics`` as text. Pure; what is unknown is ``-``, what is not there is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launcher.runs.view import RunView
from tui import format as words
from tui.commands import output
from tui.commands.run_list import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.metrics.report import Attained, GpuFigures, Report

_TITLES = {"ttft": "TTFT", "itl": "ITL", "tpot": "TPOT", "e2e": "E2E"}


def lines(run: RunView, found: Report) -> list[str]:
    """All of it, in blocks with an empty line between."""
    at = None if found.figures.at_ms is None else found.figures.at_ms / 1000
    head = f"#{run.id} {run.name}: {words.duration(found.window_s)} up to {moment(at)}"
    if found.interval_s >= 2:
        head += f", a sample every {words.seconds(found.interval_s)}"
    health = [f"{run.health}: {run.advice or ''}"] if run.health else []
    blocks = (
        health,
        output.table(_single(found)),
        _times(found),
        _gpus(found.gpus),
        goal_lines(found.goals),
        [f"Over the window: as {found.source} has it, for it begins before our own history."] if found.source else [],
    )
    printed = [output.clean_line(head)]
    for block in blocks:
        printed += ["", *block] if block else []
    return printed


def _single(found: Report) -> list[tuple[str, str]]:
    figures = found.figures
    reasons = ", ".join(f"{reason} {words.number(rate)}" for reason, rate in found.finished_ps if rate)
    requests = words.rate(figures.requests_ps, "req/s")
    rows = [
        ("Prompt", words.rate(figures.prompt_tps)),
        ("Generation", words.rate(figures.gen_tps)),
        ("Requests", f"{requests} ({reasons})" if reasons else requests),
        ("Errors and aborts", words.percent(found.error_share)),
        ("Running", words.count(figures.running)),
        ("Waiting", words.count(figures.waiting)),
        ("KV cache", words.percent(figures.kv)),
        ("Prefix cache hits", words.percent(figures.prefix_hit)),
        ("Preemptions", words.rate(figures.preemptions_ps, "/s")),
        ("Engine steps", words.rate(found.steps_ps, "/s")),
        ("Tokens per step", words.number(found.tokens_per_step)),
    ]
    if found.accepted is not None:
        rows.append(("Drafts accepted", words.percent(found.accepted)))
        rows.append(("Tokens per draft", words.number(found.tokens_per_draft)))
    return rows


def _times(found: Report) -> list[str]:
    rows = [["", "p50", "p95", "p99", "mean"]]
    rows += [[_TITLES[key], *map(words.latency, one)] for key, one in found.latencies]
    rows += [[key.capitalize(), "", "", "", words.latency(mean)] for key, mean in found.times]
    return output.table(rows, right=(1, 2, 3, 4))


def _gpus(gpus: Sequence[GpuFigures]) -> list[str]:
    rows = []
    for gpu in gpus:
        rows.append((
            f"GPU {gpu.gpu}",
            words.percent(gpu.utilization),
            f"{words.size(gpu.memory_used)} of {words.size(gpu.memory_total)}",
            f"{words.number(gpu.power)} of {words.number(gpu.power_limit)} W",
            f"{words.number(gpu.temperature)} °C",
            f"SM {_hertz(gpu.sm_clock)}, memory {_hertz(gpu.memory_clock)}",
            ", ".join(f"{name} {words.size(used)}" for name, used in gpu.processes),
        ))  # fmt: skip
    return output.table(rows) if rows else []


def _hertz(value: float | None) -> str:
    return f"{value / 1e6:.0f} MHz" if value is not None else words.UNKNOWN


def goal_lines(goals: Sequence[Attained]) -> list[str]:
    """Goals with what was attained of them; nothing without any."""
    if not goals:
        return []
    verdicts = {True: "", False: "missed", None: ""}
    rows = [["Goal", "Limit", "Wanted", "Attained", ""]]
    for one in goals:
        wanted = f"{one.goal.share * 100:g} %"
        share = words.UNKNOWN if one.share is None else f"{int(one.share * 1000) / 10:g} %"
        rows.append([one.goal.title, words.latency(one.goal.limit_s), wanted, share, verdicts[one.kept]])
    return output.table(rows, right=(1, 2, 3))
