"""Points, progress and whole benchmarks as JSON, and back. Pure; seconds stay seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launcher.bench import plan_json
from launcher.bench.plan import Load
from launcher.bench.result import Bench, Latency, Point, Progress
from launcher.runs.view import rfc3339

LATENCIES = ("ttft", "tpot", "itl", "e2e")


def point_to_json(point: Point) -> dict[str, Any]:
    """The document of ``points/<n>.json``: fields by their names, times in seconds since the epoch."""
    value = point._asdict()
    value["load"] = point.load._asdict()
    value["warnings"] = list(point.warnings)
    for name in LATENCIES:
        value[name] = getattr(point, name)._asdict()
    return value


def point_from_json(value: Mapping[str, Any]) -> Point:
    """The point in a document; what has the wrong shape is unknown. Raises ValueError when it is no point."""
    load = value.get("load")
    if not isinstance(load, dict):
        raise ValueError("a point needs a load")
    known: dict[str, Any] = {name: number(value.get(name)) for name in _NUMBERS}
    known |= {name: count(value.get(name)) for name in _COUNTS}
    for name in LATENCIES:
        got = value.get(name)
        known[name] = (
            Latency(**{key: number(got.get(key)) for key in Latency._fields}) if isinstance(got, dict) else Latency()
        )
    error, warnings = value.get("error"), value.get("warnings")
    known["error"] = error if isinstance(error, str) else None
    known["warnings"] = tuple(map(str, warnings)) if isinstance(warnings, list) else ()
    known["started"], known["ended"] = known["started"] or 0.0, known["ended"] or 0.0
    asked = Load(number(load.get("rate")), count(load.get("concurrency")))
    return Point(load=asked, file=str(value.get("file") or ""), **known)


_COUNTS = ("seed", "completed", "failed", "input_tokens", "output_tokens")
_NUMBERS = tuple(name for name, kind in Point.__annotations__.items() if "float" in str(kind) and name not in _COUNTS)


def number(value: Any) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    found = float(value)
    return found if abs(found) < float("inf") else None


def count(value: Any) -> int | None:
    """A whole number, or None for anything else."""
    found = number(value)
    return None if found is None else int(found)


def progress_from_json(value: Any) -> Progress | None:
    """The progress in a state file, or None."""
    if not isinstance(value, dict):
        return None
    return Progress(
        count(value.get("load")) or 0, str(value.get("step") or ""), count(value.get("done")) or 0,
        count(value.get("total")) or 0, number(value.get("rate")),
    )  # fmt: skip


def to_json(bench: Bench) -> dict[str, Any]:
    """The document that `result read --json` prints: times of the clock are RFC 3339, durations seconds."""
    return {
        "id": bench.id,
        "run_id": bench.run_id,
        "run_name": bench.run_name,
        "status": bench.status,
        "reason": bench.reason,
        "label": bench.plan.label,
        "created": rfc3339(bench.created),
        "ended": rfc3339(bench.ended),
        "model": bench.model,
        "engine": bench.engine,
        "client": bench.client or None,
        "goals": dict(bench.goals),
        "plan": plan_json.to_json(bench.plan),
        "progress": None if bench.progress is None else bench.progress._asdict(),
        "points": [_point(point) for point in bench.points],
        "folder": bench.folder,
    }


def _point(point: Point) -> dict[str, Any]:
    return {**point_to_json(point), "started": rfc3339(point.started), "ended": rfc3339(point.ended)}
