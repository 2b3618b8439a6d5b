"""When benchmarks were under way, as marks on the metric history of their run."""

from __future__ import annotations

import os

from launcher import paths
from launcher.bench import result_json
from launcher.bench.loads import load_name
from launcher.bench.plan import Load
from launcher.bench.result import Bench
from launcher.metrics.records import Event
from launcher.runs import files


def marks(run_folder: str, start_ms: int, end_ms: int) -> tuple[Event, ...]:
    """The begin and end of every load from ``start_ms`` to ``end_ms`` (both included), oldest first: ``bench 12 req/s``
    and ``bench end``. Reads small files; never raises."""
    run = paths.RunPaths(run_folder)
    try:
        ids = [name for name in os.listdir(run.bench) if name.isdigit()]
    except OSError:
        return ()
    found: list[Event] = []
    for bench_id in ids:
        if int(bench_id) * 10 > end_ms:
            continue  # an id is the hundredths of a second at which it was made: it began later
        found += _of_folder(run.bench_of(bench_id))
    return tuple(sorted(event for event in found if start_ms <= event.ms <= end_ms))


def of(bench: Bench) -> tuple[Event, ...]:
    """The marks of one benchmark that is at hand."""
    return tuple(event for point in bench.points for event in _pair(point.load, point.started, point.ended))


def _of_folder(at: paths.BenchPaths) -> list[Event]:
    try:
        numbers = sorted(int(name[:-5]) for name in os.listdir(at.points) if name[:-5].isdigit())
    except OSError:
        return []
    found: list[Event] = []
    for number in numbers:
        value, _ = files.read_json(at.point(number))
        try:
            point = result_json.point_from_json(value or {})
        except ValueError:
            continue
        found += _pair(point.load, point.started, point.ended)
    return found + _under_way(at)


def _under_way(at: paths.BenchPaths) -> list[Event]:
    """The begin of a load that is being measured: the worker writes it into its state."""
    state, _ = files.read_json(at.state)
    began = None if state is None else result_json.number(state.get("measuring_since"))
    load = None if state is None else state.get("measuring")
    if began is None or not isinstance(load, list) or len(load) != 2:
        return []
    name = load_name(Load(result_json.number(load[0]), result_json.count(load[1])))
    return [Event(int(began * 1000), f"bench {name}")]


def _pair(load: Load, started: float, ended: float) -> tuple[Event, ...]:
    if not started or not ended:
        return ()
    return Event(int(started * 1000), f"bench {load_name(load)}"), Event(int(ended * 1000), "bench end")
