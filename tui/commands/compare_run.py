"""``vdeck compare``: two runs, section by section."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, cast

from launcher.compare.comparer import Comparer
from launcher.compare.row import TITLES, Comparison, Key, Row, Section
from launcher.errors import EXIT_DONE, UsageError
from launcher.runs.view import RunView
from tui.commands import output
from tui.commands.options import Values
from tui.commands.which import run_of
from tui.render import compare_text

_COLUMNS = 100
"""Of a terminal that does not say how wide it is."""


def compare(values: Values) -> int:
    """Print the comparison of two runs: aligned on a terminal, else as Markdown. Raises UsageError."""
    keys = sections(values.many("section"))
    a, b = run_of(values.word("A")), run_of(values.word("B"))
    if a.id == b.id:
        raise UsageError(f"both words mean run {a.id} ({a.name})", fix="name two different runs")
    window_s = max(1, round(values.seconds("window") or 0))
    found = Comparer(a.id, b.id).look(window_s, keys)
    everything = values.flag("all")
    if values.flag("json"):
        output.document(document(found, window_s))
        return EXIT_DONE
    if output.is_terminal(sys.stdout):
        wide = max(16, ((output.terminal_width() or _COLUMNS) - 48) // 2)
        lines = compare_text.aligned(found, lambda rows: output.table(rows, right=(1, 2, 3)),
                                     everything=everything, wide=wide)  # fmt: skip
    else:
        lines = compare_text.markdown(found, everything=everything)
    for line in lines:
        output.say(line)
    return EXIT_DONE


def sections(given: Iterable[str]) -> tuple[Key, ...]:
    """The sections that ``--section`` names, all without it. Raises UsageError for one that is none."""
    names = [name.strip() for word in given for name in word.split(",") if name.strip()]
    wrong = next((name for name in names if name not in TITLES), None)
    if wrong is not None:
        raise UsageError(f"there is no section {wrong}", fix=f"choose from {', '.join(TITLES)}")
    return cast("tuple[Key, ...]", tuple(names) or tuple(TITLES))


def document(found: Comparison, window_s: int) -> dict[str, Any]:
    """The document of ``--json``: every row, spans and latencies in seconds, shares 0 to 1, unknown null."""
    return {
        "a": _run(found.a),
        "b": _run(found.b),
        "window_s": window_s,
        "sections": {section.key: _section(section) for section in found.sections},
    }


def _run(run: RunView) -> dict[str, Any]:
    return {"id": run.id, "name": run.name, "status": run.status, "model": run.model, "engine": run.engine}


def _section(section: Section) -> dict[str, Any]:
    value: dict[str, Any] = {"says": list(section.says), "warnings": list(section.warnings)}
    if section.key == "manifest":
        return value | {"diff": list(section.diff)}
    return value | {"rows": [_row(row) for row in section.rows]}


def _row(row: Row) -> dict[str, Any]:
    return {
        "group": row.group, "label": row.label, "a": row.a, "b": row.b, "unit": row.unit or None,
        "change": row.change, "verdict": row.verdict,
    }  # fmt: skip
