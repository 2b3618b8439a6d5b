"""A real Prometheus: targets come and go, data outlives a restart, charts join without a seam."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import prometheus_kit
import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.fleet import Fleet
from launcher.metrics import catalog
from launcher.metrics.history import History
from launcher.metrics.recorder import Recorder
from launcher.prometheus import config, fetch, look, service
from launcher.prometheus.older import MARK
from launcher.prometheus.query import Client
from launcher.prometheus.reader import OlderCharts
from launcher.runs import control, listing, secrets
from launcher.runs.view import Endpoint, RunView

Patch = pytest.MonkeyPatch
WAIT_S = 60.0
"""Prometheus takes changes of its targets in at intervals of 5 s."""


@pytest.fixture
def started(monkeypatch: Patch) -> Iterator[RunView]:
    monkeypatch.setenv("VDECK_PROMETHEUS", prometheus_kit.require().prometheus)
    yield service.wait_ready(service.start())
    service.stop()


def up(client: Client) -> dict[str, float]:
    """Run id -> 1 or 0, of the targets there are now."""
    return {one.labels["run"]: one.value for one in client.query("up", int(time.time() * 1000))}


def test_servers_come_and_go_and_their_series_follow(started: RunView) -> None:
    assert started.url is not None
    first, _ = kit.start_server()
    second, _ = kit.start_server("--api-key", "s3cret", name="with a key")
    with Client(started.url) as client:
        wait_for(lambda: up(client).get(first) == 1, WAIT_S, "the first server to be scraped")
        wait_for(lambda: kit_listens(second), WAIT_S)
        kinds = {target.run: target.health for target in look.look().targets}
        assert kinds == {first: "up"}, "a server whose key we do not know is not ready, so it is no target"
        tell_the_key(second)
        wait_for(lambda: up(client).get(second) == 1, WAIT_S, "the second server, whose /metrics asks for no key")
        control.terminate(first)
        wait_for(lambda: first not in up(client), WAIT_S, "the first server to be forgotten")
        assert up(client) == {second: 1.0}
        labels = client.query(f'vllm:num_requests_running{{run="{second}"}}', int(time.time() * 1000))[0].labels
    assert (labels["job"], labels["name"], labels["model"]) == ("vllm", "with a key", "tiny")


def tell_the_key(run_id: str) -> None:
    """Give the run a secret; a new supervisor reads it."""
    secrets.write(paths.RunPaths.of(run_id).secrets, {"VLLM_API_KEY": "s3cret"})
    os.kill(kit.supervisor(run_id), signal.SIGKILL)
    wait_for(lambda: not listing.supervised(paths.RunPaths.of(run_id)))
    Fleet().poll()


def kit_listens(run_id: str) -> bool:
    return (listing.load(run_id).reason or "").startswith("not ready: /v1/models says 401")


def test_it_ends_to_the_last_process_and_its_data_stay(started: RunView, monkeypatch: Patch) -> None:
    assert started.url is not None
    server, _ = kit.start_server()
    with Client(started.url) as client:
        wait_for(lambda: up(client).get(server) == 1, WAIT_S)
    control.terminate(server)
    wait_for(lambda: kit.ended(server))
    assert service.stop() is not None and kit.processes(started.id) == []
    again = service.wait_ready(service.start())
    assert again.id != started.id and again.url is not None
    with Client(again.url) as client:
        found = client.query(f'max_over_time(up{{run="{server}"}}[1h])', int(time.time() * 1000))
    assert [one.value for one in found] == [1.0]


def test_history_that_is_lost_is_read_from_prometheus(started: RunView) -> None:
    """The store of a run is deleted under a killed supervisor: what was before comes from the other side."""
    run_id, port = kit.start_server()
    wait_for(lambda: kit.ready(run_id))
    assert started.url is not None
    with Client(started.url) as client:
        counted = f'count_over_time(vllm:num_requests_running{{run="{run_id}"}}[1h])'
        wait_for(lambda: [one for one in client.query(counted, int(time.time() * 1000)) if one.value >= 3], WAIT_S)
    os.kill(kit.supervisor(run_id), signal.SIGKILL)
    wait_for(lambda: not listing.supervised(paths.RunPaths.of(run_id)))
    shutil.rmtree(paths.RunPaths.of(run_id).metrics)
    fleet = Fleet()
    fleet.poll()
    wait_for(lambda: (history := fleet.history(run_id)) is not None and history.refresh() and history.latest_ms)
    history = fleet.history(run_id)
    assert history is not None and history.earliest_ms is not None
    with urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        assert b"vllm:" in page.read()
    now_ms = int(time.time() * 1000)
    own = catalog.charts(history, start_ms=now_ms - 60_000, end_ms=now_ms, points=61)
    run = listing.load(run_id)
    found = OlderCharts(patience_s=20).extend(own, run, points=61, begin_ms=history.earliest_ms)
    (requests,) = (panel for panel in found.panels if panel.key == "requests")
    known = [value is not None for value in requests.series[0].values]
    first = known.index(True)
    assert requests.series[0].times_ms[first] < history.earliest_ms - 5000
    assert all(known[first:]), f"a seam: {known}"
    assert [mark for mark in found.marks if mark.kind == MARK] == [(history.earliest_ms, MARK)]


LABELS = 'engine="0",model_name="tiny"'
NOW_MS = 1_760_000_000_000
DAY_MS = 86_400_000


def test_a_week_of_a_foreign_prometheus_joins_an_hour_of_ours(tmp_path: Path, monkeypatch: Patch) -> None:
    """Samples of one process, one side every 15 s for a week, the other every 5 s for the last hour."""
    series = [
        (f'vllm:generation_tokens_total{{instance="10.0.0.7:8000",{LABELS}}}', [(t, tokens(t)) for t in foreign()]),
        (f'vllm:num_requests_running{{instance="10.0.0.7:8000",{LABELS}}}', [(t, busy(t)) for t in foreign()]),
    ]
    recorder = Recorder(str(tmp_path / "metrics"))
    begin_ms = NOW_MS - 3_600_000
    for at in range(begin_ms, NOW_MS + 1, 5000):
        recorder.record(page(at), at)
    recorder.close()
    history = History(str(tmp_path / "metrics"))
    history.refresh()
    assert history.earliest_ms == begin_ms
    run = RunView(
        "000000000042", "far", type="attached", attached="http://10.0.0.7:8000", created=NOW_MS / 1000,
        served_names=("tiny",),
        endpoints=(Endpoint("vllm", "http", "http://10.0.0.7:8000", 8000),),
    )  # fmt: skip
    with prometheus_kit.running(tmp_path / "prom", samples=prometheus_kit.openmetrics(series)) as server:
        monkeypatch.setenv("VDECK_PROMETHEUS", server.url)
        with Client(server.url) as client:
            known = fetch.source(client, run, NOW_MS - 7 * DAY_MS, begin_ms, own=False)
        assert known is not None and known.interval_ms == 15_000 and "instance" in known.selector
        for span_ms, points in ((2 * 3_600_000, 241), (7 * DAY_MS, 337)):
            own = catalog.charts(history, start_ms=NOW_MS - span_ms, end_ms=NOW_MS, points=points)
            found = OlderCharts(patience_s=30).extend(own, run, points=points, begin_ms=history.earliest_ms)
            assert found.older is not None and "from" in found.older, found.older
            line = next(s for p in found.panels if p.key == "throughput" for s in p.series if s.name == "generation")
            assert line.times_ms == catalog.moments(own.start_ms, own.end_ms, points)
            for at, value in list(zip(line.times_ms, line.values))[1:]:
                assert value is not None and math.isclose(value, 40.0, rel_tol=1e-6), (at - begin_ms, value)
            mine = next(s for p in own.panels if p.key == "throughput" for s in p.series if s.name == "generation")
            assert all(ours in (None, value) for ours, value in zip(mine.values, line.values)), "our own points win"


def foreign() -> range:
    return range(NOW_MS - 7 * DAY_MS - 60_000, NOW_MS, 15_000)


def tokens(at_ms: int) -> float:
    return 40.0 * (at_ms - NOW_MS + 10 * DAY_MS) / 1000


def busy(at_ms: int) -> float:
    return float(at_ms // 60_000 % 7)


def page(at_ms: int) -> bytes:
    return (
        f"# TYPE vllm:generation_tokens_total counter\nvllm:generation_tokens_total{{{LABELS}}} {tokens(at_ms)!r}\n"
        f"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{{{LABELS}}} {busy(at_ms)!r}\n"
    ).encode()


def test_the_configuration_is_one_that_prometheus_takes(tmp_path: Path) -> None:
    text = config.document(str(tmp_path / "*.json"))
    with prometheus_kit.running(tmp_path / "prom", config=text) as server:
        (tmp_path / "42.json").write_text(json.dumps([{"targets": ["127.0.0.1:1"], "labels": {"run": "42"}}]))
        wait_for(lambda: server.get("targets", state="active")["activeTargets"], WAIT_S, "the target to be taken in")
