"""The newest benchmarks of two runs that measured the same thing, side by side. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.bench.compare import Comparison, compare
from launcher.bench.loads import load_name
from launcher.bench.result import Bench
from launcher.compare.row import Row, Section, text_row
from launcher.compare.side import Side

_SAME = ("dataset", "path", "input_len", "output_len", "range_ratio", "prefix_len", "loads", "route")
"""What two plans must have in common, or their figures say nothing of the servers."""
_WORDS = {
    "dataset": "data set", "path": "file", "input_len": "input length", "output_len": "output length",
    "range_ratio": "range ratio", "prefix_len": "prefix length", "loads": "loads", "route": "route",
}  # fmt: skip
_UNITS = {"ms": "s"}
"""The values behind ``ms`` are seconds."""


def section(a: Side, b: Side) -> Section:
    """Every figure of the newest pair that can be compared; without one, what stands in the way."""
    first, second = measured(a.benches), measured(b.benches)
    says = [
        f"{word} has no finished benchmark: vdeck bench {side.run.id}."
        for word, side, found in (("A", a, first), ("B", b, second))
        if not found
    ]
    if says:
        return Section("bench", tuple(says))
    pair = newest_pair(first, second)
    if pair is None:
        between = "; ".join(f"{what} {one} / {two}" for what, one, two in obstacles(first[0], second[0]))
        sentence = f"No benchmark of A measured the same as one of B. The newest ones (A / B) differ in: {between}."
        return Section("bench", (sentence,))
    one, two = pair
    return Section("bench", (f"Benchmark {one.id} of A and {two.id} of B.",), _warnings(one, two), _rows(one, two))


def measured(benches: Sequence[Bench]) -> tuple[Bench, ...]:
    """Those that have ended and have figures, in their order."""
    return tuple(bench for bench in benches if not bench.live and any(point.completed for point in bench.points))


def newest_pair(a: Sequence[Bench], b: Sequence[Bench]) -> tuple[Bench, Bench] | None:
    """The pair that measured the same thing and of which the older one is the newest."""
    pairs = [(one, two) for one in a for two in b if comparable(one, two)]
    return max(
        pairs, key=lambda pair: (min(pair[0].created, pair[1].created), sum(x.created for x in pair)), default=None
    )


def comparable(a: Bench, b: Bench) -> bool:
    """The same data set, lengths and loads."""
    return all(getattr(a.plan, name) == getattr(b.plan, name) for name in _SAME)


def obstacles(a: Bench, b: Bench) -> tuple[tuple[str, str, str], ...]:
    """What makes two benchmarks not comparable: what it is, and how each had it."""
    return tuple(
        (_WORDS[name], _word(getattr(a.plan, name)), _word(getattr(b.plan, name)))
        for name in _SAME
        if getattr(a.plan, name) != getattr(b.plan, name)
    )


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(load_name, value))
    return "-" if value in (None, "") else str(value)


def _rows(a: Bench, b: Bench) -> tuple[Row, ...]:
    found = compare(a, b)
    plans = [text_row(one.what, one.a, one.b, group="What differs") for one in found.differences if one.what != "run"]
    return (*plans, *_figures(found))


def _figures(found: Comparison) -> list[Row]:
    return [
        Row(
            row.metric.title, row.a, row.b, _UNITS.get(row.metric.unit, row.metric.unit), row.change, row.verdict,
            group=load_name(row.load),
        )
        for row in found.rows
    ]  # fmt: skip


def _warnings(a: Bench, b: Bench) -> tuple[str, ...]:
    """What the benchmarks themselves doubt, each sentence once, and what was not measured on both sides."""
    found = [
        f"{word}: {warning}"
        for word, bench in (("A", a), ("B", b))
        for warning in dict.fromkeys(warning for point in bench.points for warning in point.warnings)
    ]
    compared = compare(a, b)
    for word, loads in (("A", compared.only_a), ("B", compared.only_b)):
        if loads:
            found.append(f"Only {word} has figures for {', '.join(map(load_name, loads))}.")
    return tuple(found)
