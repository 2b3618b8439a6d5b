"""``vdeck run metrics``: the figures of a run as a small table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, VdeckError
from launcher.runs.view import RunView, rfc3339
from tui import format as words
from tui.commands import output
from tui.commands.options import Values
from tui.commands.run_list import moment
from tui.commands.which import run_of

if TYPE_CHECKING:
    from launcher.metrics.figures import Figures

_LATENCIES = (("TTFT", "ttft"), ("ITL", "itl"), ("E2E", "e2e"))


def metrics(values: Values) -> int:
    """Print the figures over the last ``--window`` of what was recorded. Raises VdeckError when nothing was."""
    from launcher.fleet import Fleet
    from launcher.metrics import figures

    run = run_of(values.word("ID"))
    window_s = max(1, round(values.seconds("window") or 0))
    history = Fleet().history(run.id)
    if history is not None:
        history.refresh()
    latest = None if history is None else history.latest_ms
    if history is None or latest is None:
        raise VdeckError(f"run {run.id} ({run.name}) has no metrics{_why(run)}")
    now_ms = int(time.time() * 1000) if run.live else latest
    found = figures.current(history, now_ms=now_ms, window_s=window_s)
    if values.flag("json"):
        output.document(document(run, found, window_s))
    else:
        for line in lines(run, found, window_s):
            output.say(line)
    return EXIT_DONE


def _why(run: RunView) -> str:
    if run.ready:
        return " yet: nothing was scraped so far"
    if run.live:
        return f" yet: it is not ready ({run.phase or (run.attached and run.reason) or run.status})"
    return ": it ended before anything was scraped"


def lines(run: RunView, found: Figures, window_s: int) -> list[str]:
    """The table. What is unknown is ``-``."""
    at = None if found.at_ms is None else found.at_ms / 1000
    single = [
        ("Prompt", words.rate(found.prompt_tps)),
        ("Generation", words.rate(found.gen_tps)),
        ("Requests", words.rate(found.requests_ps, "req/s")),
        ("Running", words.count(found.running)),
        ("Waiting", words.count(found.waiting)),
        ("KV cache", words.percent(found.kv)),
        ("Prefix cache hits", words.percent(found.prefix_hit)),
        ("Preemptions", words.rate(found.preemptions_ps, "/s")),
    ]
    spread = [["", "p50", "p95", "p99"]]
    for title, key in _LATENCIES:
        spread.append([title, *(words.latency(getattr(found, f"{key}_{p}")) for p in ("p50", "p95", "p99"))])
    return [
        f"#{run.id} {run.name}: {words.duration(window_s)} up to {moment(at)}",
        "",
        *output.table(single),
        "",
        *output.table(spread, right=(1, 2, 3)),
    ]


def document(run: RunView, found: Figures, window_s: int) -> dict[str, Any]:
    """The document of ``--json``: rates per second, latencies in seconds, ratios 0 to 1, unknown null."""
    value = found._asdict()
    at_ms = value.pop("at_ms")
    value["spark"] = list(value["spark"])
    return {
        "id": run.id,
        "name": run.name,
        "at": rfc3339(None if at_ms is None else at_ms / 1000),
        "window_s": window_s,
        "figures": {key: _finite(item) for key, item in value.items()},
    }


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinity: such a figure is unknown."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
