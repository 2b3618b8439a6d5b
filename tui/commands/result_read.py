"""``vdeck result list | read | compare``."""

from __future__ import annotations

from typing import Any

from launcher.bench import store
from launcher.bench.compare import Comparison
from launcher.bench.compare import compare as compared
from launcher.bench.result_json import to_json
from launcher.errors import EXIT_DONE
from tui.commands import bench_table, output
from tui.commands.bench_run import shown
from tui.commands.options import Values
from tui.commands.which import run_of


def list_results(values: Values) -> int:
    """Print the benchmarks of one run, or of all."""
    word = values.text("ID")
    found = store.everything() if word is None else store.list_of(run_of(word).folder)
    found = tuple(map(shown, found))
    if values.flag("json"):
        output.document([to_json(bench) for bench in found])
        return EXIT_DONE
    rows = [bench_table.LIST_HEADER, *map(bench_table.list_row, found)]
    for line in output.table(rows, limit=output.terminal_width(), right=(6, 7)):
        output.say(line)
    if not found:
        output.note("No benchmark yet: vdeck bench ID.")
    return EXIT_DONE


def read(values: Values) -> int:
    """Show one benchmark."""
    bench = shown(store.find(values.word("RESULT")))
    if values.flag("json"):
        output.document(to_json(bench))
        return EXIT_DONE
    lines = bench_table.facts(bench)
    if bench.live:
        lines.append(" ".join(bench_table.progress(bench)).rstrip())
    below = bench_table.summary(bench, limit=output.terminal_width())
    for line in [*lines, *(["", *below] if below else [])]:
        output.say(line)
    return EXIT_DONE


def compare(values: Values) -> int:
    """Show what is better and what is worse in B."""
    found = compared(shown(store.find(values.word("A"))), shown(store.find(values.word("B"))))
    if values.flag("json"):
        output.document(document(found))
        return EXIT_DONE
    for line in bench_table.comparison(found, limit=output.terminal_width()):
        output.say(line)
    return EXIT_DONE


def document(found: Comparison) -> dict[str, Any]:
    """The document of ``compare --json``: latencies in seconds, changes as shares."""
    return {
        "a": to_json(found.a),
        "b": to_json(found.b),
        "differences": [one._asdict() for one in found.differences],
        "rows": [
            {
                "request_rate": row.load.rate,
                "max_concurrency": row.load.concurrency,
                "metric": row.metric.key,
                "a": row.a,
                "b": row.b,
                "change": row.change,
                "verdict": row.verdict,
            }
            for row in found.rows
        ],
        "only_a": [load._asdict() for load in found.only_a],
        "only_b": [load._asdict() for load in found.only_b],
    }
